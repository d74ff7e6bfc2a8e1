"""Insert, update, patch, delete: each checks, stores a version and tells everybody concerned."""

from typing import Any

from calferry.emulator import errors
from calferry.emulator.world import conferences, dice, event_rules, event_types, mail
from calferry.emulator.world.event import Event
from calferry.emulator.world.event_shape import merged, tidied, writable
from calferry.emulator.world.event_store import Writer, is_organizer, organizer, put
from calferry.emulator.world.invitations import PRIVATE_TO_COPY, spread

Json = dict[str, Any]

KEPT = (
    "id", "created", "creator", "organizer", "iCalUID", "recurringEventId", "originalStartTime", "eventType",
    "hangoutLink", "conferenceData", "attachments", "gadget", "privateCopy", "locked", "sequence",
    "birthdayProperties", "eventLabelId",
)  # fmt: skip
LOCKED = ("summary", "description", "location", "start", "end", "recurrence")
SECRECY = {"public": 0, "default": 1, "private": 2, "confidential": 2}


def insert(writer: Writer, body: Json) -> Event:
    """A new event. Refuses a used id with 409 even if its event is deleted."""
    event_rules.check_field_types(body)
    fields = writable(body, writer.options)
    event_type = body.get("eventType", "default")
    event_rules.check_zone_of_series(fields)
    event_rules.check_event({**fields, "eventType": event_type}, writer.calendar.time_zone)
    fields = event_types.prepared(event_type, fields, writer.calendar)
    _check_inviting(writer, fields)
    event_id = _claimed_id(writer, body)
    resource = {**origin(writer, event_id, body), **fields, "eventType": event_type}
    return commit(writer, conferences.arranged(resource, {}, writer.world.dice), None)


def _check_inviting(writer: Writer, fields: Json) -> None:
    """A service account that speaks for nobody invites nobody."""
    invited = [
        guest["email"] for guest in fields.get("attendees") or () if guest["email"] != writer.actor.email
    ]
    if invited and writer.actor.is_service_account:
        message = "Service accounts cannot invite attendees without Domain-Wide Delegation of Authority."
        raise errors.Refused(403, "calendar", "forbiddenForServiceAccounts", message)


def _claimed_id(writer: Writer, body: Json) -> str:
    event_id = body.get("id")
    if not event_id:
        return dice.event_id(writer.world.dice)
    event_rules.check_client_id(event_id)
    if event_id in writer.calendar.shelf:
        raise errors.duplicate()
    return str(event_id)


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
    if fields.get("attendeesOmitted") and fields.get("attendees"):
        resource["attendees"] = _with_answers(event.resource.get("attendees", []), fields["attendees"])
        resource["attendeesOmitted"] = event.resource.get("attendeesOmitted", False)
    _check_locked(writer, event, resource)
    _check_organizer(writer, event, resource)
    _check_sequence(event, fields)
    if resource.get("status") != "cancelled":
        event_rules.check_zone_of_series(resource)
        event_rules.check_event(resource, writer.calendar.time_zone)
    event_types.check_edit(event, tidied(resource, writer.calendar))
    if "attendees" in fields:
        _check_inviting(writer, resource)
    if event.recurring_event_id and resource.get("visibility") != event.resource.get("visibility"):
        resource = _as_visible_as_its_series(writer, event, resource)
    return commit(writer, conferences.arranged(resource, event.resource, writer.world.dice), event)


def _as_visible_as_its_series(writer: Writer, event: Event, resource: Json) -> Json:
    """Hiding one occurrence hides the whole series; showing one shows nothing."""
    series = writer.calendar.shelf.stored(event.recurring_event_id or "")
    if series is None or series.is_cancelled:
        return resource
    wanted, known = (each.get("visibility", "default") for each in (resource, series.resource))
    if SECRECY.get(wanted, 0) > SECRECY.get(known, 0):
        commit(writer, {**series.resource, "visibility": wanted}, series)
        return resource
    return {**resource, "visibility": known}


def _check_locked(writer: Writer, event: Event, resource: Json) -> None:
    """The main fields of a locked copy stay as they are."""
    if not event.resource.get("locked") or resource.get("status") == "cancelled":
        return
    fresh = tidied(resource, writer.calendar)
    if any(fresh.get(name) != event.resource.get(name) for name in LOCKED):
        raise errors.forbidden()


def _with_answers(attendees: list[Json], changed: list[Json]) -> list[Json]:
    """All guests, with the entries that a body with `attendeesOmitted` brought."""
    fresh = {guest.get("email"): guest for guest in changed}
    return [{**guest, **fresh.get(guest["email"], {})} for guest in attendees]


def _check_sequence(event: Event, fields: Json) -> None:
    sent = fields.get("sequence")
    if sent is not None and sent < event.resource.get("sequence", 0):
        raise errors.invalid("Invalid sequence value.")


def _check_organizer(writer: Writer, event: Event, resource: Json) -> None:
    """A guest may change only what is private to the own copy, and the own answer."""
    old = event.resource
    if is_organizer(writer.calendar, event) or old.get("guestsCanModify") or old.get("privateCopy"):
        return
    fresh = tidied(resource, writer.calendar)
    if old.get("guestsCanInviteOthers", True) and fresh.get("attendees"):
        known = [guest["email"] for guest in old.get("attendees", ())]
        fresh["attendees"] = [guest for guest in fresh["attendees"] if guest["email"] in known]
    for name in {*old, *fresh} - PRIVATE_TO_COPY - {"status", "sequence", "attendeesOmitted"}:
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
    """Stores a version of an event and takes it to everybody else who has a copy of it."""
    event = put(writer, resource, former)
    spread(writer, event, former)
    mail.announce(writer, event, former)
    return event
