"""Many series and stored events in a window, in the order of their starts."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import repeat
from operator import itemgetter

from calferry.core.recurrence.offsets import DAY, EARLIEST, LATEST, clamped, to_instants
from calferry.core.recurrence.series import NONE_REPLACED, Series
from calferry.core.recurrence.stamps import day_stamps, time_stamps

STORED = -1
SLICE_FACTOR = 4

Instance = tuple[int, int, str, int, int, int]
"""Start and, fourth, end as instants (an all-day one begins at midnight in its calendar's zone); rank of the calendar;
event id; the index of its source, or `STORED`; the start as its own series counts it."""
Place = tuple[int, int, str]
"""The first three of an instance: no two have the same."""
place_of = itemgetter(0, 1, 2)


@dataclass(frozen=True, slots=True)
class Span:
    """Instants. What ends after `low` and begins before `high` lies in it."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Source:
    """A series of a calendar. `replaced` holds the starts of which the calendar says something else."""

    rank: int
    event_id: str
    series: Series
    span: Span
    days_zone: tzinfo
    replaced: frozenset[int] | set[int] = NONE_REPLACED


def expand(
    sources: Sequence[Source], stored: Sequence[Instance], at_most: int, after: Place | None = None
) -> list[Instance]:
    """The first `at_most` instances behind `after`, in order. `stored` is ascending and has been chosen already.

    Works through the spans slice by slice, so that a short answer costs little however long they are.
    """
    found: list[Instance] = []
    low = min((source.span.low for source in sources), default=LATEST)
    high = max((source.span.high for source in sources), default=EARLIEST)
    begin = end = clamped(after[0]) if after else EARLIEST
    days = max(1, at_most // max(1, sum(source.series.times_a_day for source in sources)))
    while len(found) < at_most and begin < LATEST:
        end = clamped(max(end, low) + days * DAY)
        end = end if end < high else LATEST
        part = of_slice(sources, begin, end)
        part += stored[bisect_left(stored, (begin,)) : bisect_left(stored, (end,))]
        part.sort()
        found += part[bisect_right(part, after, key=place_of) :] if after else part
        begin, days = end, days * SLICE_FACTOR
    return found[:at_most]


def takes_place(series: Series, span: Span, days_zone: tzinfo) -> bool:
    """Whether any occurrence lies in the span."""
    return bool(expand([Source(0, "", series, span, days_zone)], (), 1))


def of_slice(sources: Sequence[Source], begin: int, end: int) -> list[Instance]:
    """Unsorted instances that begin in the slice."""
    found: list[Instance] = []
    for index, source in enumerate(sources):
        until = min(end, source.span.high)
        if begin < until:
            find = timed if source.series.zone else all_day
            found += find(source, index, begin, until)
    return found


def timed(source: Source, index: int, begin: int, end: int) -> list[Instance]:
    duration, rank, prefix = source.series.duration, source.rank, source.event_id + "_"
    starts = source.series.starts_between(max(begin, source.span.low - duration + 1), end, source.replaced)
    return [
        (
            start,
            rank,
            f"{prefix}{day_stamps[start // DAY]}T{time_stamps[start % DAY]}Z",
            start + duration,
            index,
            start,
        )
        for start in starts
    ]


def all_day(source: Source, index: int, begin: int, end: int) -> list[Instance]:
    duration, zone, prefix = source.series.duration, source.days_zone, source.event_id + "_"
    low = source.span.low
    earliest = max(begin, low - duration) - 2 * DAY
    own = source.series.starts_between(earliest, end + 2 * DAY, source.replaced)
    starts, ends = to_instants(zone, own), to_instants(zone, [wall + duration for wall in own])
    return [
        (start, source.rank, prefix + day_stamps[wall // DAY], until, index, wall)
        for start, until, wall, index in zip(starts, ends, own, repeat(index), strict=False)
        if begin <= start < end and until > low
    ]
