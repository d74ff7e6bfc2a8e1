"""Which occurrences a series has."""

from itertools import islice
from typing import Any

import pytest

from calferry.emulator.world import recurrence
from calferry.emulator.world.recurrence import Series

BERLIN = "Europe/Berlin"


def series(start: str, *lines: str, zone: str = BERLIN) -> Series:
    stamp: dict[str, Any] = {"date": start} if len(start) == 10 else {"dateTime": start, "timeZone": zone}
    return recurrence.series_of({"start": stamp, "recurrence": list(lines)}, BERLIN)


def starts(start: str, *lines: str, zone: str = BERLIN, first: int = 20) -> list[str]:
    found = recurrence.occurrences(series(start, *lines, zone=zone))
    return [occurrence.suffix for occurrence in islice(found, first)]


def test_wall_clock_time_stays_and_utc_moves() -> None:
    found = starts("2026-10-23T09:00:00", "RRULE:FREQ=WEEKLY;COUNT=2")
    assert found == ["20261023T070000Z", "20261030T080000Z"]


def test_skipped_hour_moves_forward_and_doubled_hour_is_the_first() -> None:
    assert starts("2026-03-28T02:30:00", "RRULE:FREQ=DAILY;COUNT=3") == [
        "20260328T013000Z",
        "20260329T013000Z",
        "20260330T003000Z",
    ]
    assert starts("2026-10-25T02:30:00", "RRULE:FREQ=DAILY;COUNT=1") == ["20261025T003000Z"]


def test_times_of_the_rfc_that_do_not_exist_or_exist_twice() -> None:
    """RFC 5545, section 3.3.5: 2:30 before the gap's offset is 3:30, 1:30 is the first of two."""
    new_york = "America/New_York"
    assert starts("2007-03-11T02:30:00", "RRULE:FREQ=DAILY;COUNT=1", zone=new_york) == ["20070311T073000Z"]
    assert starts("2007-11-04T01:30:00", "RRULE:FREQ=DAILY;COUNT=1", zone=new_york) == ["20071104T053000Z"]


def test_two_times_that_a_zone_change_makes_one_are_one_occurrence() -> None:
    rule = "RRULE:FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30;UNTIL=20260329T215959Z"
    assert starts("2026-03-29T02:00:00", rule) == ["20260329T010000Z", "20260329T013000Z"]
    apia = starts("2011-12-29T10:00:00", "RRULE:FREQ=DAILY;COUNT=3", zone="Pacific/Apia")
    assert apia == ["20111229T200000Z", "20111230T200000Z"]


def test_a_day_that_a_zone_skips_stays_a_day_of_a_series_of_days() -> None:
    stamp = {"date": "2011-12-29"}
    line = "RRULE:FREQ=DAILY;COUNT=3"
    found = recurrence.series_of({"start": stamp, "recurrence": [line]}, "Pacific/Apia")
    assert [one.suffix for one in recurrence.occurrences(found)] == ["20111229", "20111230", "20111231"]


@pytest.mark.parametrize(
    ("until", "count"),
    [("20261130T090000Z", 2), ("20261130T085959Z", 1), ("20261130", 2), ("20261129", 1)],
)
def test_until_is_inclusive_and_read_in_utc_or_as_a_day(until: str, count: int) -> None:
    assert len(starts("2026-11-23T10:00:00", f"RRULE:FREQ=WEEKLY;UNTIL={until}")) == count


@pytest.mark.parametrize("until", ["20261125", "20261125T000000Z", "20261125T235959Z"])
def test_until_of_all_day_series_counts_as_a_day(until: str) -> None:
    assert starts("2026-11-23", f"RRULE:FREQ=DAILY;UNTIL={until}") == ["20261123", "20261124", "20261125"]


def test_start_is_an_occurrence_even_off_the_rule_and_beyond_its_count() -> None:
    """As Google has it: https://github.com/googleapis/google-api-nodejs-client/issues/2214."""
    assert starts("2026-11-24", "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=2") == ["20261124", "20261130", "20261207"]


@pytest.mark.parametrize(
    "exdate",
    [
        "EXDATE:20261124T090000Z",
        "EXDATE;TZID=Europe/Berlin:20261124T100000",
        "EXDATE;TZID=America/New_York:20261124T040000",
        "EXDATE;VALUE=DATE:20261124",
    ],
)
def test_exdate_takes_away_one(exdate: str) -> None:
    found = starts("2026-11-23T10:00:00", "RRULE:FREQ=DAILY;COUNT=3", exdate)
    assert found == ["20261123T090000Z", "20261125T090000Z"]


