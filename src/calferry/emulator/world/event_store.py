"""Where versions of events are kept: each draws a change number and takes the place of the one before."""

from dataclasses import dataclass, field
from typing import Any

from calferry.emulator.world import when
from calferry.emulator.world.calendar import Calendar
from calferry.emulator.world.change_log import etag
from calferry.emulator.world.event import Event, html_link, ordered
from calferry.emulator.world.event_shape import WriteOptions, tidied
from calferry.emulator.world.people import Person
from calferry.emulator.world.world import World, events_resource

Json = dict[str, Any]

OF_THE_VERSION = frozenset({"kind", "etag", "htmlLink", "updated"})
SIGNIFICANT = ("start", "end", "recurrence", "location")


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes where and when (unix seconds), and under which switches."""

    world: World
    calendar: Calendar
    actor: Person
    now: float
    options: WriteOptions = field(default_factory=WriteOptions)


def organizer(calendar: Calendar) -> Json:
    """The calendar as the organizer of its own events."""
    if calendar.primary:
        return {"email": calendar.id, "self": True}
    return {"email": calendar.id, "displayName": calendar.summary, "self": True}


def is_organizer(calendar: Calendar, event: Event) -> bool:
    """Whether the event belongs to this calendar and not to somebody who invited it."""
    organizer = event.resource.get("organizer") or {"self": True}
    return bool(organizer.get("self")) or organizer.get("email") == calendar.id


def put(writer: Writer, resource: Json, former: Event | None) -> Event:
    """Stores a version of an event as the next change and tells the channels of its calendar."""
    event = stored(writer, resource, former)
    event_type = event.resource.get("eventType", "default")
    writer.world.channels.notify(events_resource(writer.calendar), writer.now, event_type)
    return event


def stored(writer: Writer, resource: Json, former: Event | None, updated_us: int = 0) -> Event:
    """Stores a version of an event without telling anybody.

    `updated_us`, microseconds since 1970, is the time of change that a seed claims; else it is now.
    """
    calendar = writer.calendar
    number = writer.world.log.next(writer.now, former.number if former else 0)
    kept = {"status": "confirmed", **tidied(resource, calendar)}
    if former:
        kept["sequence"] = _sequence(former.resource, kept)
    kept |= {
        "kind": "calendar#event",
        "etag": etag(updated_us or number),
        "htmlLink": html_link(kept["id"], calendar.id),
        "created": kept.get("created") or when.creation_timestamp(number),
        "updated": _updated(kept, former) or when.timestamp(updated_us or number),
    }
    event = Event(ordered(kept), number)
    _shelve(calendar, event, former)
    if former and former.is_series and former.is_cancelled and not event.is_cancelled:
        _bring_back_exceptions(writer, event)
    return event


def _bring_back_exceptions(writer: Writer, master: Event) -> None:
    """A series that is brought back has its exceptions again: each is a change of its own, so that deltas tell it."""
    for exception in writer.calendar.shelf.exceptions(master.id).values():
        stored(writer, exception.resource, exception)


def _updated(kept: Json, former: Event | None) -> str:
    """The former time of change where nothing but reminders differs, else empty.

    https://developers.google.com/calendar/api/v3/reference/events#updated
    """
    if former is None or former.master is not None:
        return ""
    old = former.resource
    changed = {name for name in {*kept, *old} - OF_THE_VERSION if kept.get(name) != old.get(name)}
    return str(old["updated"]) if changed == {"reminders"} else ""


def _sequence(old: Json, new: Json) -> int:
    """Raised by one when something changed that every guest has to know."""
    sequence: int = max(old.get("sequence", 0), new.get("sequence", 0))
    changed = any(old.get(name) != new.get(name) for name in SIGNIFICANT)
    return sequence + 1 if changed and sequence == old.get("sequence", 0) else sequence


def _shelve(calendar: Calendar, event: Event, former: Event | None) -> None:
    shelf = calendar.shelf
    shelf.put(event)
    calendar.events_number = event.number
    if former is None or former.master is not None:
        return
    if not former.is_series:
        if event.is_series:
            shelf.remember(former, event.number)
        return
    if any(
        former.resource.get(name) != event.resource.get(name) for name in ("start", "recurrence", "status")
    ):
        shelf.remember(former, event.number)
    if not event.is_cancelled:
        _drop_exceptions(calendar, event)


def _drop_exceptions(calendar: Calendar, master: Event) -> None:
    """Exceptions whose original start the series no longer has vanish without a tombstone."""
    exceptions = calendar.shelf.exceptions(master.id)
    if not exceptions:
        return
    latest = max(exceptions)
    starts = _suffixes_until(master, calendar.time_zone, latest) if master.is_series else set()
    for suffix, exception in exceptions.items():
        if suffix not in starts:
            calendar.shelf.forget(exception.id)


def _suffixes_until(master: Event, zone: str, latest: str) -> set[str]:
    found: set[str] = set()
    for occurrence in master.occurrences(zone):
        if occurrence.suffix > latest:
            break
        found.add(occurrence.suffix)
    return found
