"""Which occurrences a series has, worked out by hand."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr

from calferry.core.recurrence.expansion import Source, expand
from calferry.core.recurrence.lines import read_recurrence
from calferry.core.recurrence.master import Times, series_of
from calferry.core.recurrence.offsets import offset_at, shifts_of_year, to_instants, to_wall
from calferry.core.recurrence.rule import read_rule
from tests.unit.core.recurrence.written import HOUR, instances, instant, source, stamps
from tests.unit.emulator.test_rfc5545_examples import CASES, ZONE, printed

NEW_YORK = "America/New_York"


@pytest.mark.parametrize(("start", "lines", "text"), CASES)
def test_an_example_of_the_rfc_has_the_occurrences_printed_there(
    start: str, lines: tuple[str, ...], text: str
) -> None:
    wanted = list(printed(text))
    one = source(start, *lines, zone=ZONE, window=("19960101T000000Z", "20260101T000000Z"))
    found = stamps(one, len(wanted) if text.endswith("...") else 500)
    # The start of an event takes place whatever its rule says.
    assert [stamp for stamp in found if stamp in wanted or not stamp.startswith(start[:8])] == wanted


def test_clocks_stay_and_utc_moves() -> None:
    found = stamps(source("20261023T090000", "RRULE:FREQ=WEEKLY;COUNT=2"))
    assert found == ["20261023T070000Z", "20261030T080000Z"]


def test_a_skipped_hour_is_read_with_the_offset_before_and_a_doubled_one_is_the_first() -> None:
    assert stamps(source("20260328T023000", "RRULE:FREQ=DAILY;COUNT=3")) == [
        "20260328T013000Z",
        "20260329T013000Z",
        "20260330T003000Z",
    ]
    assert stamps(source("20261024T023000", "RRULE:FREQ=DAILY;COUNT=3")) == [
        "20261024T003000Z",
        "20261025T003000Z",
        "20261026T013000Z",
    ]


def test_times_that_a_change_of_clocks_makes_one_are_one_occurrence() -> None:
    rule = "RRULE:FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30;UNTIL=20260329T215959Z"
    assert stamps(source("20260329T020000", rule)) == ["20260329T010000Z", "20260329T013000Z"]
    apia = source("20111229T100000", "RRULE:FREQ=DAILY;COUNT=3", zone="Pacific/Apia")
    assert stamps(apia) == ["20111229T200000Z", "20111230T200000Z"]


def test_a_start_in_the_second_of_two_equal_hours_stays_there() -> None:
    at = instant("20261025T013000Z")
    raw = '{"start":{"timeZone":"Europe/Berlin"},"recurrence":["RRULE:FREQ=DAILY;COUNT=2"]}'
    series, _ = series_of(raw, Times(at * 1000, (at + 60) * 1000, None, None), UTC)
    assert series is not None
    assert series.starts_between(0, 2 * at) == [at, instant("20261026T013000Z")]


def test_a_length_is_exact_though_clocks_change_meanwhile() -> None:
    found = instances(source("20261024T220000", "RRULE:FREQ=DAILY;COUNT=2", lasts=8 * HOUR))
    assert [one[3] - one[0] for one in found] == [8 * HOUR, 8 * HOUR]
    days = instances(source("20261024", "RRULE:FREQ=DAILY;COUNT=2", lasts=1))
    assert [one[3] - one[0] for one in days] == [24 * HOUR, 25 * HOUR]


@pytest.mark.parametrize(
    ("until", "count"),
    [
        ("20261130T090000Z", 2),
        ("20261130T085959Z", 1),
        ("20261130T100000", 2),
        ("20261130T095959", 1),
        ("20261130", 2),
        ("20261129", 1),
        ("20261101", 1),
    ],
)
def test_until_is_inclusive_in_utc_on_clocks_and_as_a_day(until: str, count: int) -> None:
    assert len(stamps(source("20261123T100000", f"RRULE:FREQ=WEEKLY;UNTIL={until}"))) == count


@pytest.mark.parametrize("until", ["20261125", "20261125T000000Z", "20261125T235959Z"])
def test_until_of_an_all_day_series_counts_as_a_day(until: str) -> None:
    assert stamps(source("20261123", f"RRULE:FREQ=DAILY;UNTIL={until}")) == [
        "20261123",
        "20261124",
        "20261125",
    ]


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=2"], ["20261124", "20261130", "20261207"]),
        (["RRULE:FREQ=DAILY;COUNT=3", "EXDATE;VALUE=DATE:20261124"], ["20261125", "20261126"]),
        (["RDATE;VALUE=DATE:20261201,20261120"], ["20261120", "20261124", "20261201"]),
        (["RRULE:FREQ=DAILY;COUNT=4", "EXRULE:FREQ=DAILY;INTERVAL=2"], ["20261125", "20261127"]),
        (["RRULE:FREQ=DAILY", "EXRULE:FREQ=DAILY"], []),
        (["RRULE:FREQ=DAILY;COUNT=2", "RRULE:FREQ=DAILY;INTERVAL=2;COUNT=2"], ["20261124", "20261125", "20261126"]),
        (["rrule:freq=daily;count=2;"], ["20261124", "20261125"]),
        (["RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=5"], ["20261124"]),
        (["RRULE:FREQ=YEARLY;COUNT=2", "RDATE:20261130T120000Z"], ["20261124", "20261130", "20271124"]),
        (["RRULE:FREQ=YEARLY;BYWEEKNO=1;COUNT=2"], ["20261124", "20270105", "20280104"]),
    ],
)  # fmt: skip
def test_lines_add_and_take_days(lines: list[str], found: list[str]) -> None:
    assert stamps(source("20261124", *lines)) == found


@pytest.mark.parametrize(
    "line",
    [
        "EXDATE:20261124T090000Z",
        "EXDATE;TZID=Europe/Berlin:20261124T100000",
        'EXDATE;TZID="America/New_York":20261124T040000',
        "EXDATE:20261124T100000",
        "EXDATE;VALUE=DATE:20261124",
    ],
)
def test_an_exdate_takes_one_away_in_whatever_notation(line: str) -> None:
    found = stamps(source("20261123T100000", "RRULE:FREQ=DAILY;COUNT=3", line))
    assert found == ["20261123T090000Z", "20261125T090000Z"]


def test_an_rdate_may_be_a_period_or_stand_in_another_zone() -> None:
    lines = ("RDATE;VALUE=PERIOD:20261125T090000Z/PT3H", "RDATE;TZID=America/New_York:20261124T040000")
    found = instances(source("20261123T100000", *lines))
    assert [one[2] for one in found] == ["e_20261123T090000Z", "e_20261124T090000Z", "e_20261125T090000Z"]
    assert {one[3] - one[0] for one in found} == {HOUR}


def test_replaced_occurrences_are_left_out() -> None:
    timed = source("20261123T100000", "RRULE:FREQ=DAILY;COUNT=3", replaced=["20261124T090000Z"])
    assert stamps(timed) == ["20261123T090000Z", "20261125T090000Z"]
    days = source("20261123", "RRULE:FREQ=DAILY;COUNT=3", replaced=["20261123"])
    assert stamps(days) == ["20261124", "20261125"]


@pytest.mark.parametrize(
    ("window", "found"),
    [
        (("20261124T100000Z", "20261126T090000Z"), ["20261125T090000Z"]),
        (
            ("20261124T095959Z", "20261126T090001Z"),
            ["20261124T090000Z", "20261125T090000Z", "20261126T090000Z"],
        ),
        (("20261124T093000Z", "20261124T094500Z"), ["20261124T090000Z"]),
        (("20200101T000000Z", "20261123T090000Z"), []),
    ],
)
def test_a_window_holds_what_ends_after_its_begin_and_begins_before_its_end(
    window: tuple[str, str], found: list[str]
) -> None:
    assert stamps(source("20261123T100000", "RRULE:FREQ=DAILY", window=window)) == found


@pytest.mark.parametrize(
    ("window", "found"),
    [
        (("20261123T230000Z", "20261124T230000Z"), ["20261124"]),
        (("20261123T225959Z", "20261124T230001Z"), ["20261123", "20261124", "20261125"]),
    ],
)
def test_days_begin_at_midnight_in_the_zone_of_the_calendar(
    window: tuple[str, str], found: list[str]
) -> None:
    assert stamps(source("20261120", "RRULE:FREQ=DAILY", window=window)) == found


def test_a_long_way_from_the_start_is_no_way() -> None:
    window = ("99000101T000000Z", "99000103T000000Z")
    for rule in (
        "DAILY",
        "WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU",
        "MONTHLY;BYMONTHDAY=1,2,-1",
        "YEARLY;BYYEARDAY=1,2",
    ):
        found = stamps(source("20260101T120000", f"RRULE:FREQ={rule}", window=window))
        assert found[-2:] == ["99000101T110000Z", "99000102T110000Z"]


def test_days_of_a_billion_occurrences_are_counted_without_meeting_them() -> None:
    one = source(
        "20260101", "RRULE:FREQ=DAILY;COUNT=999999999", window=("90000101T000000Z", "90000102T000000Z")
    )
    assert stamps(one)[-1] == "90000102"


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;INTERVAL=3",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU",
        "FREQ=MONTHLY;BYDAY=2TU,-1FR;INTERVAL=3",
        "FREQ=YEARLY;BYMONTH=2,12;BYMONTHDAY=29,-1",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=100",
        "FREQ=DAILY;BYHOUR=8,20;BYMINUTE=0,30;COUNT=500",
    ],
)
def test_dateutil_finds_the_same_in_a_window_far_ahead(rule: str) -> None:
    theirs = rrulestr(rule, dtstart=datetime(2019, 3, 4, 8, 0)).between(
        datetime(2026, 1, 1), datetime(2028, 1, 1), inc=True
    )
    ours = stamps(
        source(
            "20190304T080000",
            f"RRULE:{rule}",
            zone="UTC",
            lasts=0,
            window=("20251231T235959Z", "20280101T000000Z"),
        ),
        1_000,
    )
    assert ours == [f"{at:%Y%m%dT%H%M%SZ}" for at in theirs]


@pytest.mark.parametrize(
    "line",
    [
        "RRULE:", "RRULE:COUNT=3", "RRULE:FREQ=SECONDLY", "RRULE:FREQ=HOURLY", "RRULE:FREQ=DAILY;INTERVAL=0",
        "RRULE:FREQ=DAILY;COUNT=0", "RRULE:FREQ=DAILY;COUNT=many", "RRULE:FREQ=DAILY;FREQ=DAILY", "RRULE:FREQ",
        "RRULE:FREQ=WEEKLY;BYDAY=XX", "RRULE:FREQ=WEEKLY;BYDAY=", "RRULE:FREQ=MONTHLY;BYDAY=54MO", "EXRULE:FREQ=DAILY;BYMONTH=13",
        "RRULE:FREQ=DAILY;BYHOUR=24", "RRULE:FREQ=DAILY;UNTIL=tomorrow", "RRULE:FREQ=DAILY;BYEASTER=0", "EXDATE:soon",
        "EXDATE;TZID=Moon/Base:20261124T100000", "RDATE:20260230", "RDATE:00010101", "FREQ=DAILY", "", "RDATE:99999999999",
        "RRULE:FREQ=MONTHLY;BYDAY=0MO", "RRULE:FREQ=YEARLY;BYYEARDAY=0", "RRULE:FREQ=DAILY;WKST=1",
        "RRULE:FREQ=DAILY;BYHOUR=0,1,2;BYMINUTE=" + ",".join(map(str, range(60))) + ";BYSECOND=" + ",".join(map(str, range(60))),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_read_leaves_the_start_and_says_so(line: str) -> None:
    at = instant("20261123T090000Z")
    with pytest.raises(ValueError, match=": "):
        read_recurrence((line,), at, UTC)
    raw = '{"recurrence":["RRULE:FREQ=DAILY","' + line.replace('"', "") + '"]}'
    series, understood = series_of(raw, Times(at * 1000, (at + HOUR) * 1000, None, None), UTC)
    assert series is not None
    assert (series.starts_between(0, 2 * at), understood) == ([at], False)


def test_a_series_without_a_start_is_none() -> None:
    assert series_of("{}", Times(None, None, None, None), UTC) == (None, False)


def test_an_unknown_zone_gives_way_to_that_of_the_calendar() -> None:
    at = instant("20261023T070000Z")
    raw = '{"start":{"timeZone":"Moon/Base"},"recurrence":["RRULE:FREQ=WEEKLY;COUNT=2"]}'
    series, understood = series_of(raw, Times(at * 1000, at * 1000, None, None), ZoneInfo("Europe/Berlin"))
    assert series is not None
    assert understood
    assert series.starts_between(0, 2 * at) == [at, instant("20261030T080000Z")]


@pytest.mark.parametrize(
    "name", [NEW_YORK, "Africa/Casablanca", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]
)
def test_tables_say_what_the_zone_says(name: str) -> None:
    zone = ZoneInfo(name)
    walls = list(range(instant("20110101T000000"), instant("20130101T000000"), 1_800))
    asked = [datetime.fromtimestamp(wall, UTC).replace(tzinfo=zone).timestamp() for wall in walls]
    assert to_instants(zone, walls) == asked
    _, shifts = shifts_of_year(zone, 2011)
    assert all(
        offset_at(zone, at - 1) == before and offset_at(zone, at) == after for at, before, after in shifts
    )
    assert all(to_wall(zone, at) == at + after for at, _, after in shifts)


def test_an_answer_goes_on_where_the_last_one_ended() -> None:
    many = [
        source("20260105T090000", "RRULE:FREQ=DAILY"),
        source("20260105", "RRULE:FREQ=WEEKLY"),
        source("20260105T090000", "RRULE:FREQ=MONTHLY", zone=NEW_YORK),
    ]
    sources = [Source(1, f"e{n}", one.series, one.span, one.days_zone) for n, one in enumerate(many)]
    alone = (instant("20260106T080000Z"), 1, "e", instant("20260106T090000Z"), -1, 0)
    whole = expand(sources, [alone], 300)
    found: list[tuple[int, int, str, int, int, int]] = []
    while len(found) < 300:
        found += expand(sources, [alone], 7, found[-1][:3] if found else None)
    assert found[:300] == whole == sorted(whole)
    assert alone in whole


def test_rules_are_read_in_any_case_and_kept() -> None:
    assert read_rule("freq=weekly;byday=mo, tu") == read_rule("FREQ=WEEKLY;BYDAY=TU,MO;")
