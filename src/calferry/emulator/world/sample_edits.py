"""Random edits of a calendar, such as people make all day."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any

from calferry.emulator.world import event_writes, sample, when
from calferry.emulator.world.calendar import Calendar
from calferry.emulator.world.dice import Dice
from calferry.emulator.world.event import Event, instance
from calferry.emulator.world.event_store import Writer, is_organizer
from calferry.emulator.world.people import Person
from calferry.emulator.world.world import World

Json = dict[str, Any]

NEAR_OCCURRENCES = 12
_TIMES = ("start", "end", "recurrence")


@dataclass(frozen=True, slots=True)
class SampleEdit:
    """What was done, and to which event."""

    kind: str
    event_id: str


def sample_edit(dice: Dice, world: World, calendar: Calendar, now: float) -> SampleEdit:
    """Performs one random edit as the calendar's owner, notifications included.

    An edit for which the calendar has nothing suitable becomes an insert.
    """
    actor = world.people.get(calendar.owner) or Person(calendar.owner)
    writer = Writer(world, calendar, actor, now)
    kind = dice.choice(tuple(_EDITS))
    choose, edit = _EDITS[kind]
    own = (event for event in calendar.shelf if is_organizer(calendar, event))
    suitable = [event for event in own if choose(calendar, event)]
    if not suitable:
        return SampleEdit("insert", _insert(writer, dice).id)
    return SampleEdit(kind, edit(writer, dice, dice.choice(suitable)).id)


def _insert(writer: Writer, dice: Dice, _event: Event | None = None) -> Event:
    body = sample.sample_event(dice, writer.now, writer.calendar.time_zone)
    return event_writes.insert(writer, body)


def _rename(writer: Writer, dice: Dice, event: Event) -> Event:
    change = {"summary": f"{dice.choice(sample.TITLES)} ({dice.randrange(1, 100)})"}
    return event_writes.patch(writer, event, change)


def _describe(writer: Writer, dice: Dice, event: Event) -> Event:
    change = {"description": dice.choice(sample.DESCRIPTIONS), "location": dice.choice(sample.PLACES)}
    return event_writes.patch(writer, event, change)


def _replace(writer: Writer, dice: Dice, event: Event) -> Event:
    kept: Json = {key: event.resource[key] for key in _TIMES if key in event.resource}
    return event_writes.update(writer, event, {**kept, "summary": dice.choice(sample.TITLES)})


def _move(writer: Writer, dice: Dice, event: Event) -> Event:
    return event_writes.patch(writer, event, _moved(writer, dice, event))


def _moved(writer: Writer, dice: Dice, event: Event) -> Json:
    if "date" in event.resource["start"]:
        return sample.all_day_times(dice, writer.now)
    zone = writer.calendar.time_zone
    shift = timedelta(minutes=15 * dice.choice((-8, -4, -1, 1, 2, 4, 8, 96)))
    found: Json = {}
    for name in ("start", "end"):
        stamp = event.resource[name]
        found[name] = {**stamp, "dateTime": when.text_of(when.aware(stamp, zone) + shift)}
    return found


def _change_rule(writer: Writer, dice: Dice, event: Event) -> Event:
    others = [rule for rule in sample.RULES if rule not in event.resource["recurrence"]]
    return event_writes.patch(writer, event, {"recurrence": [dice.choice(others)]})


def _some_instance(writer: Writer, dice: Dice, series: Event) -> Event:
    """A living occurrence near the start of a series, exception or not; the series itself if it has none."""
    calendar = writer.calendar
    exceptions = calendar.shelf.exceptions(series.id)
    near = list(islice(series.occurrences(calendar.time_zone), NEAR_OCCURRENCES))
    found = [
        exceptions.get(each.suffix) or instance(series, each, calendar.id, calendar.time_zone)
        for each in near
    ]
    living = [event for event in found if not event.is_cancelled]
    return dice.choice(living) if living else series


def _cancel_instance(writer: Writer, dice: Dice, series: Event) -> Event:
    return event_writes.delete(writer, _some_instance(writer, dice, series))


def _move_instance(writer: Writer, dice: Dice, series: Event) -> Event:
    return _move(writer, dice, _some_instance(writer, dice, series))


def _rename_instance(writer: Writer, dice: Dice, series: Event) -> Event:
    return _rename(writer, dice, _some_instance(writer, dice, series))


def _split(writer: Writer, dice: Dice, series: Event) -> Event:
    """This and following: the series ends before some occurrence and a new one starts there."""
    calendar = writer.calendar
    near = list(islice(series.occurrences(calendar.time_zone), 1, NEAR_OCCURRENCES))
    if not near:
        return _rename(writer, dice, series)
    at = dice.choice(near)
    tail = instance(series, at, calendar.id, calendar.time_zone).resource
    timed = "dateTime" in tail["start"]
    until = when.basic_utc(at.start_at - 1) if timed else f"{at.wall - timedelta(days=1):%Y%m%d}"
    rule = "RRULE:FREQ=WEEKLY" if timed else "RRULE:FREQ=YEARLY"
    event_writes.patch(writer, series, {"recurrence": [f"{_endless(series)};UNTIL={until}"]})
    kept: Json = {key: tail[key] for key in ("summary", "description", "start", "end") if key in tail}
    return event_writes.insert(writer, {**kept, "recurrence": [rule]})


def _endless(series: Event) -> str:
    """The first rule of a series without its end."""
    parts = str(series.resource["recurrence"][0]).split(";")
    return ";".join(part for part in parts if not part.startswith(("UNTIL=", "COUNT=")))


def _delete(writer: Writer, _dice: Dice, event: Event) -> Event:
    return event_writes.delete(writer, event)


def _undelete(writer: Writer, _dice: Dice, event: Event) -> Event:
    return event_writes.patch(writer, event, {"status": "confirmed"})


def _is_living(calendar: Calendar, event: Event) -> bool:
    return not event.is_cancelled and not calendar.shelf.is_orphaned(event)


def _is_living_whole(_calendar: Calendar, event: Event) -> bool:
    return not event.is_cancelled and not event.recurring_event_id


def _is_living_series(_calendar: Calendar, event: Event) -> bool:
    return event.is_series and not event.is_cancelled


def _is_dead_whole(_calendar: Calendar, event: Event) -> bool:
    return event.is_cancelled and not event.recurring_event_id


def _is_ruled_series(calendar: Calendar, event: Event) -> bool:
    """A living timed series that its first line, a rule, describes."""
    if not _is_living_series(calendar, event) or "dateTime" not in event.resource["start"]:
        return False
    return str(event.resource["recurrence"][0]).startswith("RRULE:")


_Choice = Callable[[Calendar, Event], bool]
_Edit = Callable[[Writer, Dice, Event], Event]
_EDITS: dict[str, tuple[_Choice, _Edit]] = {
    "insert": (_is_living, _insert),
    "rename": (_is_living, _rename),
    "describe": (_is_living, _describe),
    "replace": (_is_living, _replace),
    "move": (_is_living_whole, _move),
    "change_rule": (_is_ruled_series, _change_rule),
    "cancel_instance": (_is_living_series, _cancel_instance),
    "move_instance": (_is_living_series, _move_instance),
    "rename_instance": (_is_living_series, _rename_instance),
    "split": (_is_ruled_series, _split),
    "delete": (_is_living_whole, _delete),
    "undelete": (_is_dead_whole, _undelete),
}
