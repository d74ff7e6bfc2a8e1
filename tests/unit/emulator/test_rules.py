"""Recurrence rules: their grammar, days that never come, and agreement with dateutil."""

from datetime import datetime
from itertools import islice

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from calferry.emulator.world.rule import WEEKDAYS, parts_of, rule_of
from calferry.emulator.world.rule_days import walls

FIRST = datetime(2026, 11, 23, 10, 30)
LAST = datetime(2099, 12, 31)


def times(rule: str, first: datetime = FIRST, most: int = 400) -> list[datetime]:
    return list(islice(walls(rule_of(parts_of(rule), first), first, LAST), most))


@pytest.mark.parametrize(
    "rule",
    [
        "INTERVAL=2",
        "FREQ=FORTNIGHTLY",
        "FREQ=DAILY;FREQ=WEEKLY",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;INTERVAL=",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=many",
        "FREQ=DAILY;BYHOUR=24",
        "FREQ=DAILY;BYHOUR=-1",
        "FREQ=DAILY;BYMINUTE=60",
        "FREQ=YEARLY;BYMONTH=13",
        "FREQ=YEARLY;BYMONTH=0",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=MONTHLY;BYMONTHDAY=-32",
        "FREQ=YEARLY;BYYEARDAY=367",
        "FREQ=YEARLY;BYWEEKNO=54",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0",
        "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=MONTHLY;BYDAY=54MO",
        "FREQ=MONTHLY;BYDAY=",
        "FREQ=WEEKLY;BYDAY=MOTU",
        "FREQ=WEEKLY;WKST=1",
        "FREQ=YEARLY;BYEASTER=0",
        "FREQ=DAILY;DTSTART=20260101",
    ],
)
def test_a_rule_outside_the_grammar_is_refused(rule: str) -> None:
    with pytest.raises(ValueError, match=r"rule|range|number|frequency|day"):
        times(rule)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYSETPOS=2",
        "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=-300",
        "FREQ=MONTHLY;BYDAY=53MO",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30,31",
        "FREQ=YEARLY;BYYEARDAY=1;BYMONTH=12",
    ],
)
def test_a_rule_without_days_comes_to_an_end(rule: str) -> None:
    assert times(rule) == []


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=MONTHLY;BYDAY=MO,1TU;COUNT=6", ["11-23", "11-30", "12-01", "12-07", "12-14", "12-21"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1;COUNT=3", ["11-30", "12-01", "12-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=3", ["12-31", "01-31", "03-31"]),
        ("FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU;COUNT=2", ["01-03", "01-02"]),
        ("FREQ=YEARLY;BYWEEKNO=-1;BYDAY=MO;COUNT=2", ["12-28", "12-27"]),
        ("FREQ=YEARLY;BYYEARDAY=-1,60;COUNT=3", ["12-31", "03-01", "12-31"]),
        ("FREQ=WEEKLY;BYDAY=MO,FR;BYSETPOS=-1;COUNT=2", ["11-27", "12-04"]),
        ("freq=weekly;byday=tu, we;count=2;", ["11-24", "11-25"]),
    ],
)
def test_days_worked_out_by_hand(rule: str, days: list[str]) -> None:
    assert [f"{moment:%m-%d}" for moment in times(rule)] == days


def numbers(most: int) -> st.SearchStrategy[str]:
    found = st.lists(st.integers(1, most) | st.integers(-most, -1), min_size=1, max_size=3)
    return found.map(lambda chosen: ",".join(map(str, chosen)))


def one_of_each(names: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(names, min_size=1, max_size=3, unique=True).map(",".join)


PLAIN_DAYS = one_of_each(st.sampled_from(WEEKDAYS))
NTH_DAYS = one_of_each(st.sampled_from([f"{n}{day}" for day in WEEKDAYS for n in (1, 2, 4, 5, -1, -2)]))
MONTHS = one_of_each(st.integers(1, 12).map(str))
LIMITS = st.sampled_from(
    ["", ";COUNT=1", ";COUNT=17", ";INTERVAL=2", ";INTERVAL=3;COUNT=40", ";WKST=SU;INTERVAL=2"]
)
SHAPES = st.one_of(
    st.just("FREQ=DAILY"),
    MONTHS.map("FREQ=DAILY;BYMONTH={}".format),
    PLAIN_DAYS.map("FREQ=DAILY;BYDAY={}".format),
    st.just("FREQ=WEEKLY"),
    PLAIN_DAYS.map("FREQ=WEEKLY;BYDAY={}".format),
    st.just("FREQ=MONTHLY"),
    NTH_DAYS.map("FREQ=MONTHLY;BYDAY={}".format),
    numbers(31).map("FREQ=MONTHLY;BYMONTHDAY={}".format),
    st.tuples(PLAIN_DAYS, numbers(4)).map(lambda pair: "FREQ=MONTHLY;BYDAY={};BYSETPOS={}".format(*pair)),
    st.just("FREQ=YEARLY"),
    MONTHS.map("FREQ=YEARLY;BYMONTH={}".format),
    numbers(366).map("FREQ=YEARLY;BYYEARDAY={}".format),
    NTH_DAYS.map("FREQ=YEARLY;BYDAY={}".format),
    st.tuples(MONTHS, NTH_DAYS).map(lambda pair: "FREQ=YEARLY;BYMONTH={};BYDAY={}".format(*pair)),
)  # fmt: skip
STARTS = st.datetimes(datetime(1996, 1, 1), datetime(2040, 1, 1)).map(lambda one: one.replace(microsecond=0))


@settings(max_examples=100, deadline=None)
@given(shape=SHAPES, limits=LIMITS, first=STARTS)
def test_dateutil_finds_the_same_times(shape: str, limits: str, first: datetime) -> None:
    until = "" if "COUNT" in limits else f";UNTIL={LAST:%Y%m%dT%H%M%S}"
    theirs = rrulestr(shape + limits + until, dtstart=first)
    assert times(shape + limits, first, most=20) == list(islice(theirs, 20))
