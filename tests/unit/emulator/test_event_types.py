"""Birthdays, focus time, absences and working locations, labels, conferences and private events."""

from typing import Any

import pytest

from tests.unit.emulator.desk import ALICE, BOB, Desk, timed

DAY = {"start": {"date": "2026-11-23"}, "end": {"date": "2026-11-24"}}
PLACE = {"visibility": "public", "transparency": "transparent", "eventType": "workingLocation"}
HOME = {"workingLocationProperties": {"type": "homeOffice", "homeOffice": {}}}
EVENTS = "calendars/primary/events"


@pytest.mark.parametrize(
    "event",
    [
        {"eventType": "birthday", **DAY},
        {"eventType": "focusTime", "focusTimeProperties": {"chatStatus": "doNotDisturb"}},
        {"eventType": "outOfOffice", "outOfOfficeProperties": {"autoDeclineMode": "declineNone"}},
        {**PLACE, **HOME, **DAY},
    ],
)
def test_special_events_are_made_and_keep_their_type(desk: Desk, event: Any) -> None:
    made = desk.insert(**event)
    assert made["eventType"] == event["eventType"]
    patched = desk.change("PATCH", made["id"], {"summary": "x", "eventType": "default"}).json
    assert (patched["summary"], patched["eventType"]) == ("x", event["eventType"])


def test_a_birthday_is_private_free_and_yearly(desk: Desk) -> None:
    made = desk.insert(eventType="birthday", **DAY)
    assert (made["visibility"], made["transparency"]) == ("private", "transparent")
    assert made["recurrence"] == ["RRULE:FREQ=YEARLY"]
    assert made["birthdayProperties"] == {"type": "birthday"}
    refused = desk.change("PATCH", made["id"], {"location": "here"})
    assert refused.message == "Attempt made to modify 'birthday' event."


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"eventType": "fromGmail"}, "eventTypeRestriction"),
        ({"eventType": "birthday"}, "eventTypeRestriction"),
        ({"eventType": "birthday", **DAY, "end": {"date": "2026-11-25"}}, "eventTypeRestriction"),
        ({"eventType": "birthday", **DAY, "visibility": "public"}, "eventTypeRestriction"),
        ({"eventType": "birthday", **DAY, "recurrence": ["RRULE:FREQ=DAILY"]}, "eventTypeRestriction"),
        ({"eventType": "birthday", **DAY, "birthdayProperties": {"type": "self"}}, "eventTypeRestriction"),
        ({"eventType": "birthday", **DAY, "attendees": [{"email": BOB}]}, "eventTypeRestriction"),
        ({"eventType": "focusTime", **DAY}, "eventTypeRestriction"),
        ({"eventType": "focusTime", "transparency": "transparent"}, "eventTypeRestriction"),
        ({"eventType": "focusTime", "focusTimeProperties": {"chatStatus": "away"}}, "invalid"),
        ({"eventType": "outOfOffice", "attendees": [{"email": BOB}]}, "eventTypeRestriction"),
        ({**PLACE, **DAY}, "malformedWorkingLocationEvent"),
        ({**PLACE, **HOME, **DAY, "visibility": "default"}, "malformedWorkingLocationEvent"),
        ({**PLACE, **HOME, **DAY, "end": {"date": "2026-11-25"}}, "eventTypeRestriction"),
    ],
)
def test_impossible_special_events_are_refused(desk: Desk, event: Any, reason: str) -> None:
    assert desk.api("POST", EVENTS, {**timed(), **event}).reason == reason


def test_a_group_calendar_has_no_working_location(desk: Desk) -> None:
    path = "calendars/alice-team@group.calendar.google.com/events"
    assert desk.api("POST", path, {**PLACE, **HOME, **DAY}).reason == "eventTypeRestriction"


def test_an_event_from_mail_changes_only_at_its_edges() -> None:
    event = {"id": "flight", "eventType": "fromGmail", **timed()}
    desk = Desk(({"events": {ALICE: [event]}},))
    assert desk.change("PATCH", "flight", {"colorId": "2"}).status == 200
    assert desk.change("PATCH", "flight", {"summary": "Mine"}).reason == "eventTypeRestriction"
    assert desk.change("DELETE", "flight").status == 204


def test_labels_count_only_when_asked_for(desk: Desk) -> None:
    made = desk.insert(eventLabelId="l1", colorId="2")
    assert ("eventLabelId" in made, made["colorId"]) == (False, "2")
    labelled = desk.change(
        "PATCH", made["id"], {"eventLabelId": "l1", "colorId": "3"}, eventLabelVersion=1
    ).json
    assert (labelled["eventLabelId"], labelled["colorId"]) == ("l1", "2")
    assert "eventLabelId" not in desk.change("PATCH", made["id"], {}, eventLabelVersion=1).json


def test_attachments_count_only_when_asked_for(desk: Desk) -> None:
    body = {**timed(), "attachments": [{"fileUrl": "https://example.org/a"}]}
    assert "attachments" not in desk.api("POST", EVENTS, body).json
    kept = desk.api("POST", EVENTS, body, supportsAttachments="true").json
    assert kept["attachments"] == body["attachments"]


def test_a_conference_is_made_once_per_request(desk: Desk) -> None:
    asked = {"conferenceData": {"createRequest": {"requestId": "r1"}}}
    assert "conferenceData" not in desk.insert(**asked)
    made = desk.api("POST", EVENTS, {**timed(), **asked}, conferenceDataVersion=1).json
    room = made["conferenceData"]
    assert made["hangoutLink"] == room["entryPoints"][0]["uri"]
    assert room["createRequest"]["status"] == {"statusCode": "success"}
    again = desk.change("PATCH", made["id"], asked, conferenceDataVersion=1).json
    assert again["conferenceData"]["conferenceId"] == room["conferenceId"]
    other = {"conferenceData": {"createRequest": {"requestId": "r2"}}}
    new = desk.change("PATCH", made["id"], other, conferenceDataVersion=1).json
    assert new["conferenceData"]["conferenceId"] != room["conferenceId"]
    gone = desk.change("PATCH", made["id"], {"conferenceData": None}, conferenceDataVersion=1).json
    assert {"hangoutLink", "conferenceData"} & set(gone) == set()


@pytest.mark.parametrize(
    ("role", "sees", "writes"),
    [
        ("freeBusyReader", False, 403),
        ("reader", False, 403),
        ("writerWithoutPrivateAccess", False, 403),
        ("writer", True, 200),
        ("owner", True, 200),
    ],
)
def test_private_events_show_themselves_to_writers(desk: Desk, role: str, sees: bool, writes: int) -> None:
    made = desk.insert(visibility="private")
    desk.api("POST", "calendars/primary/acl", {"role": role, "scope": {"type": "user", "value": BOB}})
    path = f"calendars/{ALICE}/events/{made['id']}"
    shown = desk.api("GET", path, user=BOB).json
    assert ("summary" in shown) is sees
    assert shown["visibility"] == "private"
    assert desk.api("PATCH", path, {"summary": "x"}, BOB).status == writes
    assert desk.api("DELETE", path, user=BOB).status == (204 if writes == 200 else 403)
