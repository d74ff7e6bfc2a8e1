"""When calendars are busy."""

from typing import Any

import pytest

from tests.unit.emulator.desk import ALICE, BOB, Desk, timed

WINDOW = {"timeMin": "2026-11-23T00:00:00+01:00", "timeMax": "2026-11-25T00:00:00+01:00"}


def ask(desk: Desk, *ids: str, **fields: Any) -> Any:
    body = {**WINDOW, "items": [{"id": name} for name in ids], **fields}
    return desk.api("POST", "freeBusy", body)


def busy(desk: Desk, **fields: Any) -> list[tuple[str, str]]:
    found = ask(desk, "primary", **fields).json["calendars"]["primary"]["busy"]
    return [(span["start"], span["end"]) for span in found]


def test_touching_and_overlapping_events_are_one_span(desk: Desk) -> None:
    for start, end in (("10:00", "11:00"), ("10:30", "11:30"), ("11:30", "12:00"), ("14:00", "15:00")):
        desk.insert(**timed(start=start, end=end))
    assert busy(desk) == [
        ("2026-11-23T09:00:00Z", "2026-11-23T11:00:00Z"),
        ("2026-11-23T13:00:00Z", "2026-11-23T14:00:00Z"),
    ]
    assert busy(desk, timeZone="Europe/Berlin")[1][0] == "2026-11-23T14:00:00+01:00"


def test_free_cancelled_and_declined_events_take_no_time(desk: Desk) -> None:
    desk.insert(transparency="transparent")
    gone = desk.insert()["id"]
    desk.change("DELETE", gone)
    desk.insert(attendees=[{"email": ALICE, "responseStatus": "declined"}])
    assert busy(desk) == []


def test_series_are_expanded_and_moved_instances_count_once(desk: Desk) -> None:
    master = desk.insert(recurrence=["RRULE:FREQ=DAILY"])["id"]
    instance = f"{master}_20261124T090000Z"
    desk.change("PATCH", instance, timed("2026-11-24", "16:00", "17:00"))
    assert [start for start, _ in busy(desk)] == ["2026-11-23T09:00:00Z", "2026-11-24T15:00:00Z"]


def test_spans_are_cut_to_the_window_and_whole_days_are_the_calendars(desk: Desk) -> None:
    desk.insert(start={"date": "2026-11-22"}, end={"date": "2026-11-24"})
    assert busy(desk) == [("2026-11-22T23:00:00Z", "2026-11-23T23:00:00Z")]


def test_trouble_with_one_calendar_is_told_beside_the_others(desk: Desk) -> None:
    desk.insert()
    answer = ask(desk, "primary", BOB, "nobody@example.org")
    assert answer.status == 200
    errors = {name: found.get("errors") for name, found in answer.json["calendars"].items()}
    missing = [{"domain": "global", "reason": "notFound"}]
    assert errors == {"primary": None, BOB: missing, "nobody@example.org": missing}
    assert answer.json["timeMin"] == "2026-11-22T23:00:00.000Z"


def test_groups_are_expanded(desk: Desk) -> None:
    desk.control("seed", {"groups": {"team@example.com": [ALICE, BOB]}})
    answer = ask(desk, "team@example.com").json
    assert answer["groups"] == {"team@example.com": {"calendars": [ALICE, BOB]}}
    assert list(answer["calendars"]) == [ALICE, BOB]
    small = ask(desk, "team@example.com", groupExpansionMax=1).json
    assert small["groups"]["team@example.com"]["errors"][0]["reason"] == "groupTooBig"
    few = ask(desk, ALICE, BOB, calendarExpansionMax=1).json["calendars"]
    assert few[BOB]["errors"][0]["reason"] == "tooManyCalendarsRequested"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"timeMin": None}, "required"),
        ({"timeMax": None}, "required"),
        ({"timeMin": "2026-11-23T00:00:00"}, "badRequest"),
        ({"timeMax": WINDOW["timeMin"]}, "timeRangeEmpty"),
        ({"timeMax": "2027-11-25T00:00:00Z"}, "timeRangeTooLong"),
        ({"timeZone": "Mars/Olympus"}, "invalid"),
        ({"items": "primary"}, "invalid"),
        ({"calendarExpansionMax": 51}, "invalid"),
    ],
)
def test_impossible_questions_are_refused(desk: Desk, fields: Any, reason: str) -> None:
    assert ask(desk, "primary", **fields).reason == reason
