"""What `events.list` and `events.instances` find: filters, deltas, order."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from calferry.emulator.world import when
from calferry.emulator.world.calendar import Calendar, at_least
from calferry.emulator.world.event import Event
from calferry.emulator.world.expansion import dropped_instances, instances_of
from calferry.emulator.world.visibility import WHOLE, detail_shape

Json = dict[str, Any]

FAR = 1 << 62


@dataclass(frozen=True, slots=True)
class EventQuery:
    """A listing as asked for. Times are unix seconds; `since` is the change number of a sync token, and `role` that
    of whoever asks: details that it does not show are not searched either."""

    single_events: bool = False
    show_deleted: bool = False
    order_by: str = ""
    time_min: int | None = None
    time_max: int | None = None
    updated_min: int | None = None
    q: str = ""
    ical_uid: str = ""
    private_properties: tuple[tuple[str, str], ...] = ()
    shared_properties: tuple[tuple[str, str], ...] = ()
    event_types: frozenset[str] = frozenset()
    since: int | None = None
    hides_unanswered: bool = False
    role: str = "owner"

    @property
    def is_resumable(self) -> bool:
        """Whether Google ends such a listing with a sync token."""
        narrowed = self.q or self.ical_uid or self.private_properties or self.shared_properties
        return not (narrowed or self.updated_min is not None or self.order_by == "startTime")


def select(calendar: Calendar, query: EventQuery, now: float) -> list[Event]:
    """The events that a listing returns, in its order."""
    if query.since is not None:
        found = _delta(calendar, query, now)
    else:
        found = (event for event in _candidates(calendar, query, now) if _is_shown(calendar, event, query))
    keep = _filter(calendar, query)
    return _sorted([event for event in found if keep(event)], calendar, query)


def _candidates(calendar: Calendar, query: EventQuery, now: float) -> Iterator[Event]:
    if not query.single_events:
        yield from calendar.shelf
        return
    for event in calendar.shelf:
        if event.is_series:
            if not event.is_cancelled:
                yield from instances_of(calendar, event, now, query.time_min, query.time_max)
        elif not _belongs_to_series(calendar, event):
            yield event


def _belongs_to_series(calendar: Calendar, event: Event) -> bool:
    """Whether an event is an exception that its series yields by itself."""
    parent = calendar.shelf.stored(event.recurring_event_id or "")
    return parent is not None and parent.is_series


def _is_shown(calendar: Calendar, event: Event, query: EventQuery) -> bool:
    """Rules for cancelled events in a listing without a sync token."""
    if query.show_deleted or query.updated_min is not None:
        return True
    if calendar.shelf.is_orphaned(event):
        return False
    return not event.is_cancelled or (event.recurring_event_id is not None and not query.single_events)


def _delta(calendar: Calendar, query: EventQuery, now: float) -> Iterator[Event]:
    since = query.since or 0
    if not query.single_events:
        yield from calendar.shelf.since(since)
        return
    told: set[str] = set()
    for event in _instances_since(calendar, since, now):
        if event.id not in told:
            told.add(event.id)
            yield event


def _instances_since(calendar: Calendar, since: int, now: float) -> Iterator[Event]:
    """What changed, expanded. An exception that was cancelled with its series comes twice."""
    for event in calendar.shelf.since(since):
        if event.is_series or event.id in calendar.shelf.history:
            yield from _expanded_delta(calendar, event, since, now)
        elif not _moved_with_series(calendar, event, since):
            yield event


def _expanded_delta(calendar: Calendar, master: Event, since: int, now: float) -> Iterator[Event]:
    if master.is_series and not master.is_cancelled:
        yield from instances_of(calendar, master, now, None, None)
    elif not master.is_series:
        yield master
    yield from dropped_instances(calendar, master, since, now)


def _moved_with_series(calendar: Calendar, event: Event, since: int) -> bool:
    """Whether the series of this exception is in the same delta and brings it along."""
    parent = calendar.shelf.stored(event.recurring_event_id or "")
    return parent is not None and parent.number > since and parent.is_series and not parent.is_cancelled


def _filter(calendar: Calendar, query: EventQuery) -> Callable[[Event], bool]:
    """All conditions that the query states, as one function."""
    tests: list[Callable[[Event], bool]] = []
    if query.time_min is not None or query.time_max is not None:
        tests.append(_in_window(calendar, query))
    if query.updated_min is not None:
        oldest = when.timestamp(query.updated_min * 1_000_000)
        tests.append(lambda event: str(event.resource.get("updated", "")) >= oldest)
    if query.ical_uid:
        tests.append(lambda event: bool(event.resource.get("iCalUID") == query.ical_uid))
    if query.event_types:
        tests.append(lambda event: event.resource.get("eventType", "default") in query.event_types)
    if query.hides_unanswered:
        tests.append(lambda event: not _is_unanswered(event))
    if query.q or query.private_properties or query.shared_properties:
        tests.append(lambda event: detail_shape(event, query.role) == WHOLE)
    if query.q:
        words = query.q.casefold().split()
        tests.append(lambda event: _mentions(event.resource, words))
    for group, pairs in (("private", query.private_properties), ("shared", query.shared_properties)):
        tests.extend(_has_property(group, name, value) for name, value in pairs)
    if len(tests) == 1:
        return tests[0]
    return lambda event: all(test(event) for test in tests)


def _is_unanswered(event: Event) -> bool:
    """Whether the owner of the calendar is invited to an event and has not said anything yet."""
    own = [guest for guest in event.resource.get("attendees", ()) if guest.get("self")]
    return any(guest.get("responseStatus") == "needsAction" and not guest.get("organizer") for guest in own)


def _has_property(group: str, name: str, value: str) -> Callable[[Event], bool]:
    def test(event: Event) -> bool:
        return bool(event.resource.get("extendedProperties", {}).get(group, {}).get(name) == value)

    return test


def _in_window(calendar: Calendar, query: EventQuery) -> Callable[[Event], bool]:
    low = query.time_min if query.time_min is not None else -FAR
    high = query.time_max if query.time_max is not None else FAR

    def overlaps(event: Event) -> bool:
        start_at, end_at = event.span(calendar.time_zone)
        return end_at > low and start_at < high

    def test(event: Event) -> bool:
        if overlaps(event) or not event.is_series or event.span(calendar.time_zone)[0] >= high:
            return overlaps(event)
        length = event.span(calendar.time_zone)[1] - event.span(calendar.time_zone)[0]
        for occurrence in event.occurrences(calendar.time_zone):
            if occurrence.start_at >= high:
                return False
            if occurrence.start_at + length > low:
                return True
        return False

    return test


def _mentions(resource: Json, words: Iterable[str]) -> bool:
    people = [resource.get("organizer", {}), *resource.get("attendees", ())]
    place = resource.get("workingLocationProperties", {})
    texts = [resource.get(name, "") for name in ("summary", "description", "location")]
    texts += [person.get(name, "") for person in people for name in ("displayName", "email")]
    texts += [str(text) for part in place.values() if isinstance(part, dict) for text in part.values()]
    haystack = "\n".join(texts).casefold()
    return all(word in haystack for word in words)


def _sorted(events: list[Event], calendar: Calendar, query: EventQuery) -> list[Event]:
    if query.order_by == "startTime":
        return sorted(events, key=lambda event: (event.span(calendar.time_zone)[0], event.id))
    if query.order_by == "updated":
        return sorted(events, key=lambda event: (event.resource.get("updated", ""), event.number))
    return events


def effective(query_single_events: bool, role: str) -> bool:
    """Whoever sees only free and busy always gets instances."""
    return query_single_events or not at_least(role, "reader")
