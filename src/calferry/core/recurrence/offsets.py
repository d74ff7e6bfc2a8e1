"""Offsets of zones from UTC, kept as tables: an instant costs a comparison, not a look into the zone."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = 86_400
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
YEAR_MIN, YEAR_MAX = 3, 9_997
"""Years that can be computed with, whatever the offset."""
YEARS_KEPT = 4_096

Shift = tuple[int, int, int]
"""The instant of a change, and the offsets before and after it."""


def day_number(year: int, month: int, day: int) -> int:
    return date(year, month, day).toordinal() - EPOCH_ORDINAL


EARLIEST, LATEST = day_number(YEAR_MIN, 1, 1) * DAY, day_number(YEAR_MAX, 1, 1) * DAY


def clamped(instant: int) -> int:
    """The instant, or the first or last one that can be computed with."""
    return min(max(instant, EARLIEST), LATEST)


def year_of(seconds: int) -> int:
    return date.fromordinal(seconds // DAY + EPOCH_ORDINAL).year


def zone_named(name: str) -> tzinfo:
    """The zone of that IANA name. Raises ValueError for any other text."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise ValueError(f"{name!r} is no time zone") from None


def offset_at(zone: tzinfo, instant: int) -> int:
    """Seconds east of UTC."""
    offset = (EPOCH + timedelta(seconds=instant)).astimezone(zone).utcoffset()
    return 0 if offset is None else offset // timedelta(seconds=1)


def to_wall(zone: tzinfo, instant: int) -> int:
    return instant + offset_at(zone, instant)


def to_instants(zone: tzinfo, walls: Sequence[int]) -> list[int]:
    """The instant of each of these ascending walls.

    A wall that clocks show twice is the first of both; one that they skip is read with the offset before the change
    (RFC 5545, section 3.3.5). So a few may come out equal, or out of order.
    """
    if not walls:
        return []
    first, last = year_of(walls[0] - 2 * DAY), year_of(walls[-1] + 2 * DAY)
    offset, _ = shifts_of_year(zone, first)
    found: list[int] = []
    done = 0
    for year in range(first, last + 1):
        for at, before, after in shifts_of_year(zone, year)[1]:
            until = bisect_left(walls, at + max(before, after), done)
            found += [wall - before for wall in walls[done:until]]
            done, offset = until, after
    found += [wall - offset for wall in walls[done:]]
    return found


@lru_cache(YEARS_KEPT)
def shifts_of_year(zone: tzinfo, year: int) -> tuple[int, tuple[Shift, ...]]:
    """The offset in which a year begins in UTC, and its changes: found by asking day by day, then by halving."""
    first = day_number(year, 1, 1)
    before = begins_with = offset_at(zone, first * DAY)
    shifts: list[Shift] = []
    for day in range(first, day_number(year + 1, 1, 1)):
        after = offset_at(zone, (day + 1) * DAY)
        if after != before:
            shifts.append((moment_of_change(zone, day * DAY, (day + 1) * DAY, before), before, after))
            before = after
    return begins_with, tuple(shifts)


def moment_of_change(zone: tzinfo, low: int, high: int, before: int) -> int:
    """The first instant after `low` whose offset is not `before`; that of `high` is not."""
    while high - low > 1:
        middle = (low + high) // 2
        if offset_at(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high
