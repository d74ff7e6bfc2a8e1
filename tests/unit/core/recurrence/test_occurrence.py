"""One occurrence by its id: what the local Google answers to a GET of it."""

import json
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest

from calferry.core.recurrence.master import Times
from calferry.core.recurrence.occurrence import occurrence, parted
from calferry.google.items import decode_columns, observed
from calferry.google.times import instance_key
from tests.unit.emulator.desk import ALICE, Desk

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"


def timed(start: str, end: str, zone: str, *lines: str) -> dict[str, Any]:
    times = {name: {"dateTime": at, "timeZone": zone} for name, at in (("start", start), ("end", end))}
    return {
        "summary": "Rounds",
        "recurrence": list(lines),
        "attendees": [{"email": "bob@example.com"}],
        **times,
    }


def days(start: str, end: str, *lines: str) -> dict[str, Any]:
    return {"recurrence": list(lines), "start": {"date": start}, "end": {"date": end}}


SERIES = {
    "over the end of summer time": timed(
        "2026-10-23T09:00:00", "2026-10-23T10:30:00", BERLIN, "RRULE:FREQ=DAILY;COUNT=5"
    ),
    "through the night that clocks change": timed(
        "2026-10-31T22:00:00", "2026-11-01T06:00:00", NEW_YORK, "RRULE:FREQ=DAILY;COUNT=3"
    ),
    "at a time that clocks skip": timed(
        "2027-03-27T02:30:00", "2027-03-27T03:30:00", BERLIN, "RRULE:FREQ=DAILY;COUNT=3"
    ),
    "with dates added and taken": timed(
        "2026-11-23T10:00:00",
        "2026-11-23T11:00:00",
        BERLIN,
        "RRULE:FREQ=WEEKLY;BYDAY=MO,TH;COUNT=6",
        "RDATE;TZID=Europe/Berlin:20261128T180000",
        "EXDATE;TZID=Europe/Berlin:20261126T100000",
    ),
    "with a start that the rule does not name": timed(
        "2026-11-24T10:00:00", "2026-11-24T10:00:00", "UTC", "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=2"
    ),
    "of days": days("2026-10-24", "2026-10-26", "RRULE:FREQ=WEEKLY;COUNT=3"),
    "of days, with dates": days(
        "2026-11-23",
        "2026-11-24",
        "RRULE:FREQ=MONTHLY;COUNT=4",
        "RDATE;VALUE=DATE:20261201",
        "EXDATE;VALUE=DATE:20261223",
    ),
}


def ours(master: dict[str, Any], event_id: str, zone: str) -> Any:
    raw = json.dumps(master)
    one = observed(decode_columns(raw.encode()), raw.encode())
    times = Times(one.start_ms, one.end_ms, one.start_date, one.end_date)
    text = occurrence(raw, times, event_id, ZoneInfo(zone))
    return None if text is None else json.loads(text)


@pytest.mark.parametrize("name", SERIES)
def test_an_occurrence_is_what_the_local_google_answers(name: str) -> None:
    desk = Desk()
    zone = desk.api("GET", f"calendars/{quote(ALICE)}").json["timeZone"]
    master = desk.insert(**SERIES[name])
    listed = desk.change("GET", master["id"] + "/instances").json["items"]
    assert len(listed) >= 3
    for instance in listed:
        answer = desk.change("GET", instance["id"])
        assert answer.status == 200
        assert ours(master, instance["id"], zone) == answer.json


@pytest.mark.parametrize(
    "stamp",
    ["20261126T090000Z", "20261123T090001Z", "20261123", "20991231T090000Z", "20261123T080000Z", "20261399"],
)
def test_a_stamp_that_names_no_occurrence_is_nothing_here_and_nothing_there(stamp: str) -> None:
    desk = Desk()
    master = desk.insert(**SERIES["with dates added and taken"])
    event_id = f"{master['id']}_{stamp}"
    assert desk.change("GET", event_id).status == 404
    assert ours(master, event_id, BERLIN) is None


def test_an_event_that_does_not_repeat_has_no_occurrence() -> None:
    desk = Desk()
    event = desk.insert()
    for event_id in (event["id"], event["id"] + "_20261123T090000Z"):
        assert ours(event, event_id, BERLIN) is None
    assert desk.change("GET", event_id).status == 404


@pytest.mark.parametrize(
    "event_id",
    [
        "abc_20261123", "abc_20261123T090000Z", "abc_R20261123T090000_20261130T090000Z", "_60q3_20261123",
        "abc", "abc_", "_20261123", "abc_20261323", "abc_20261123T250000Z", "abc_20261123T090000", "abc_20261123t090000z",
        "abc_2026112", "abc_20230229", "abc_20240229",
    ],
)  # fmt: skip
def test_an_id_says_series_and_start_as_the_client_library_reads_it(event_id: str) -> None:
    assert parted(event_id) == instance_key(event_id)
