"""Insert, update, patch, delete: each checks, draws a change number, stores a version and notifies."""

from dataclasses import dataclass, field
from typing import Any

from calferry.emulator import errors
from calferry.emulator.world import dice, event_rules, when
from calferry.emulator.world.calendar import Calendar
from calferry.emulator.world.change_log import etag
from calferry.emulator.world.event import Event, html_link, ordered
from calferry.emulator.world.event_shape import WriteOptions, merged, tidied, writable
from calferry.emulator.world.people import Person
from calferry.emulator.world.world import World, events_resource

Json = dict[str, Any]

SIGNIFICANT = ("start", "end", "recurrence", "location")
PRIVATE_TO_COPY = frozenset({"colorId", "transparency", "visibility", "reminders"})
KEPT = (
    "id", "created", "creator", "organizer", "iCalUID", "recurringEventId", "originalStartTime", "eventType",
    "hangoutLink", "conferenceData", "attachments", "gadget", "privateCopy", "locked", "sequence",
)  # fmt: skip
TYPE_NAMES_FIXED = ("fromGmail",)


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes where and when (unix seconds), and under which switches."""

    world: World
    calendar: Calendar
    actor: Person
    now: float
    options: WriteOptions = field(default_factory=WriteOptions)


def insert(writer: Writer, body: Json) -> Event:
    """A new event. Refuses a used id with 409 even if its event is deleted."""
    event_rules.check_field_types(body)
    fields = writable(body, writer.options)
    event_type = body.get("eventType", "default")
    if event_type in TYPE_NAMES_FIXED:
        raise errors.event_type_restriction(f"Attempt made to create '{event_type}' event.")
    event_rules.check_zone_of_series(fields)
    event_rules.check_event({**fields, "eventType": event_type}, writer.calendar.time_zone)
    event_id = _claimed_id(writer, body)
    resource = {**origin(writer, event_id, body), **fields, "eventType": event_type}
    return commit(writer, resource, None)


def _claimed_id(writer: Writer, body: Json) -> str:
    event_id = body.get("id")
    if not event_id:
        return dice.event_id(writer.world.dice)
    event_rules.check_client_id(event_id)
    if event_id in writer.calendar.shelf:
        raise errors.duplicate()
    return str(event_id)


def organizer(calendar: Calendar) -> Json:
    """The calendar as the organizer of its own events."""
    if calendar.primary:
        return {"email": calendar.id, "self": True}
    return {"email": calendar.id, "displayName": calendar.summary, "self": True}


def origin(writer: Writer, event_id: str, body: Json) -> Json:
    """The fields that say where an event comes from, and the defaults that answers show."""
    calendar, actor = writer.calendar, writer.actor
    creator: Json = {"email": actor.email}
    if actor.email == calendar.id:
        creator["self"] = True
    return {
        "id": event_id,
        "status": "confirmed",
        "creator": creator,
        "organizer": organizer(calendar),
        "iCalUID": body.get("iCalUID") or f"{event_id}@google.com",
        "sequence": 0,
        "reminders": {"useDefault": True},
    }


def update(writer: Writer, event: Event, body: Json) -> Event:
    """PUT: everything writable that the body leaves out goes back to its default."""
    event_rules.check_field_types(body)
    fields = writable(body, writer.options)
    kept = {name: event.resource[name] for name in KEPT if name in event.resource}
    resource = {**kept, "status": "confirmed", "reminders": {"useDefault": True}, **fields}
    return _replace(writer, event, resource, fields)


def patch(writer: Writer, event: Event, body: Json) -> Event:
    """PATCH: fields given replace, objects merge, null clears."""
    event_rules.check_field_types(body)
    change = writable(body, writer.options)
    return _replace(writer, event, merged(event.resource, change), change)


def _replace(writer: Writer, event: Event, resource: Json, fields: Json) -> Event:
    if event.recurring_event_id:
        resource.pop("recurrence", None)
    _check_organizer(writer, event, resource)
    _check_sequence(event, fields)
    if resource.get("status") != "cancelled":
        event_rules.check_zone_of_series(resource)
        event_rules.check_event(resource, writer.calendar.time_zone)
    return commit(writer, resource, event)


def _check_sequence(event: Event, fields: Json) -> None:
    sent = fields.get("sequence")
    if sent is not None and sent < event.resource.get("sequence", 0):
        raise errors.invalid("Invalid sequence value.")


def is_organizer(calendar: Calendar, event: Event) -> bool:
    """Whether the event belongs to this calendar and not to somebody who invited it."""
    organizer = event.resource.get("organizer") or {"self": True}
    return bool(organizer.get("self")) or organizer.get("email") == calendar.id


def _check_organizer(writer: Writer, event: Event, resource: Json) -> None:
    """A guest may change only what is private to the own copy, and the own answer."""
    old = event.resource
    if is_organizer(writer.calendar, event) or old.get("guestsCanModify"):
        return
    fresh = tidied(resource, writer.calendar)
    for name in {*old, *fresh} - PRIVATE_TO_COPY - {"status", "sequence"}:
        if _shared(name, old.get(name)) != _shared(name, fresh.get(name)):
            raise errors.forbidden_for_non_organizer()


def _shared(name: str, value: Any) -> Any:
    """The part of a field that belongs to the organizer."""
    if name == "attendees" and value:
        return [attendee for attendee in value if not attendee.get("self")]
    if name == "extendedProperties" and value:
        return value.get("shared")
    if name in ("etag", "updated", "htmlLink", "kind"):
        return None
    return value


def delete(writer: Writer, event: Event) -> Event:
    """Cancels an event, a whole series or one occurrence. Refuses what is already cancelled with 410."""
    if event.is_cancelled or writer.calendar.shelf.is_orphaned(event):
        raise errors.deleted()
    return commit(writer, {**event.resource, "status": "cancelled"}, event)


def commit(writer: Writer, resource: Json, former: Event | None) -> Event:
    """Stores a version of an event as the next change and tells the channels of its calendar."""
    event = stored(writer, resource, former)
    writer.world.channels.notify(events_resource(writer.calendar), writer.now)
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
        "updated": when.timestamp(updated_us or number),
    }
    event = Event(ordered(kept), number)
    _shelve(calendar, event, former)
    return event


def _sequence(old: Json, new: Json) -> int:
    """Raised by one when something changed that every guest has to know."""
    sequence: int = max(old.get("sequence", 0), new.get("sequence", 0))
    changed = any(old.get(name) != new.get(name) for name in SIGNIFICANT)
    return sequence + 1 if changed and sequence == old.get("sequence", 0) else sequence


def _shelve(calendar: Calendar, event: Event, former: Event | None) -> None:
    shelf = calendar.shelf
    shelf.put(event)
    calendar.events_number = event.number
    if former is None or former.master is not None or not former.is_series:
        return
    if any(
        former.resource.get(name) != event.resource.get(name) for name in ("start", "recurrence", "status")
    ):
        shelf.remember(former)
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