def test_exdate_can_take_the_start() -> None:
    assert starts("2026-11-23", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE;VALUE=DATE:20261123") == ["20261124"]


def test_rdate_adds_and_exrule_takes() -> None:
    assert starts("2026-11-23", "RDATE;VALUE=DATE:20261201,20261125") == ["20261123", "20261125", "20261201"]
    found = starts("2026-11-23", "RRULE:FREQ=DAILY;COUNT=5", "EXRULE:FREQ=DAILY;INTERVAL=2;COUNT=3")
    assert found == ["20261124", "20261126"]


def test_rdate_period_counts_with_its_start() -> None:
    found = starts("2026-11-23T10:00:00", "RDATE;VALUE=PERIOD:20261124T090000Z/PT1H")
    assert found == ["20261123T090000Z", "20261124T090000Z"]


def test_rdate_in_another_zone_and_as_a_period_with_an_end() -> None:
    lines = (
        "RDATE;TZID=America/New_York:20261124T040000",
        "RDATE;VALUE=PERIOD:20261125T090000Z/20261125T100000Z",
    )
    found = starts("2026-11-23T10:00:00", *lines)
    assert found == ["20261123T090000Z", "20261124T090000Z", "20261125T090000Z"]


def test_rdate_before_the_start_comes_first_and_exdate_takes_it() -> None:
    early = ("RRULE:FREQ=DAILY;COUNT=2", "RDATE:20261120T090000Z")
    assert starts("2026-11-23T10:00:00", *early)[0] == "20261120T090000Z"
    assert starts("2026-11-23T10:00:00", *early, "EXDATE:20261120T090000Z")[0] == "20261123T090000Z"


def test_what_two_lines_add_is_there_once() -> None:
    lines = ("RRULE:FREQ=DAILY;COUNT=3", "RRULE:FREQ=DAILY;INTERVAL=2;COUNT=2", "RDATE:20261124T090000Z")
    assert len(starts("2026-11-23T10:00:00", *lines)) == 3


def test_exrule_takes_from_rdates_too_and_may_be_endless() -> None:
    lines = ("RRULE:FREQ=WEEKLY;COUNT=3", "RDATE;VALUE=DATE:20261129", "EXRULE:FREQ=WEEKLY;BYDAY=SU")
    assert starts("2026-11-23", *lines) == ["20261123", "20261130", "20261207"]
    assert starts("2026-11-23", "RRULE:FREQ=DAILY", "EXRULE:FREQ=DAILY") == []


def test_until_before_the_start_leaves_the_start() -> None:
    assert starts("2026-11-23T10:00:00", "RRULE:FREQ=DAILY;UNTIL=20261101T000000Z") == ["20261123T090000Z"]


def test_the_31st_comes_where_there_is_one() -> None:
    assert starts("2027-01-31", "RRULE:FREQ=MONTHLY;COUNT=4") == [
        "20270131",
        "20270331",
        "20270531",
        "20270731",
    ]


def test_endless_series_ends_with_2099() -> None:
    found = starts("2026-01-01", "RRULE:FREQ=YEARLY", first=200)
    assert (found[-1], len(found)) == ("20990101", 74)


def test_leap_day_comes_every_four_years() -> None:
    assert starts("2028-02-29", "RRULE:FREQ=YEARLY", first=2) == ["20280229", "20320229"]


@pytest.mark.parametrize(
    "line",
    [
        "RRULE:",
        "RRULE:COUNT=3",
        "RRULE:FREQ=SECONDLY",
        "RRULE:FREQ=HOURLY;COUNT=2",
        "RRULE:FREQ=DAILY;INTERVAL=0",
        "RRULE:FREQ=DAILY;COUNT=2;UNTIL=20261201T000000Z",
        "EXRULE:FREQ=DAILY;BYMONTH=13",
        "RRULE:FREQ=WEEKLY;BYDAY=XX",
        "RRULE:FREQ=WEEKLY;UNTIL=tomorrow",
        "EXDATE:soon",
        "EXDATE;TZID=Moon/Base:20261124T100000",
        "FREQ=DAILY",
        "",
    ],
)
def test_lines_that_are_not_understood_are_refused(line: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the caller shows Google's message instead)
        recurrence.check(series("2026-11-23T10:00:00", line))
