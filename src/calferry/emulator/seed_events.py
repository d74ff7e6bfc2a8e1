"""Events of a seed: taken as they are, completed only where Google always has a value."""

from collections.abc import Iterable
from typing import Any

from calferry.emulator.errors import Refused
from calferry.emulator.world import dice, event_rules, event_writes, when
from calferry.emulator.world.calendar import Calendar
from calferry.emulator.world.event import suffix_of
from calferry.emulator.world.event_store import Writer, stored
from calferry.emulator.world.people import Person
from calferry.emulator.world.world import World

Json = dict[str, Any]


def plant(world: World, calendar: Calendar, events: Iterable[Json], now: float) -> None:
    """Puts events on a calendar's shelf, in order, without notifying anybody. Raises ValueError."""
    actor = world.people.get(calendar.owner) or Person(calendar.owner)
    writer = Writer(world, calendar, actor, now)
    for event in events:
        _plant_one(writer, event)


def _plant_one(writer: Writer, event: Json) -> None:
    if not isinstance(event, dict):
        raise ValueError(f"an event of {writer.calendar.id} is not an object: {event!r}")
    fields = _with_id(writer, event)
    try:
        if fields.get("status") != "cancelled":
            event_rules.check_event(_with_end(fields), writer.calendar.time_zone)
    except Refused as refused:
        where = fields.get("summary") or fields["id"]
        raise ValueError(f"event {where!r} of {writer.calendar.id}: {refused.message}") from refused
    former = writer.calendar.shelf.stored(fields["id"])
    stored(writer, _completed(writer, _with_end(fields)), former, _updated_us(fields))


def _updated_us(fields: Json) -> int:
    """Microseconds of the `updated` that the seed gives, 0 if it gives none."""
    if not fields.get("updated"):
        return 0
    whole, _, fraction = str(fields["updated"]).rstrip("Z").partition(".")
    seconds = int(when.parse_date_time(whole + "Z").timestamp())
    return seconds * 1_000_000 + int((fraction + "000000")[:6])


def _with_id(writer: Writer, event: Json) -> Json:
    if event.get("id"):
        return event
    parent, original = event.get("recurringEventId"), event.get("originalStartTime")
    if parent and original:
        return {**event, "id": f"{parent}_{suffix_of(original)}"}
    return {**event, "id": dice.event_id(writer.world.dice)}


def _with_end(fields: Json) -> Json:
    """An event without an end ends where it starts."""
    return fields if "end" in fields or "start" not in fields else {**fields, "end": fields["start"]}


def _completed(writer: Writer, fields: Json) -> Json:
    origin = event_writes.origin(writer, fields["id"], fields)
    if fields.get("recurringEventId"):
        master = writer.calendar.shelf.stored(fields["recurringEventId"])
        if master:
            origin["iCalUID"] = master.resource["iCalUID"]
    if fields.get("status") == "cancelled":
        origin.pop("reminders")
    return {**origin, "eventType": "default", **fields}
