"""Series into instances, and the instances that a changed series no longer has."""

from collections import deque
from collections.abc import Iterator

from calferry.emulator.world.calendar import Calendar
from calferry.emulator.world.event import Event, instance, ordered
from calferry.emulator.world.recurrence import Occurrence

INSTANCES_AHEAD_MAX = 730
INSTANCES_MAX = 20_000
CANCELLED_AHEAD_S = 183 * 86_400


def instances_of(
    calendar: Calendar, master: Event, now: float, time_min: int | None, time_max: int | None
) -> Iterator[Event]:
    """The instances of a series, exceptions in their place, cancelled ones included.

    With `time_max` (unix seconds) the series ends there; without one an endless series goes on for 730
    instances after `time_min` or now, whichever is later. What lies before `time_min` is left out, except
    for exceptions, which may have been moved anywhere. Of more than 20,000 instances the last ones are told.
    """
    exceptions = calendar.shelf.exceptions(master.id)
    start_at, end_at = master.span(calendar.time_zone)
    earliest = None if time_min is None else time_min - (end_at - start_at) - 7200
    horizon = Horizon(time_max, max(now, time_min or 0))
    told: deque[Occurrence] = deque(maxlen=INSTANCES_MAX)
    for occurrence in master.occurrences(calendar.time_zone):
        if horizon.is_behind(occurrence):
            break
        if earliest is not None and occurrence.start_at < earliest:
            continue
        if occurrence.suffix not in exceptions:
            told.append(occurrence)
    for occurrence in told:
        yield instance(master, occurrence, calendar.id, calendar.time_zone)
    yield from exceptions.values()


class Horizon:
    """How far a series is followed."""

    def __init__(self, time_max: int | None, counted_from: float) -> None:
        self._time_max = time_max
        self._counted_from = counted_from
        self._ahead = 0

    def is_behind(self, occurrence: Occurrence) -> bool:
        """Whether this occurrence, and with it every later one, lies beyond the horizon."""
        if self._time_max is not None:
            return occurrence.start_at >= self._time_max
        if occurrence.start_at > self._counted_from:
            self._ahead += 1
        return self._ahead > INSTANCES_AHEAD_MAX


def dropped_instances(calendar: Calendar, master: Event, since: int, now: float) -> Iterator[Event]:
    """Cancelled instances for occurrences that a series had after change `since` and has lost.

    Only occurrences up to half a year ahead are told, as Google does: later ones vanish unmentioned. The single event
    that a series once was is told as gone, too.
    """
    limit = int(now) + CANCELLED_AHEAD_S
    kept = _suffixes(calendar, master, limit) if master.is_series and not master.is_cancelled else set()
    told = set(kept)
    for former in _versions_since(calendar, master, since):
        if not former.is_series:
            if master.is_series:
                yield Event(ordered({**former.resource, "status": "cancelled"}), master.number)
            continue
        for occurrence in former.occurrences(calendar.time_zone):
            if occurrence.start_at > limit:
                break
            if occurrence.suffix not in told:
                told.add(occurrence.suffix)
                yield cancelled_instance(former, occurrence, calendar, master.number)


def _suffixes(calendar: Calendar, master: Event, limit: int) -> set[str]:
    found: set[str] = set()
    for occurrence in master.occurrences(calendar.time_zone):
        if occurrence.start_at > limit:
            break
        found.add(occurrence.suffix)
    return found


def _versions_since(calendar: Calendar, master: Event, since: int) -> Iterator[Event]:
    """Former versions whose occurrences somebody who synced at `since` may have seen."""
    for former, until in calendar.shelf.history.get(master.id, ()):
        if until > since and not (former.is_series and former.is_cancelled):
            yield former


def cancelled_instance(former: Event, occurrence: Occurrence, calendar: Calendar, number: int) -> Event:
    lost = instance(former, occurrence, calendar.id, calendar.time_zone)
    return Event(ordered({**lost.resource, "status": "cancelled"}), number, former)
