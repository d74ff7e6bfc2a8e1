"""The window of a reading: which rows overlap it, given the zone of their calendar."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Bound:
    """An instant, or a date whose midnight depends on the calendar's zone."""

    at_ms: int | None = None
    day: date | None = None

    def instant_in(self, zone: tzinfo) -> int:
        """UTC milliseconds."""
        if self.day is None:
            return self.at_ms or 0
        midnight = datetime(self.day.year, self.day.month, self.day.day, tzinfo=zone)
        return milliseconds(midnight)


@dataclass(frozen=True, slots=True)
class ZonedBound:
    """A bound for rows of one calendar: its instant, and its day there."""

    at_ms: int
    day: str
    is_midnight: bool


def read_bound(text: str) -> Bound:
    """Read an RFC 3339 instant with its offset, or a date. Raises ValueError with the rest of a sentence."""
    repaired = text.replace(" ", "+") if "T" in text else text
    try:
        if DATE.fullmatch(repaired):
            return Bound(day=date.fromisoformat(repaired))
        if INSTANT.fullmatch(repaired):
            return Bound(at_ms=milliseconds(datetime.fromisoformat(repaired)))
    except (ValueError, OverflowError):
        pass
    raise ValueError("must be an instant such as 2026-01-31T09:00:00Z, or a date such as 2026-01-31")


def milliseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)


def zone_of(name: str | None) -> tzinfo:
    """The zone of that name; UTC where it is absent or unknown."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ValueError, OSError, KeyError):
        return UTC


def in_zone(bound: Bound, zone: tzinfo) -> ZonedBound:
    """The bound as a calendar of that zone sees it. Beyond the years 1 to 9999 it is the end of time there."""
    try:
        at_ms = bound.instant_in(zone)
        local = (EPOCH + timedelta(milliseconds=at_ms)).astimezone(zone)
    except (OverflowError, ValueError):
        return ZonedBound(bound.at_ms or 0, "9999-12-31" if (bound.at_ms or 0) > 0 else "0001-01-01", False)
    is_midnight = (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)
    return ZonedBound(at_ms, local.date().isoformat(), is_midnight)


def is_empty(time_min: Bound | None, time_max: Bound | None) -> bool:
    """Whether the window ends before it begins, dates taken as UTC."""
    if time_min is None or time_max is None:
        return False
    try:
        return time_min.instant_in(UTC) >= time_max.instant_in(UTC)
    except OverflowError:
        return False
