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


@pytest.mark.parametrize(
    ("until", "count"),
    [("20261130T090000Z", 2), ("20261130T085959Z", 1), ("20261130", 2), ("20261129", 1)],
)
def test_until_is_inclusive_and_read_in_utc_or_as_a_day(until: str, count: int) -> None:
    assert len(starts("2026-11-23T10:00:00", f"RRULE:FREQ=WEEKLY;UNTIL={until}")) == count


@pytest.mark.parametrize("until", ["20261125", "20261125T000000Z", "20261125T235959Z"])
def test_until_of_all_day_series_counts_as_a_day(until: str) -> None:
    assert starts("2026-11-23", f"RRULE:FREQ=DAILY;UNTIL={until}") == ["20261123", "20261124", "20261125"]


def test_start_is_an_occurrence_even_off_the_rule() -> None:
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
