"""Every example of RFC 5545, section 3.8.5.3, has the occurrences that the RFC prints for it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from calferry.emulator.world import recurrence, when
from tests.unit.emulator.desk import Desk

ZONE = "America/New_York"
OFFSET_H = {"EDT": -4, "EST": -5}
MONTHS = "January February March April May June July August September October November December".split()

# Start, rules that mean the same, further lines, and the occurrences as printed, each line for one year and
# offset. "..." ends what the RFC prints of a series that goes on.
EXAMPLES = {
    "daily for 10 occurrences": (
        "19970902T090000", ("FREQ=DAILY;COUNT=10",), (),
        "1997 EDT September 2-11",
    ),
    "daily until December 24, 1997": (
        "19970902T090000", ("FREQ=DAILY;UNTIL=19971224T000000Z",), (),
        """1997 EDT September 2-30;October 1-25
           1997 EST October 26-31;November 1-30;December 1-23""",
    ),
    "every other day, forever": (
        "19970902T090000", ("FREQ=DAILY;INTERVAL=2",), (),
        """1997 EDT September 2,4,6,8,10,12,14,16,18,20,22,24,26,28,30;October 2,4,6,8,10,12,14,16,18,20,22,24
           1997 EST October 26,28,30;November 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29;December 1,3
           ...""",
    ),
    "every 10 days, 5 occurrences": (
        "19970902T090000", ("FREQ=DAILY;INTERVAL=10;COUNT=5",), (),
        "1997 EDT September 2,12,22;October 2,12",
    ),
    "every day in January, for 3 years": (
        "19980101T090000",
        ("FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
         "FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1"), (),
        """1998 EST January 1-31
           1999 EST January 1-31
           2000 EST January 1-31""",
    ),
    "weekly for 10 occurrences": (
        "19970902T090000", ("FREQ=WEEKLY;COUNT=10",), (),
        """1997 EDT September 2,9,16,23,30;October 7,14,21
           1997 EST October 28;November 4""",
    ),
    "weekly until December 24, 1997": (
        "19970902T090000", ("FREQ=WEEKLY;UNTIL=19971224T000000Z",), (),
        """1997 EDT September 2,9,16,23,30;October 7,14,21
           1997 EST October 28;November 4,11,18,25;December 2,9,16,23""",
    ),
    "every other week, forever": (
        "19970902T090000", ("FREQ=WEEKLY;INTERVAL=2;WKST=SU",), (),
        """1997 EDT September 2,16,30;October 14
           1997 EST October 28;November 11,25;December 9,23
           1998 EST January 6,20;February 3,17
           ...""",
    ),
    "weekly on Tuesday and Thursday for five weeks": (
        "19970902T090000",
        ("FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH",
         "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH"), (),
        "1997 EDT September 2,4,9,11,16,18,23,25,30;October 2",
    ),
    "every other week on Monday, Wednesday and Friday until December 24, 1997": (
        "19970901T090000", ("FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR",), (),
        """1997 EDT September 1,3,5,15,17,19,29;October 1,3,13,15,17
           1997 EST October 27,29,31;November 10,12,14,24,26,28;December 8,10,12,22""",
    ),
    "every other week on Tuesday and Thursday, for 8 occurrences": (
        "19970902T090000", ("FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",), (),
        "1997 EDT September 2,4,16,18,30;October 2,14,16",
    ),
    "monthly on the first Friday for 10 occurrences": (
        "19970905T090000", ("FREQ=MONTHLY;COUNT=10;BYDAY=1FR",), (),
        """1997 EDT September 5;October 3
           1997 EST November 7;December 5
           1998 EST January 2;February 6;March 6;April 3
           1998 EDT May 1;June 5""",
    ),
    "monthly on the first Friday until December 24, 1997": (
        "19970905T090000", ("FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR",), (),
        """1997 EDT September 5;October 3
           1997 EST November 7;December 5""",
    ),
    "every other month on the first and last Sunday of the month for 10 occurrences": (
        "19970907T090000", ("FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",), (),
        """1997 EDT September 7,28
           1997 EST November 2,30
           1998 EST January 4,25;March 1,29
           1998 EDT May 3,31""",
    ),
    "monthly on the second-to-last Monday of the month for 6 months": (
        "19970922T090000", ("FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",), (),
        """1997 EDT September 22;October 20
           1997 EST November 17;December 22
           1998 EST January 19;February 16""",
    ),
    "monthly on the third-to-the-last day of the month, forever": (
        "19970928T090000", ("FREQ=MONTHLY;BYMONTHDAY=-3",), (),
        """1997 EDT September 28
           1997 EST October 29;November 28;December 29
           1998 EST January 29;February 26
           ...""",
    ),
    "monthly on the 2nd and 15th of the month for 10 occurrences": (
        "19970902T090000", ("FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",), (),
        """1997 EDT September 2,15;October 2,15
           1997 EST November 2,15;December 2,15
           1998 EST January 2,15""",
    ),
    "monthly on the first and last day of the month for 10 occurrences": (
        "19970930T090000", ("FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",), (),
        """1997 EDT September 30;October 1
           1997 EST October 31;November 1,30;December 1,31
           1998 EST January 1,31;February 1""",
    ),
    "every 18 months on the 10th thru 15th of the month for 10 occurrences": (
        "19970910T090000", ("FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",), (),
        """1997 EDT September 10,11,12,13,14,15
           1999 EST March 10,11,12,13""",
    ),
    "every Tuesday, every other month": (
        "19970902T090000", ("FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",), (),
        """1997 EDT September 2,9,16,23,30
           1997 EST November 4,11,18,25
           1998 EST January 6,13,20,27;March 3,10,17,24,31
           ...""",
    ),
    "yearly in June and July for 10 occurrences": (
        "19970610T090000", ("FREQ=YEARLY;COUNT=10;BYMONTH=6,7",), (),
        """1997 EDT June 10;July 10
           1998 EDT June 10;July 10
           1999 EDT June 10;July 10
           2000 EDT June 10;July 10
           2001 EDT June 10;July 10""",
    ),
    "every other year on January, February, and March for 10 occurrences": (
        "19970310T090000", ("FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",), (),
        """1997 EST March 10
           1999 EST January 10;February 10;March 10
           2001 EST January 10;February 10;March 10
           2003 EST January 10;February 10;March 10""",
    ),
    "every third year on the 1st, 100th, and 200th day for 10 occurrences": (
        "19970101T090000", ("FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",), (),
        """1997 EST January 1
           1997 EDT April 10;July 19
           2000 EST January 1
           2000 EDT April 9;July 18
           2003 EST January 1
           2003 EDT April 10;July 19
           2006 EST January 1""",
    ),
    "every 20th Monday of the year, forever": (
        "19970519T090000", ("FREQ=YEARLY;BYDAY=20MO",), (),
        """1997 EDT May 19
           1998 EDT May 18
           1999 EDT May 17
           ...""",
    ),
    "Monday of week number 20, forever": (
        "19970512T090000", ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",), (),
        """1997 EDT May 12
           1998 EDT May 11
           1999 EDT May 17
           ...""",
    ),
    "every Thursday in March, forever": (
        "19970313T090000", ("FREQ=YEARLY;BYMONTH=3;BYDAY=TH",), (),
        """1997 EST March 13,20,27
           1998 EST March 5,12,19,26
           1999 EST March 4,11,18,25
           ...""",
    ),
    "every Thursday, but only during June, July, and August, forever": (
        "19970605T090000", ("FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",), (),
        """1997 EDT June 5,12,19,26;July 3,10,17,24,31;August 7,14,21,28
           1998 EDT June 4,11,18,25;July 2,9,16,23,30;August 6,13,20,27
           1999 EDT June 3,10,17,24;July 1,8,15,22,29;August 5,12,19,26
           ...""",
    ),
    "every Friday the 13th, forever": (
        "19970902T090000", ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",),
        ("EXDATE;TZID=America/New_York:19970902T090000",),
        """1998 EST February 13;March 13;November 13
           1999 EDT August 13
           2000 EDT October 13
           ...""",
    ),
    "the first Saturday that follows the first Sunday of the month, forever": (
        "19970913T090000", ("FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",), (),
        """1997 EDT September 13;October 11
           1997 EST November 8;December 13
           1998 EST January 10;February 7;March 7
           1998 EDT April 11;May 9;June 13
           ...""",
    ),
    "U.S. Presidential Election day, forever": (
        "19961105T090000", ("FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",), (),
        """1996 EST November 5
           2000 EST November 7
           2004 EST November 2
           ...""",
    ),
    "the third instance into the month of one of Tuesday, Wednesday, or Thursday, for 3 months": (
        "19970904T090000", ("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3",), (),
        """1997 EDT September 4;October 7
           1997 EST November 6""",
    ),
    "the second-to-last weekday of the month": (
        "19970929T090000", ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",), (),
        """1997 EDT September 29
           1997 EST October 30;November 27;December 30
           1998 EST January 29;February 26;March 30
           ...""",
    ),
    "days that differ because weeks start on Monday": (
        "19970805T090000", ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",), (),
        "1997 EDT August 5,10,19,24",
    ),
    "days that differ because weeks start on Sunday": (
        "19970805T090000", ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",), (),
        "1997 EDT August 5,17,19,31",
    ),
    "an invalid date, February 30, is ignored": (
        "20070115T090000", ("FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",), (),
        """2007 EST January 15,30
           2007 EST February 15
           2007 EDT March 15,30""",
    ),
}  # fmt: skip

THIRDS_OF_HOURS = [f"{hour:02}:{minute:02}" for hour in range(9, 17) for minute in (0, 20, 40)]

# Within 2 September 1997, in EDT, and where they go on the day after.
EXAMPLES_WITHIN_A_DAY = {
    # As erratum 3883 has it: 170000Z is 1 PM, and the RFC means 5 PM.
    "FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z": ["09:00", "12:00", "15:00"],
    "FREQ=MINUTELY;INTERVAL=15;COUNT=6": ["09:00", "09:15", "09:30", "09:45", "10:00", "10:15"],
    "FREQ=MINUTELY;INTERVAL=90;COUNT=4": ["09:00", "10:30", "12:00", "13:30"],
    "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40": THIRDS_OF_HOURS * 2,
    "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16": THIRDS_OF_HOURS * 2,
}


def found(start: str, *lines: str, first: int = 500) -> list[str]:
    moment = datetime.strptime(start, "%Y%m%dT%H%M%S").isoformat()
    stamp = {"dateTime": moment, "timeZone": ZONE}
    series = recurrence.series_of({"start": stamp, "recurrence": list(lines)}, ZONE)
    return [when.basic_utc(one.start_at) for one in islice(recurrence.occurrences(series), first)]


def printed(text: str) -> Iterator[str]:
    """The instants, in UTC, of occurrences at 9 AM as the RFC prints them."""
    for line in text.split("\n"):
        if line.strip() == "...":
            return
        year, offset, rest = line.split(maxsplit=2)
        for part in rest.split(";"):
            month, days = part.split()
            for day in days_of(days):
                local = datetime(int(year), MONTHS.index(month) + 1, day, 9, tzinfo=UTC)
                yield f"{local - timedelta(hours=OFFSET_H[offset]):%Y%m%dT%H%M%SZ}"


def days_of(text: str) -> Iterator[int]:
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


CASES = [
    pytest.param(start, (f"RRULE:{rule}", *lines), text, id=f"{title}: {rule}")
    for title, (start, rules, lines, text) in EXAMPLES.items()
    for rule in rules
]


@pytest.mark.parametrize(("start", "lines", "text"), CASES)
def test_an_example_has_the_occurrences_that_the_rfc_prints(
    start: str, lines: tuple[str, ...], text: str
) -> None:
    wanted = list(printed(text))
    goes_on = text.endswith("...")
    assert found(start, *lines, first=len(wanted) if goes_on else 500) == wanted


@pytest.mark.parametrize("rule", EXAMPLES_WITHIN_A_DAY)
def test_an_example_within_a_day_has_the_occurrences_that_the_rfc_prints(rule: str) -> None:
    clocks = EXAMPLES_WITHIN_A_DAY[rule]
    starts = found("19970902T090000", f"RRULE:{rule}", first=len(clocks))
    assert [f"{int(start[9:11]) - 4:02}:{start[11:13]}" for start in starts] == clocks
    days = [start[:8] for start in starts]
    assert days == sorted(days)
    assert len(set(days)) == (2 if clocks == THIRDS_OF_HOURS * 2 else 1)


def test_the_hourly_example_as_first_printed_ends_at_one_oclock() -> None:
    starts = found("19970902T090000", "RRULE:FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000Z")
    assert starts == ["19970902T130000Z", "19970902T160000Z"]


def test_every_example_is_here_once() -> None:
    rules = [rule for _, rules, _, _ in EXAMPLES.values() for rule in rules] + list(EXAMPLES_WITHIN_A_DAY)
    assert len(set(rules)) == len(rules) == 42


@pytest.mark.parametrize("rule", EXAMPLES_WITHIN_A_DAY)
def test_google_takes_no_rule_that_is_faster_than_daily(desk: Desk, rule: str) -> None:
    start = {"dateTime": "1997-09-02T09:00:00", "timeZone": ZONE}
    body = {"start": start, "end": start, "recurrence": [f"RRULE:{rule}"]}
    answer = desk.api("POST", "calendars/primary/events", body)
    too_fast = re.match("FREQ=(HOURLY|MINUTELY)", rule) is not None
    assert (answer.status == 400) == too_fast
