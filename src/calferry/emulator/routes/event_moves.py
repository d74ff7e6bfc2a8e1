"""events.import, events.move and events.quickAdd: other ways for an event to come to a calendar."""

from calferry.emulator import errors
from calferry.emulator.call import Answer, Call, Route
from calferry.emulator.routes import scopes
from calferry.emulator.routes.events import COLLECTION, ONE, answered, writable_event, writer_of
from calferry.emulator.world import event_import, event_move, event_writes, quick_add, settings
from calferry.emulator.world.calendar import at_least
from calferry.emulator.world.event_store import Writer


def import_event(call: Call) -> Answer:
    writer = writer_of(call)
    event = event_import.import_event(writer, call.json())
    return answered(call, writer.calendar, "owner", event)


def move_event(call: Call) -> Answer:
    writer = writer_of(call)
    event = writable_event(call, writer)
    calendar, role = call.world.calendar(call.query.text("destination"), writer.actor.email)
    if not at_least(role, "writerWithoutPrivateAccess"):
        raise errors.required_access_level()
    destination = Writer(call.world, calendar, writer.actor, call.now, writer.options)
    moved = event_move.move(writer, destination, event)
    return answered(call, writer.calendar, "owner", moved)


def quick_add_event(call: Call) -> Answer:
    writer = writer_of(call)
    text = call.query.text("text")
    if not text.strip():
        raise errors.required("Required", ("parameter", "text"))
    length = int(settings.value_of(writer.actor, "defaultEventLength"))
    body = quick_add.parsed(text, call.now, writer.calendar.time_zone, length)
    return answered(call, writer.calendar, "owner", event_writes.insert(writer, body))


ROUTES = (
    Route("POST", f"{COLLECTION}/import", "events.import", import_event, scopes.EVENTS_WRITE),
    Route("POST", f"{ONE}/move", "events.move", move_event, scopes.EVENTS_MOVE),
    Route("POST", f"{COLLECTION}/quickAdd", "events.quickAdd", quick_add_event, scopes.EVENTS_WRITE),
)
