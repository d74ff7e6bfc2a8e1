"""Import, move and quick add."""

from typing import Any

import pytest

from tests.unit.emulator.desk import ALICE, BOB, START, Desk, timed

TEAM = "alice-team@group.calendar.google.com"
EVENTS = "calendars/primary/events"


def imported(desk: Desk, **fields: Any) -> Any:
    return desk.api("POST", f"{EVENTS}/import", {**timed(), "iCalUID": "one@elsewhere", **fields})


def test_import_makes_a_copy_and_brings_it_up_to_date(desk: Desk) -> None:
    guest = {"attendees": [{"email": ALICE}], "organizer": {"email": "boss@elsewhere.org"}}
    first = imported(desk, **guest, sequence=1).json
    assert first["id"].startswith("_")
    assert (first["privateCopy"], first["organizer"]) == (True, {"email": "boss@elsewhere.org"})
    again = imported(desk, **guest, sequence=2, summary="Later").json
    assert (again["id"], again["summary"]) == (first["id"], "Later")
    assert imported(desk, **guest, sequence=1).reason == "invalid"


def test_import_needs_a_uid_and_a_part_in_the_event(desk: Desk) -> None:
    assert imported(desk, iCalUID=None).reason == "required"
    foreign = imported(desk, organizer={"email": "boss@elsewhere.org"})
    assert (foreign.status, foreign.reason) == (400, "participantIsNeitherOrganizerNorAttendee")
    assert imported(desk, eventType="focusTime").json["eventType"] == "default"


def test_import_refuses_a_taken_id(desk: Desk) -> None:
    made = desk.insert()
    assert imported(desk, id=made["id"]).status == 409


def test_an_import_neither_changes_nor_shows_what_its_writer_may_not_see(desk: Desk) -> None:
    rule = {"role": "writerWithoutPrivateAccess", "scope": {"type": "user", "value": BOB}}
    desk.api("POST", "calendars/primary/acl", rule)
    hidden = desk.insert(visibility="private", summary="Secret", location="Somewhere")
    body = {**timed(), "iCalUID": hidden["iCalUID"], "summary": "Overwritten"}
    answer = desk.api("POST", f"calendars/{ALICE}/events/import", body, user=BOB)
    assert (answer.status, answer.reason) == (403, "requiredAccessLevel")
    assert desk.change("GET", hidden["id"]).json == hidden
    desk.change("PATCH", hidden["id"], {"visibility": "default"})
    assert desk.api("POST", f"calendars/{ALICE}/events/import", body, user=BOB).status == 200


def test_moving_changes_the_organizer_and_answers_the_cancelled_copy(desk: Desk) -> None:
    event = desk.insert(recurrence=["RRULE:FREQ=DAILY;COUNT=5"])
    desk.change("PATCH", f"{event['id']}_20261124T090000Z", {"summary": "odd"})
    answer = desk.api("POST", f"{EVENTS}/{event['id']}/move", destination=TEAM)
    assert (answer.json["status"], answer.json["id"]) == ("cancelled", event["id"])
    moved = desk.api("GET", f"calendars/{TEAM}/events/{event['id']}").json
    assert moved["organizer"] == {"email": TEAM, "displayName": "Team", "self": True}
    assert moved["iCalUID"] == event["iCalUID"]
    instances = desk.events(TEAM, singleEvents="true").json["items"]
    assert [item["summary"] for item in instances].count("odd") == 1
    back = desk.api("POST", f"calendars/{TEAM}/events/{event['id']}/move", destination="primary")
    assert back.status == 200
    assert desk.api("GET", f"{EVENTS}/{event['id']}").json["status"] == "confirmed"


@pytest.mark.parametrize("deleted", [False, True])
def test_moving_replaces_no_other_event(desk: Desk, deleted: bool) -> None:
    there = desk.insert(TEAM, id="taken")
    if deleted:
        desk.api("DELETE", f"calendars/{TEAM}/events/taken")
        there = desk.api("GET", f"calendars/{TEAM}/events/taken").json
    desk.insert(id="taken", iCalUID="two@elsewhere")
    answer = desk.api("POST", f"{EVENTS}/taken/move", destination=TEAM)
    assert (answer.status, answer.reason) == (409, "duplicate")
    assert desk.api("GET", f"calendars/{TEAM}/events/taken").json == there
    assert desk.change("GET", "taken").json["status"] == "confirmed"


