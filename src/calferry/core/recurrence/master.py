"""A master's JSON and columns → its series."""

from dataclasses import dataclass
from datetime import date, tzinfo

import msgspec

from calferry.core.recurrence.lines import Recurrence, read_recurrence
from calferry.core.recurrence.offsets import DAY, day_number, to_instants, zone_named
from calferry.core.recurrence.series import Series

JUST_ITS_START = Recurrence((), (), (), frozenset(), frozenset())


class Start(msgspec.Struct, rename="camel"):
    time_zone: str | None = None


class Lines(msgspec.Struct):
    """The part of a master that its columns do not say."""

    start: Start = msgspec.field(default_factory=Start)
    recurrence: list[str] = msgspec.field(default_factory=list)


decode_lines = msgspec.json.Decoder(Lines).decode


@dataclass(frozen=True, slots=True)
class Times:
    """The columns of a row that say when it is: UTC milliseconds, or days as `YYYY-MM-DD`."""

    start_at: int | None
    end_at: int | None
    start_date: str | None
    end_date: str | None

    def instants(self, days_zone: tzinfo) -> tuple[int, int] | None:
        """Start and end as instants, days beginning at midnight in `days_zone`; None where there is no start."""
        if self.start_date is not None:
            walls = [self.start_of_days, self.start_of_days + self.duration]
            start, end = to_instants(days_zone, walls)
            return start, end
        if self.start_at is None:
            return None
        return self.start_at // 1000, self.start_at // 1000 + self.duration

    @property
    def start_of_days(self) -> int:
        return day_of(self.start_date or "1970-01-01") * DAY

    @property
    def duration(self) -> int:
        """Seconds; none where the end is missing."""
        if self.start_date is not None:
            return max(0, day_of(self.end_date or self.start_date) * DAY - self.start_of_days)
        if self.start_at is None or self.end_at is None:
            return 0
        return max(0, self.end_at // 1000 - self.start_at // 1000)


def series_of(raw: str | bytes, times: Times, calendar_zone: tzinfo) -> tuple[Series | None, bool]:
    """The series of a master, and whether all of it was understood.

    Of lines that cannot be read the first occurrence is left; without a start there is nothing. A zone that is not known
    gives way to the calendar's.
    """
    start = times.start_of_days if times.start_date is not None else (times.start_at or 0) // 1000
    if times.start_date is None and times.start_at is None:
        return None, False
    zone: tzinfo | None = None
    try:
        lines = decode_lines(raw)
        zone = known_zone(lines.start.time_zone, calendar_zone) if times.start_date is None else None
        recurrence = read_recurrence(tuple(lines.recurrence), start, zone)
    except (ValueError, msgspec.DecodeError, RecursionError):
        zone = None if times.start_date is not None else zone or calendar_zone
        return Series(start, times.duration, zone, JUST_ITS_START), False
    return Series(start, times.duration, zone, recurrence), True


def day_of(text: str) -> int:
    at = date.fromisoformat(text)
    return day_number(at.year, at.month, at.day)


def known_zone(name: str | None, otherwise: tzinfo) -> tzinfo:
    try:
        return zone_named(name) if name else otherwise
    except ValueError:
        return otherwise
