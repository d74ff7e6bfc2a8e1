"""events.get, insert, update, patch and delete."""

from collections.abc import Callable

from calferry.emulator import errors
from calferry.emulator.call import NO_CONTENT, Answer, Call, Item, Json, Route
from calferry.emulator.routes import scopes
from calferry.emulator.world import event_writes
from calferry.emulator.world.calendar import Calendar, at_least
from calferry.emulator.world.event import Event
from calferry.emulator.world.event_shape import WriteOptions
from calferry.emulator.world.event_store import Writer
from calferry.emulator.world.visibility import BUSY, STUB, WHOLE, detail_shape

COLLECTION = "/calendar/v3/calendars/{calendarId}/events"
ONE = f"{COLLECTION}/{{eventId}}"


def get_event(call: Call) -> Answer:
    """Whoever sees only free and busy sees occurrences, never a series."""
    calendar, role = call.calendar()
    event = found_event(call, calendar)
    if event.is_series and detail_shape(event, role) == BUSY and not at_least(role, "reader"):
        raise errors.not_found()
    answer = answered(call, calendar, role, event)
    if call.header("if-none-match") == event.resource["etag"]:
        return Answer(status=304, headers=answer.headers)
    return answer


def insert_event(call: Call) -> Answer:
    writer, body = writer_of(call), call.json()
    if body.get("eventType") == "workingLocation":
        refuse_in_batch(call)
    event = event_writes.insert(writer, body)
    return answered(call, writer.calendar, "owner", event)


def update_event(call: Call) -> Answer:
    return _changed(call, event_writes.update)


def patch_event(call: Call) -> Answer:
    return _changed(call, event_writes.patch)


def _changed(call: Call, write: Callable[[Writer, Event, Json], Event]) -> Answer:
    writer = writer_of(call)
    event = writable_event(call, writer)
    if event.resource.get("eventType") == "workingLocation":
        refuse_in_batch(call)
    return answered(call, writer.calendar, "owner", write(writer, event, call.json()))


def refuse_in_batch(call: Call) -> None:
    """Working locations are not made or changed in batches: the guide to event types says so."""
    if call.batch_from is not None:
        raise errors.event_type_restriction("Attempt made to write a 'workingLocation' event in a batch.")


def delete_event(call: Call) -> Answer:
    writer = writer_of(call)
    event = writable_event(call, writer)
    event_writes.delete(writer, event)
    return Answer(status=NO_CONTENT)


def found_event(call: Call, calendar: Calendar) -> Event:
    """The event in the path as readers see it; 404 without one."""
    event = calendar.shelf.find(call.path["eventId"], calendar.id, calendar.time_zone)
    if event is None:
        raise errors.not_found()
    return calendar.shelf.as_seen(event)


def writable_event(call: Call, writer: Writer) -> Event:
    """The event in the path. Refuses stale etags, private events to those who may not see them, and a second
    write to one event within a batch."""
    event = found_event(call, writer.calendar)
    if call.batch_from is not None and event.number > call.batch_from:
        raise errors.conflict()
    if detail_shape(event, writer.calendar.role_of(writer.actor.email)) != WHOLE:
        raise errors.required_access_level()
    check_if_match(call, event)
    return event


def check_if_match(call: Call, event: Event) -> None:
    """Refuses a write to a version that the caller has not seen with 412."""
    if not call.may_write_over(event.resource["etag"]):
        raise errors.condition_not_met()


def writer_of(call: Call) -> Writer:
    """The right to write. Refuses readers with 403."""
    calendar, role = call.calendar()
    actor = call.caller()
    if not at_least(role, "writerWithoutPrivateAccess"):
        raise errors.required_access_level()
    options = WriteOptions(
        conference_data_version=int(call.query.text("conferenceDataVersion", "0")),
        supports_attachments=call.query.boolean("supportsAttachments"),
        event_label_version=int(call.query.text("eventLabelVersion", "0")),
        send_updates=_send_updates(call),
    )
    return Writer(call.world, calendar, actor, call.now, options)


def _send_updates(call: Call) -> str:
    """Who hears of a write by mail; the older switch counts where the newer one is not given. An import tells
    nobody."""
    if call.method == "events.import":
        return "none"
    everybody = "all" if call.query.boolean("sendNotifications") else "none"
    return call.query.text("sendUpdates") or everybody


def answered(call: Call, calendar: Calendar, role: str, event: Event) -> Answer:
    """One event in the shape that the role allows, with its etag."""
    zone = call.query.zone("timeZone") or calendar.time_zone
    attendees_max = call.query.optional_integer("maxAttendees")
    shape = detail_shape(event, role)
    if event.is_cancelled and event.recurring_event_id and call.request.method == "GET":
        shape = STUB
    resource = Item(event, shape, zone, attendees_max).resource()
    return Answer(resource, headers={"ETag": event.resource["etag"]})


ROUTES = (
    Route("GET", ONE, "events.get", get_event, scopes.EVENTS_READ, public=True),
    Route("POST", COLLECTION, "events.insert", insert_event, scopes.EVENTS_WRITE),
    Route("PUT", ONE, "events.update", update_event, scopes.EVENTS_WRITE),
    Route("PATCH", ONE, "events.patch", patch_event, scopes.EVENTS_WRITE),
    Route("DELETE", ONE, "events.delete", delete_event, scopes.EVENTS_WRITE),
)
