"""Busy times of calendars, merged, and nothing else about their events."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from calferry.emulator.world.calendar import Calendar
from calferry.emulator.world.event import Event
from calferry.emulator.world.expansion import instances_of

Span = tuple[int, int]


def busy(calendar: Calendar, time_min: int, time_max: int, now: float) -> list[Span]:
    """Merged busy spans in unix seconds, cut to the window."""
    spans = (event.span(calendar.time_zone) for event in _events(calendar, time_min, time_max, now))
    inside = ((max(start, time_min), min(end, time_max)) for start, end in spans)
    return merged_spans((start, end) for start, end in inside if start < end)


def _events(calendar: Calendar, time_min: int, time_max: int, now: float) -> Iterator[Event]:
    for event in calendar.shelf:
        if event.is_series:
            if not event.is_cancelled:
                yield from filter(_is_busy, instances_of(calendar, event, now, time_min, time_max))
        elif _is_busy(event) and not _comes_with_series(calendar, event):
            yield event


def _comes_with_series(calendar: Calendar, event: Event) -> bool:
    return calendar.shelf.stored(event.recurring_event_id or "") is not None


def _is_busy(event: Event) -> bool:
    """Cancelled, free and declined events take no time."""
    if event.is_cancelled or event.resource.get("transparency") == "transparent":
        return False
    own = (guest for guest in event.resource.get("attendees", ()) if guest.get("self"))
    return all(guest.get("responseStatus") != "declined" for guest in own)


def merged_spans(spans: Iterable[Span]) -> list[Span]:
    """Overlapping and touching spans as one, in order."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def utc_text(seconds: int) -> str:
    """As Google echoes the bounds of the question: UTC with milliseconds."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S}.000Z"
