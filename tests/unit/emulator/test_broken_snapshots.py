"""Snapshots that somebody edited: what no listing could show is refused, and nothing changes."""

from typing import Any

import pytest

from tests.unit.emulator.desk import Desk


def refused(desk: Desk, snapshot: Any) -> bool:
    answer = desk.send("POST", "/_emulator/restore", snapshot)
    return answer.status == 400 and bool(answer.json["error"])


@pytest.mark.parametrize("missing", ["id", "status", "etag", "updated", "start", "end"])
def test_an_event_that_misses_a_field_is_refused(desk: Desk, missing: str) -> None:
    desk.insert(id="kept0")
    snapshot = desk.control("snapshot", {})
    del snapshot["calendars"][0]["shelf"]["events"][0][1][missing]
    assert refused(desk, snapshot)
    assert [item["id"] for item in desk.events().json["items"]] == ["kept0"]


@pytest.mark.parametrize(
    "fields",
    [
        {"recurrence": [5]},
        {"recurrence": ["RRULE:FREQ=NEVER"]},
        {"start": {}},
        {"start": {"dateTime": "soon"}},
        {"start": {"date": "0000-01-01"}},
        {"status": None},
    ],
)
def test_an_event_that_makes_no_sense_is_refused(desk: Desk, fields: Any) -> None:
    desk.insert()
    snapshot = desk.control("snapshot", {})
    snapshot["calendars"][0]["shelf"]["events"][0][1].update(fields)
    assert refused(desk, snapshot)
    assert desk.events(singleEvents="true").status == 200


def test_a_calendar_in_no_time_zone_is_refused(desk: Desk) -> None:
    snapshot = desk.control("snapshot", {})
    snapshot["calendars"][0]["time_zone"] = "Nowhere/At-all"
    assert refused(desk, snapshot)


def test_a_cancelled_event_may_be_without_times(desk: Desk) -> None:
    made = desk.insert()["id"]
    desk.change("DELETE", made)
    snapshot = desk.control("snapshot", {})
    for name in ("start", "end"):
        del snapshot["calendars"][0]["shelf"]["events"][0][1][name]
    assert not refused(desk, snapshot)
    assert desk.events(showDeleted="true").status == 200
