"""Series that would keep the local Google busy for ever, and years that the calendar has no room for."""

from time import perf_counter
from typing import Any

import pytest

from calferry.emulator import errors
from calferry.emulator.world import event_rules
from tests.unit.emulator.desk import Desk, timed

ALL_HOURS = ",".join(map(str, range(24)))
SIXTY = ",".join(map(str, range(60)))
FLOOD = f"BYHOUR={ALL_HOURS};BYMINUTE={SIXTY};BYSECOND={SIXTY}"
PATIENCE_S = 10.0


def zoned(start: str, zone: str = "UTC") -> dict[str, Any]:
    stamp = {"dateTime": f"{start}T00:00:00Z", "timeZone": zone}
    return {"start": stamp, "end": stamp}


def whole_day(day: str) -> dict[str, Any]:
    return {"start": {"date": day}, "end": {"date": day}}


def inserted(desk: Desk, lines: list[str], **fields: Any) -> Any:
    return desk.api("POST", "calendars/primary/events", {**timed(), **fields, "recurrence": lines})


@pytest.mark.parametrize(
    "lines",
    [
        [f"RRULE:FREQ=DAILY;{FLOOD}"],
        [f"RRULE:FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;{FLOOD}"],
        [f"RRULE:FREQ=YEARLY;BYDAY=MO;BYSETPOS=1;{FLOOD}"],
        [f"RRULE:FREQ=DAILY;BYHOUR={ALL_HOURS};BYMINUTE=0,30"],
        [f"RRULE:FREQ=DAILY;COUNT=1;{FLOOD}"],
        ["RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"] * 400,
        ["RRULE:FREQ=DAILY", *["EXRULE:FREQ=WEEKLY"] * 5],
        ["RRULE:FREQ=DAILY", *["EXDATE:20261124T090000Z"] * 1001],
        ["RDATE:" + ",".join(["20261124T090000Z"] * 5001)],
    ],
)
def test_a_series_that_repeats_too_often_is_refused(desk: Desk, lines: list[str]) -> None:
    answer = inserted(desk, lines)
    assert (answer.status, answer.message) == (400, "Invalid recurrence rule.")


def test_once_an_hour_is_often_enough(desk: Desk) -> None:
    assert inserted(desk, [f"RRULE:FREQ=DAILY;BYHOUR={ALL_HOURS}"]).status == 200


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY",
        "FREQ=DAILY;COUNT=999999",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=5",
        f"FREQ=DAILY;BYHOUR={ALL_HOURS};BYMONTH=2",
    ],
)
def test_a_series_since_the_year_two_is_listed_in_bounded_time(desk: Desk, rule: str) -> None:
    assert inserted(desk, [f"RRULE:{rule}"], **zoned("0002-01-01"), id="ancient").status == 200
    began = perf_counter()
    assert desk.events(singleEvents="true", maxResults=1).status == 200
    assert perf_counter() - began < PATIENCE_S


def test_an_ancient_series_goes_on_where_its_rule_has_it(desk: Desk) -> None:
    """Every third year since 1600, every fifth month and every third week, reckoned by hand."""
    for number, rule in enumerate(
        ("FREQ=WEEKLY;INTERVAL=3", "FREQ=MONTHLY;INTERVAL=5", "FREQ=YEARLY;INTERVAL=3")
    ):
        body = {**whole_day("1600-01-01"), "id": f"ancient{number}"}
        assert inserted(desk, [f"RRULE:{rule}"], **body).status == 200
    found = desk.events(
        singleEvents="true", timeMin="2025-12-31T00:00:00Z", timeMax="2028-01-01T00:00:00Z"
    ).json["items"]
    firsts = {item["recurringEventId"]: item["start"]["date"] for item in reversed(found)}
    assert firsts["ancient2"] == "2026-01-01"
    assert firsts["ancient1"] == "2026-04-01"
    assert firsts["ancient0"] == "2026-01-17"


@pytest.mark.parametrize("moment", ["00010101T000000Z", "00010101T000000", "99991231T235959Z", "99991231"])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("line", ["RDATE:", "EXDATE:", "RRULE:FREQ=DAILY;UNTIL="])
def test_dates_that_no_zone_can_hold_are_refused(desk: Desk, moment: str, zone: str, line: str) -> None:
    for times in (zoned("2026-01-01", zone), whole_day("2026-01-01")):
        answer = inserted(desk, [line + moment], **times)
        assert (answer.status, answer.message) == (400, "Invalid recurrence rule.")


def test_dates_at_the_edge_survive_every_change_of_zone(desk: Desk) -> None:
    lines = ["RDATE:00020101T000000Z,99981231T235959Z"]
    assert inserted(desk, lines, **whole_day("2026-01-01")).status == 200
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        assert desk.api("PATCH", "calendars/primary", {"timeZone": zone}).status == 200
        assert desk.events(singleEvents="true").status == 200


def test_instances_before_the_year_1000_have_ids_of_eight_digits(desk: Desk) -> None:
    for event_id, times in (("dated", whole_day("0945-01-01")), ("clock", zoned("0945-01-01"))):
        assert inserted(desk, ["RDATE:09450102T000000Z"], **times, id=event_id).status == 200
    ids = {item["id"] for item in desk.events(singleEvents="true").json["items"]}
    assert {"dated_09450101", "dated_09450102", "clock_09450101T000000Z"} <= ids
    assert desk.change("GET", "dated_09450102").status == 200


def test_a_real_calendar_with_many_excluded_dates_is_taken() -> None:
    dates = [f"EXDATE:2026{month:02}{day:02}T090000Z" for month in range(1, 13) for day in range(1, 29)]
    event_rules.check_event({**zoned("2026-01-01"), "recurrence": ["RRULE:FREQ=DAILY", *dates]}, "UTC")
    with pytest.raises(errors.Refused):
        event_rules.check_event({**zoned("2026-01-01"), "recurrence": ["RRULE:FREQ=HOURLY"]}, "UTC")
