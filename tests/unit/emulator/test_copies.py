"""What the owner of one copy of an event may see and change: locked copies, hidden invitations, hidden occurrences."""

from typing import Any

import pytest

from tests.unit.emulator.desk import ALICE, BOB, Desk, timed

NEW_TIME = timed("2026-11-24")


@pytest.fixture
def locked(desk: Desk) -> str:
    event = {**timed(), "id": "locked0001", "locked": True, "attendees": [{"email": ALICE}]}
    desk.control("seed", {"events": {ALICE: [event]}})
    return "locked0001"


@pytest.mark.parametrize(
    "change",
    [
        {"summary": "x"},
        {"description": "x"},
        {"location": "x"},
        {"start": NEW_TIME["start"], "end": NEW_TIME["end"]},
        {"recurrence": ["RRULE:FREQ=DAILY;COUNT=2"]},
    ],
)
def test_the_main_fields_of_a_locked_copy_stay(desk: Desk, locked: str, change: Any) -> None:
    answer = desk.change("PATCH", locked, change)
    assert (answer.status, answer.reason) == (403, "forbidden")
    assert desk.change("GET", locked).json["locked"] is True


def test_the_rest_of_a_locked_copy_is_the_owners(desk: Desk, locked: str) -> None:
    changed = desk.change("PATCH", locked, {"colorId": "4", "locked": False})
    assert (changed.json["colorId"], changed.json["locked"]) == ("4", True)
    assert desk.change("DELETE", locked).status == 204


def titles(desk: Desk, **query: Any) -> list[str]:
    return [item.get("summary", item["status"]) for item in desk.all_events(user=BOB, **query)[0]]


def test_whoever_hides_invitations_sees_them_on_request_or_once_answered(desk: Desk) -> None:
    made = desk.insert(attendees=[{"email": BOB}])
    desk.insert(user=BOB, summary="Own")
    assert titles(desk) == ["Meeting", "Own"]
    desk.control("settings", {"email": BOB, "id": "hideInvitations", "value": "true"})
    assert titles(desk) == titles(desk, singleEvents="true") == ["Own"]
    assert titles(desk, showHiddenInvitations="true") == ["Meeting", "Own"]
    _, token = desk.all_events(user=BOB)
    desk.api("PATCH", f"calendars/primary/events/{made['id']}", {"location": "Hall"})
    assert titles(desk, syncToken=token) == []
    body = {"attendeesOmitted": True, "attendees": [{"email": BOB, "responseStatus": "tentative"}]}
    desk.api("PATCH", f"calendars/primary/events/{made['id']}", body, BOB)
    assert titles(desk, syncToken=token) == ["Meeting"]


def test_only_the_owner_of_a_calendar_hides_invitations(desk: Desk) -> None:
    desk.insert(attendees=[{"email": BOB}])
    desk.control("settings", {"email": BOB, "id": "hideInvitations", "value": "true"})
    rule = {"scope": {"type": "user", "value": ALICE}, "role": "reader"}
    desk.api("POST", f"calendars/{BOB}/acl", rule, BOB)
    assert len(desk.events(BOB).json["items"]) == 1


def test_guests_who_may_not_see_others_see_themselves(desk: Desk) -> None:
    guests = [{"email": BOB}, {"email": "carol@example.com"}]
    made = desk.insert(attendees=guests, guestsCanSeeOtherGuests=False)
    copy = desk.api("GET", f"calendars/primary/events/{made['id']}", user=BOB).json
    assert [guest["email"] for guest in copy["attendees"]] == [BOB]
    assert (copy["attendeesOmitted"], copy["guestsCanSeeOtherGuests"]) == (True, False)
    answer = [{"email": BOB, "responseStatus": "accepted"}]
    desk.api("PATCH", f"calendars/primary/events/{made['id']}", {"attendees": answer}, BOB)
    seen = desk.change("GET", made["id"]).json["attendees"]
    assert [guest["responseStatus"] for guest in seen] == ["accepted", "needsAction"]


def test_hiding_one_occurrence_hides_the_series(desk: Desk) -> None:
    made = desk.insert(recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    second = f"{made['id']}_20261124T090000Z"
    assert desk.change("PATCH", second, {"visibility": "private"}).json["visibility"] == "private"
    assert desk.change("GET", made["id"]).json["visibility"] == "private"
    third = f"{made['id']}_20261125T090000Z"
    assert desk.change("PATCH", third, {"visibility": "public"}).json["visibility"] == "private"
    assert desk.change("PUT", third, timed("2026-11-25")).json["visibility"] == "private"
    assert desk.change("GET", made["id"]).json["visibility"] == "private"


@pytest.mark.parametrize(("role", "found"), [("freeBusyReader", 0), ("reader", 0), ("writer", 1)])
def test_nobody_finds_by_words_what_they_may_not_read(desk: Desk, role: str, found: int) -> None:
    desk.insert(summary="Secret", visibility="private", extendedProperties={"shared": {"a": "1"}})
    desk.api("POST", "calendars/primary/acl", {"role": role, "scope": {"type": "user", "value": BOB}})
    for query in ({"q": "secret"}, {"sharedExtendedProperty": "a=1"}):
        assert len(desk.events(ALICE, user=BOB, **query).json["items"]) == found


@pytest.mark.parametrize(
    "properties",
    [{f"k{number}": "v" for number in range(301)}, {f"k{number}": "v" * 1024 for number in range(33)}],
)
def test_extended_properties_have_limits(desk: Desk, properties: Any) -> None:
    body = {**timed(), "extendedProperties": {"private": properties}}
    answer = desk.api("POST", "calendars/primary/events", body)
    assert (answer.status, answer.reason) == (400, "invalid")


def test_whoever_sees_only_free_and_busy_sees_occurrences_and_no_series(desk: Desk) -> None:
    made = desk.insert(recurrence=["RRULE:FREQ=DAILY;COUNT=3"])["id"]
    desk.api(
        "POST", "calendars/primary/acl", {"role": "freeBusyReader", "scope": {"type": "user", "value": BOB}}
    )
    path = f"calendars/{ALICE}/events/{made}"
    assert desk.api("GET", path, user=BOB).status == 404
    assert "summary" not in desk.api("GET", f"{path}_20261124T090000Z", user=BOB).json
    assert len(desk.api("GET", f"{path}/instances", user=BOB).json["items"]) == 3


def test_a_guest_is_listed_once(desk: Desk) -> None:
    made = desk.insert(
        attendees=[{"email": BOB}, {"email": ALICE}, {"email": BOB.upper(), "comment": "again"}]
    )
    assert [guest["email"] for guest in made["attendees"]] == [BOB, ALICE]


@pytest.mark.parametrize(
    ("url", "status"), [("https://example.org/a", 200), ("ftp://example.org/a", 400), ("", 400)]
)
def test_a_source_is_a_web_page(desk: Desk, url: str, status: int) -> None:
    body = {**timed(), "source": {"title": "Where it comes from", "url": url}}
    assert desk.api("POST", "calendars/primary/events", body).status == status
