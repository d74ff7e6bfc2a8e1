"""Import: a private copy of an event that somebody else's calendar system made."""

import base64
from typing import Any

from calferry.emulator import errors
from calferry.emulator.world import event_rules, event_writes
from calferry.emulator.world.calendar import Calendar
from calferry.emulator.world.event import Event
from calferry.emulator.world.event_shape import writable
from calferry.emulator.world.event_store import Writer
from calferry.emulator.world.visibility import WHOLE, detail_shape

Json = dict[str, Any]


def import_event(writer: Writer, body: Json) -> Event:
    """The imported event. An event with the same UID is brought up to date, unless the import is older or its
    writer may not see that event."""
    body = {**body, "eventType": "default"}
    event_rules.check_field_types(body)
    uid = body.get("iCalUID")
    if not uid:
        raise errors.required("Missing iCalUID.")
    fields = writable(body, writer.options)
    event_rules.check_zone_of_series(fields)
    event_rules.check_event({**fields, "eventType": "default"}, writer.calendar.time_zone)
    organizer = _organizer(writer.calendar, body)
    former = same_uid(writer.calendar, uid)
    if former:
        _check_former(writer, former, fields)
    event_id = former.id if former else _id(writer.calendar, body, uid)
    origin = event_writes.origin(writer, event_id, body)
    if organizer:
        origin |= {"organizer": organizer, "privateCopy": True}
    return event_writes.commit(writer, {**origin, **fields, "eventType": "default"}, former)


def _check_former(writer: Writer, former: Event, fields: Json) -> None:
    if detail_shape(former, writer.calendar.role_of(writer.actor.email)) != WHOLE:
        raise errors.required_access_level()
    known = former.resource.get("sequence", 0)
    if fields.get("sequence", known) < known:
        raise errors.invalid("Invalid sequence value.")


def same_uid(calendar: Calendar, uid: str) -> Event | None:
    """The event or series with this UID; exceptions share it and do not count."""
    for event in calendar.shelf:
        if event.resource.get("iCalUID") == uid and not event.recurring_event_id:
            return event
    return None


def _id(calendar: Calendar, body: Json, uid: str) -> str:
    """The client's id, or an underscore and the UID in base32hex."""
    event_id = body.get("id")
    if event_id:
        event_rules.check_client_id(event_id)
    else:
        event_id = "_" + base64.b32hexencode(uid.encode()).decode().rstrip("=").lower()
    if event_id in calendar.shelf:
        raise errors.duplicate()
    return str(event_id)


def _organizer(calendar: Calendar, body: Json) -> Json | None:
    """The foreign organizer, None if the calendar organizes. Refuses events that do not concern its owner."""
    given = body.get("organizer") or {}
    email = given.get("email") or calendar.id
    if not isinstance(email, str):
        raise errors.invalid("Invalid value for: organizer.email")
    guests = {str(guest.get("email", "")).lower() for guest in body.get("attendees") or ()}
    if email.lower() == calendar.id.lower():
        return None
    if calendar.id.lower() not in guests:
        message = "The owner of the calendar must either be the organizer or an attendee of an event that is imported."
        raise errors.Refused(400, "global", "participantIsNeitherOrganizerNorAttendee", message)
    name = given.get("displayName")
    return {"email": email} | ({"displayName": name} if isinstance(name, str) else {})