def test_moving_tells_two_events_apart_that_share_id_and_uid(desk: Desk) -> None:
    there = desk.insert(TEAM, id="taken", summary="There")
    desk.insert(id="taken", summary="Here")
    assert desk.api("POST", f"{EVENTS}/taken/move", destination=TEAM).status == 409
    assert desk.api("GET", f"calendars/{TEAM}/events/taken").json == there


def test_an_event_moves_onto_the_copy_that_the_destination_got_as_a_guest(desk: Desk) -> None:
    event = desk.insert(attendees=[{"email": TEAM}])
    assert desk.api("POST", f"{EVENTS}/{event['id']}/move", destination=TEAM).status == 200
    moved = desk.api("GET", f"calendars/{TEAM}/events/{event['id']}").json
    assert (moved["status"], moved["organizer"]["email"]) == ("confirmed", TEAM)


@pytest.mark.parametrize(
    ("event", "destination", "reason"),
    [
        ({}, "", "required"),
        ({}, BOB, "notFound"),
        ({"eventType": "focusTime", "focusTimeProperties": {}}, TEAM, "eventTypeRestriction"),
    ],
)
def test_impossible_moves_are_refused(desk: Desk, event: Any, destination: str, reason: str) -> None:
    made = desk.insert(**event)
    assert desk.api("POST", f"{EVENTS}/{made['id']}/move", destination=destination).reason == reason


def test_instances_and_foreign_events_stay_where_they_are(desk: Desk) -> None:
    event = desk.insert(recurrence=["RRULE:FREQ=DAILY"])["id"]
    instance = desk.api("POST", f"{EVENTS}/{event}_20261124T090000Z/move", destination=TEAM)
    assert instance.reason == "cannotChangeOrganizerOfInstance"
    foreign = imported(desk, attendees=[{"email": ALICE}], organizer={"email": "boss@elsewhere.org"}).json
    assert (
        desk.api("POST", f"{EVENTS}/{foreign['id']}/move", destination=TEAM).reason == "cannotChangeOrganizer"
    )


@pytest.mark.parametrize(
    ("text", "summary", "start", "end"),
    [
        ("Lunch with Bob tomorrow at 12pm", "Lunch with Bob", "2026-11-19T12:00:00+01:00", "2026-11-19T13:00:00+01:00"),
        ("Standup 9-9:30am on 2026-12-01", "Standup", "2026-12-01T09:00:00+01:00", "2026-12-01T09:30:00+01:00"),
        ("Party Friday 22:00 to 02:00", "Party", "2026-11-20T22:00:00+01:00", "2026-11-21T02:00:00+01:00"),
        ("Call at 3pm for 15 minutes", "Call", "2026-11-18T15:00:00+01:00", "2026-11-18T15:15:00+01:00"),
        ("Trip on Dec 24", "Trip", "2026-12-24", "2026-12-25"),
        ("Tidy up", "Tidy up", "2026-11-18", "2026-11-19"),
    ],
)  # fmt: skip
def test_one_line_becomes_an_event(desk: Desk, text: str, summary: str, start: str, end: str) -> None:
    assert START == 1_795_000_000.0
    made = desk.api("POST", f"{EVENTS}/quickAdd", text=text).json
    times = [made[name].get("dateTime") or made[name]["date"] for name in ("start", "end")]
    assert (made["summary"], *times) == (summary, start, end)


def test_a_place_after_at_becomes_the_location_and_nothing_is_no_event(desk: Desk) -> None:
    made = desk.api("POST", f"{EVENTS}/quickAdd", text="Dinner at 7pm at Luigi's").json
    assert (made["summary"], made["location"]) == ("Dinner", "Luigi's")
    assert desk.api("POST", f"{EVENTS}/quickAdd").reason == "required"
