"""Series drawn by chance: what people and programs may write into a calendar, near clock changes more often than not."""

import random
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

Json = dict[str, Any]

SEED = 20_261_120
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KNOWN_FROM, KNOWN_UNTIL = datetime(2003, 1, 1, tzinfo=UTC), datetime(2032, 1, 1, tzinfo=UTC)
LOOK_EVERY = timedelta(hours=6)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
ZONES = (
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kolkata",
    "Africa/Cairo", "UTC", "Europe/Dublin", "Pacific/Apia", "Africa/Casablanca", "Asia/Kathmandu",
    "America/St_Johns",
)  # fmt: skip
WEEKS = {"DAILY": 30, "WEEKLY": 70, "MONTHLY": 300, "YEARLY": 600}
"""How long before the window a series begins at the earliest."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Series of one calendar: its zone, and the window of fifteen months they are looked at in."""

    number: int
    zone: str
    low: date
    high: date

    @property
    def bounds(self) -> tuple[int, int]:
        """Midnights in UTC, in unix seconds."""
        low, high = (datetime.combine(day, time(), UTC) for day in (self.low, self.high))
        return int(low.timestamp()), int(high.timestamp())


def batch(number: int, zone: str, low: str, high: str) -> Batch:
    return Batch(number, zone, date.fromisoformat(low), date.fromisoformat(high))


BATCHES = (
    batch(0, "Europe/Berlin", "2026-01-01", "2027-04-01"),
    batch(1, "America/New_York", "2026-02-15", "2027-05-15"),
    batch(2, "Australia/Lord_Howe", "2026-01-01", "2027-04-05"),
    batch(3, "America/Sao_Paulo", "2017-10-01", "2019-01-01"),
    batch(4, "Asia/Kolkata", "2026-01-01", "2027-04-01"),
    batch(5, "Africa/Cairo", "2026-02-01", "2027-05-01"),
    batch(6, "UTC", "2024-01-01", "2025-04-01"),
    batch(7, "Europe/Dublin", "2027-12-01", "2029-03-01"),
    batch(8, "Pacific/Apia", "2011-03-01", "2012-06-01"),
    batch(9, "Africa/Casablanca", "2026-01-01", "2027-04-01"),
)
SERIES_A_BATCH = 100


@dataclass(frozen=True, slots=True)
class Shift:
    """The clocks of a zone change at an instant."""

    at: datetime
    before: timedelta
    after: timedelta
    is_summer: bool


@dataclass(frozen=True, slots=True)
class Drawn:
    """A series before it is in a calendar. `start` and `end` are dates, or times with their zone."""

    uid: str
    zone: str
    start: datetime | date
    end: datetime | date
    lines: tuple[str, ...]

    @property
    def is_day(self) -> bool:
        return not isinstance(self.start, datetime)

    @property
    def body(self) -> Json:
        """As `events.insert` takes it."""
        times = {"start": self.stamp(self.start), "end": self.stamp(self.end)}
        return {"id": self.uid, "summary": self.uid, **times, "recurrence": list(self.lines)}

    def stamp(self, at: datetime | date) -> Json:
        if isinstance(at, datetime):
            return {"dateTime": at.isoformat(), "timeZone": self.zone}
        return {"date": at.isoformat()}


@cache
def shifts(zone: str) -> tuple[Shift, ...]:
    """Every change of a zone's clocks, found without the code under test."""
    found: list[Shift] = []
    here, at = ZoneInfo(zone), KNOWN_FROM
    while at < KNOWN_UNTIL:
        before, after = offset(here, at), offset(here, at + LOOK_EVERY)
        if before != after:
            moment = change_between(here, at, at + LOOK_EVERY)
            found.append(Shift(moment, before, after, bool(moment.astimezone(here).dst())))
        at += LOOK_EVERY
    return tuple(found)


def offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def change_between(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if offset(zone, middle) == offset(zone, low):
            low = middle
        else:
            high = middle
    return high


def is_unsure(wall: datetime, zone: str) -> bool:
    """Whether clocks show that time twice, or never."""
    here = ZoneInfo(zone)
    return wall.replace(tzinfo=here).utcoffset() != wall.replace(tzinfo=here, fold=1).utcoffset()


class Draw:
    """One series drawn from dice of its own, so that each can be drawn again alone."""

    def __init__(self, of: Batch, number: int) -> None:
        self.batch = of
        self.dice = random.Random(f"{SEED}/{of.number}/{number}")
        self.uid = f"series{of.number}n{number:03d}"
        self.frequency = self.dice.choices(("DAILY", "WEEKLY", "MONTHLY", "YEARLY"), (3, 4, 4, 2))[0]

    def series(self) -> Drawn:
        zone = self.batch.zone if self.dice.random() < 0.4 else self.dice.choice(ZONES)
        wall = self.start(zone)
        is_day = self.dice.random() < 0.25
        start, end = self.times(wall, zone, is_day)
        lines = tuple(self.lines(start, zone))
        return Drawn(self.uid, zone, start, end, lines)

    def start(self, zone: str) -> datetime:
        """A wall; half of them lie around a change of the zone's clocks."""
        low, high = (datetime.combine(day, datetime.min.time()) for day in (self.batch.low, self.batch.high))
        known = [shift.at for shift in shifts(zone)]
        near = known[
            bisect_right(known, low.replace(tzinfo=UTC)) : bisect_right(known, high.replace(tzinfo=UTC))
        ]
        if near and self.dice.random() < 0.6:
            moment = self.dice.choice(near).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
            moment += timedelta(days=self.dice.randrange(-40, 4), minutes=15 * self.dice.randrange(-8, 8))
        else:
            low -= timedelta(weeks=self.dice.randrange(WEEKS[self.frequency]))
            moment = low + timedelta(minutes=15 * self.dice.randrange(96 * (high - low).days))
        while is_unsure(moment, zone):
            moment -= DAY
        return moment

    def times(self, wall: datetime, zone: str, is_day: bool) -> tuple[datetime, datetime] | tuple[date, date]:
        if is_day:
            return wall.date(), wall.date() + self.dice.randrange(1, 4) * DAY
        here = ZoneInfo(zone)
        length = self.dice.choice((0, 15, 30, 60, 60, 90, 240, 1440, 3000)) * timedelta(minutes=1)
        start = wall.replace(tzinfo=here)
        while is_unsure(((start.astimezone(UTC) + length).astimezone(here)).replace(tzinfo=None), zone):
            length += HOUR
        return start, (start.astimezone(UTC) + length).astimezone(here)

    def lines(self, start: datetime | date, zone: str) -> list[str]:
        lines = [] if self.dice.random() < 0.03 else [f"RRULE:{self.rule(start)}"]
        if not lines or self.dice.random() < 0.15:
            lines.append(self.dates("RDATE", self.dates_added(start), zone))
        return lines

    def dates_added(self, start: datetime | date) -> list[datetime | date]:
        """Moments that no rule names."""
        found: list[datetime | date] = []
        for _ in range(self.dice.randrange(1, 4)):
            days, minutes = self.dice.randrange(1, 300), 15 * self.dice.randrange(1, 50)
            moved = start + timedelta(days=days)
            if isinstance(moved, datetime):
                moved = (moved + timedelta(minutes=minutes)).replace(fold=0)
                while is_unsure(moved.replace(tzinfo=None), str(moved.tzinfo)):
                    moved += DAY
            found.append(moved)
        return sorted(set(found))

    def dates(self, name: str, moments: list[datetime | date], zone: str) -> str:
        """A line of dates: days, times of the series' own zone, of another one, or of UTC."""
        if not isinstance(moments[0], datetime):
            return f"{name};VALUE=DATE:{','.join(f'{one:%Y%m%d}' for one in moments)}"
        if self.dice.random() < 0.3:
            in_utc = [one.astimezone(UTC) for one in moments if isinstance(one, datetime)]
            return f"{name}:{','.join(f'{one:%Y%m%dT%H%M%SZ}' for one in in_utc)}"
        return f"{name};TZID={zone}:{','.join(f'{one:%Y%m%dT%H%M%S}' for one in moments)}"

    def rule(self, start: datetime | date) -> str:
        parts = {"FREQ": self.frequency}
        if self.dice.random() < 0.35:
            parts["INTERVAL"] = str(self.dice.randrange(2, 5))
        parts |= getattr(self, self.frequency.lower())(start)
        if self.dice.random() < 0.2:
            parts["WKST"] = self.dice.choice(WEEKDAYS)
        parts |= self.limit(start)
        return ";".join(f"{name}={value}" for name, value in parts.items())

    def limit(self, start: datetime | date) -> dict[str, str]:
        """Where the rule ends. Some ends are an occurrence, which is then the last."""
        chance = self.dice.random()
        if chance < 0.3:
            return {"COUNT": str(self.dice.randrange(1, 60))}
        if chance > 0.65:
            return {}
        behind = self.dice.choice((7, 14, 28, 91, 140, 365)) * self.dice.randrange(1, 4) * DAY
        last = start + behind
        if not isinstance(last, datetime):
            return {"UNTIL": f"{last:%Y%m%d}"}
        if self.dice.random() < 0.1:
            return {"UNTIL": f"{last:%Y%m%d}"}
        if self.dice.random() < 0.5:
            last += timedelta(minutes=self.dice.randrange(-3000, 3000))
        return {"UNTIL": f"{last.astimezone(UTC):%Y%m%dT%H%M%SZ}"}

    def some(self, members: list[str], most: int) -> str:
        return ",".join(self.dice.sample(members, self.dice.randrange(1, most + 1)))

    def weekdays(self, start: datetime | date, most: int = 4) -> str:
        """Mostly with the start's own among them."""
        chosen = set(self.some(list(WEEKDAYS), most).split(","))
        if self.dice.random() < 0.8:
            chosen.add(WEEKDAYS[start.weekday()])
        return ",".join(sorted(chosen, key=WEEKDAYS.index))

    def daily(self, start: datetime | date) -> dict[str, str]:
        parts = {}
        if self.dice.random() < 0.15:
            parts["BYDAY"] = self.weekdays(start)
        if self.dice.random() < 0.1:
            parts["BYMONTH"] = self.some([str(n) for n in range(1, 13)], 5)
        return parts

    def weekly(self, start: datetime | date) -> dict[str, str]:
        return {"BYDAY": self.weekdays(start)} if self.dice.random() < 0.7 else {}

    def nth(self, start: datetime | date) -> str:
        """The weekday of the start, counted within its month from either end."""
        place, day = (start.day - 1) // 7 + 1, WEEKDAYS[start.weekday()]
        is_last = (start + 7 * DAY).month != start.month
        return f"-1{day}" if is_last and self.dice.random() < 0.7 else f"{place}{day}"

    def monthly(self, start: datetime | date) -> dict[str, str]:
        match self.dice.randrange(6):
            case 0:
                return {}
            case 1:
                return {"BYMONTHDAY": self.month_days(start)}
            case 2:
                return {"BYDAY": self.nth(start)}
            case 3:
                return {"BYDAY": self.some([f"{n}{day}" for n in (1, 2, 3, -1, -2) for day in WEEKDAYS], 3)}
            case 4:
                return {"BYDAY": self.weekdays(start), "BYSETPOS": self.dice.choice(("1", "-1", "2", "1,-1"))}
            case _:
                return {"BYDAY": "FR", "BYMONTHDAY": "13"} if self.dice.random() < 0.3 else {
                    "BYDAY": WEEKDAYS[start.weekday()], "BYMONTHDAY": "1,2,3,4,5,6,7"
                }  # fmt: skip

    def month_days(self, start: datetime | date) -> str:
        """Also the last days of a month, which not every month has."""
        pick = self.dice.random()
        if pick < 0.3:
            return "-1"
        if pick < 0.6:
            return self.some([str(n) for n in (-3, -2, -1, 1, 2, 15, 28, 29, 30, 31)], 3)
        return f"{start.day}"

    def yearly(self, start: datetime | date) -> dict[str, str]:
        month = str(start.month) if self.dice.random() < 0.7 else self.some([str(n) for n in range(1, 13)], 2)
        match self.dice.randrange(5):
            case 0:
                return {}
            case 1:
                return {"BYMONTH": month, "BYMONTHDAY": self.month_days(start)}
            case 2:
                return {"BYMONTH": month, "BYDAY": self.nth(start)}
            case 3:
                return {"BYDAY": self.dice.choice(("1MO", "-1SU", "9FR", "-3TH,2TU"))}
            case _:
                return {"BYMONTH": f"{start.month}", "BYDAY": self.weekdays(start), "BYSETPOS": "-1"}


def drawn(of: Batch) -> list[Drawn]:
    """The series of a batch, always the same."""
    return [Draw(of, number).series() for number in range(SERIES_A_BATCH)]
