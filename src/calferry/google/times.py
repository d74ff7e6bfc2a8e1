"""Google's times as numbers: pure conversions.

Instants are UTC milliseconds since 1970; all-day dates stay text. What cannot be represented gives None.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import msgspec

YEAR_MIN, YEAR_MAX = 2, 9998
INSTANCE_ID = re.compile(r"(.+)_(\d{8})(?:T(\d{6})Z)?", re.DOTALL)
TIMESTAMP = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:?\d\d)?"
)


class Remembered(dict[str, int]):
    """What a function says of a text, kept for texts that come again and again, until there are too many of them."""

    def __init__(self, ask: Callable[[str], int], most: int) -> None:
        super().__init__()
        self.ask, self.most = ask, most

    def __missing__(self, text: str) -> int:
        answer = self.ask(text)
        if len(self) >= self.most:
            self.clear()
        self[text] = answer
        return answer


def read_day(text: str) -> int:
    """UTC milliseconds of the beginning of `YYYY-MM-DD`. Raises ValueError."""
    if not is_plain_date(text):
        raise ValueError("no day")
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def read_clock(text: str) -> int:
    """Milliseconds from the beginning of a day in UTC to `THH:MM:SS` with an offset. Raises ValueError."""
    moment = msgspec.convert(CLOCK_DAY + text, datetime)
    if moment.tzinfo is None or moment.microsecond:
        raise ValueError("no offset, or a fraction")
    return round(moment.timestamp() * 1000) - DAYS[CLOCK_DAY]


CLOCK_DAY = "2000-01-01"
# Events begin on few days and at few times of day: looking both up costs a third of reading a date-time.
DAYS = Remembered(read_day, 8192)
CLOCKS = Remembered(read_clock, 2048)


def instant_ms(text: str, time_zone: str | None) -> int | None:
    """UTC milliseconds of an RFC 3339 date-time; without an offset it is wall time in `time_zone`.

    None for what cannot be represented. Raises ValueError for what is no date-time.
    """
    try:
        return DAYS[text[:10]] + CLOCKS[text[10:]]
    except ValueError:
        pass
    moment = read_instant(text, time_zone)
    return None if moment is None else epoch_ms(moment)


def read_instant(text: str, time_zone: str | None) -> datetime | None:
    """The same as an aware datetime."""
    moment = msgspec.convert(text, datetime)
    return moment if moment.tzinfo else in_zone(moment, time_zone)


def epoch_ms(moment: datetime) -> int | None:
    """UTC milliseconds of an aware datetime; None for years whose UTC form may not exist."""
    if not YEAR_MIN <= moment.year <= YEAR_MAX:
        return None
    return round(moment.timestamp() * 1000)


def parse_instant(text: str, time_zone: str | None = None) -> datetime | None:
    """An RFC 3339 date-time; without an offset it is wall time in `time_zone`, or None if that is unknown."""
    if TIMESTAMP.fullmatch(text) is None:
        return None
    try:
        moment = datetime.fromisoformat(text.upper())
        return moment if moment.tzinfo else in_zone(moment, time_zone)
    except ValueError:
        return None


def in_zone(moment: datetime, time_zone: str | None) -> datetime | None:
    """A naive datetime as wall time of a named zone, or None for a name nobody knows."""
    if time_zone is None:
        return None
    try:
        return moment.replace(tzinfo=ZoneInfo(time_zone))
    except (ValueError, OSError):
        return None
    except LookupError:
        return None


def is_plain_date(text: str) -> bool:
    """Whether this is `YYYY-MM-DD` of a day that exists, in a year that can be computed with."""
    if len(text) != 10 or text[7] != "-":
        return False
    try:
        return YEAR_MIN <= date.fromisoformat(text).year <= YEAR_MAX
    except ValueError:
        return False


def compact_instant(moment: datetime) -> str | None:
    """`YYYYMMDDTHHMMSSZ` in UTC, as in the ids of instances."""
    if not YEAR_MIN <= moment.year <= YEAR_MAX:
        return None
    utc = moment.astimezone(UTC)
    return f"{utc.year:04d}{utc.month:02d}{utc.day:02d}T{utc.hour:02d}{utc.minute:02d}{utc.second:02d}Z"


def instance_key(event_id: str) -> tuple[str, str] | None:
    """(series id, canonical original start) told by the id of an instance, or None if it does not look like one.

    Google does not promise this form and will change it for new ids: only for stubs that say nothing else.
    """
    match = INSTANCE_ID.fullmatch(event_id)
    if match is None:
        return None
    series_id, day, time = match.groups()
    try:
        datetime.strptime(day + (time or "000000"), "%Y%m%d%H%M%S")
    except ValueError:
        return None
    return series_id, f"{day}T{time}Z" if time else day
