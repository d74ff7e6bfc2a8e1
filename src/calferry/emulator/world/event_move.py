"""Move: an event changes its organizer, which is the calendar it lives on."""

from calferry.emulator import errors
from calferry.emulator.world import event_writes
from calferry.emulator.world.calendar import Calendar
from calferry.emulator.world.event import Event
from calferry.emulator.world.event_store import Writer, is_organizer, organizer, put


def move(source: Writer, destination: Writer, event: Event) -> Event:
    """Puts the event with its exceptions on the destination; answers the cancelled copy that stays behind."""
    _check(source.calendar, event)
    if destination.calendar.id == source.calendar.id:
        return event
    _check_room(destination.calendar, event)
    exceptions = list(source.calendar.shelf.exceptions(event.id).values())
    left = put(source, {**event.resource, "status": "cancelled"}, event)
    for moved in (event, *exceptions):
        resource = {**moved.resource, "organizer": organizer(destination.calendar)}
        creator = {key: value for key, value in resource.get("creator", {}).items() if key != "self"}
        if creator.get("email") == destination.calendar.id:
            creator["self"] = True
        event_writes.commit(
            destination, resource | {"creator": creator}, destination.calendar.shelf.stored(moved.id)
        )
    return left


def _check_room(calendar: Calendar, event: Event) -> None:
    """Refuses an id that another event of the destination has. The copy that a guest got of this event, and the
    cancelled one that an earlier move left behind, make way."""
    taken = calendar.shelf.stored(event.id)
    if taken is None:
        return
    is_same = taken.resource.get("iCalUID") == event.resource.get("iCalUID")
    if not is_same or (is_organizer(calendar, taken) and not taken.is_cancelled):
        raise errors.duplicate()


def _check(calendar: Calendar, event: Event) -> None:
    if event.is_cancelled:
        raise errors.not_found()
    if event.recurring_event_id:
        message = "Cannot change the organizer of an instance."
        raise errors.Refused(400, "calendar", "cannotChangeOrganizerOfInstance", message)
    event_type = event.resource.get("eventType", "default")
    if event_type != "default":
        raise errors.event_type_restriction(f"Attempt made to move '{event_type}' event.")
    if not is_organizer(calendar, event):
        message = "Cannot change the organizer of an event that another calendar organizes."
        raise errors.Refused(403, "calendar", "cannotChangeOrganizer", message)
