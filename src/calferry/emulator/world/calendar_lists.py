"""Calendar-list entries: how one person sees a calendar, and who has which calendar in the list."""

from typing import Any

from calferry.emulator import errors
from calferry.emulator.world.calendar import Calendar, at_least
from calferry.emulator.world.people import WRITABLE_ENTRY_FIELDS, CalendarListEntry, Person
from calferry.emulator.world.world import World, calendar_list_resource

Json = dict[str, Any]

CALENDAR_COLORS = (
    "#ac725e", "#d06b64", "#f83a22", "#fa573c", "#ff7537", "#ffad46", "#42d692", "#16a765", "#7bd148",
    "#b3dc6c", "#fbe983", "#fad165", "#92e1c0", "#9fe1e7", "#9fc6e7", "#4986e7", "#9a9cff", "#b99aff",
    "#c2c2c2", "#cabdbf", "#cca6ac", "#f691b2", "#cd74e6", "#a47ae2",
)  # fmt: skip
PRIMARY_REMINDERS = [{"method": "popup", "minutes": 30}]
NOTIFICATION_TYPES = ("eventCreation", "eventChange", "eventCancellation", "eventResponse")
_KEY_ORDER = (
    "kind", "etag", "id", "summary", "description", "location", "timeZone", "dataOwner", "summaryOverride",
    "colorId", "backgroundColor", "foregroundColor", "hidden", "selected", "accessRole", "defaultReminders",
    "notificationSettings", "primary", "deleted", "conferenceProperties",
)  # fmt: skip


def entry_resource(person: Person, entry: CalendarListEntry, calendar: Calendar) -> Json:
    """The entry as Google sends it."""
    found: Json = {
        "kind": "calendar#calendarListEntry",
        "etag": f'"{entry.number}"',
        "id": calendar.id,
        "summary": calendar.summary,
        "description": calendar.description,
        "location": calendar.location,
        "timeZone": calendar.time_zone,
        "dataOwner": None if calendar.primary else calendar.owner,
        "accessRole": calendar.role_of(person.email),
        "defaultReminders": [],
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
        **entry.own,
    }
    for name in ("hidden", "selected"):
        if not found.get(name):
            found.pop(name, None)
    if calendar.id == person.email:
        found["primary"] = True
    if entry.deleted or calendar.deleted:
        found["deleted"] = True
    return {key: found[key] for key in _KEY_ORDER if found.get(key) is not None}


def first_fields(calendar: Calendar, place: int) -> Json:
    """What a new entry starts with; `place` picks the colour."""
    color = place % len(CALENDAR_COLORS)
    found: Json = {
        "colorId": str(color + 1),
        "backgroundColor": CALENDAR_COLORS[color],
        "foregroundColor": "#000000",
        "selected": True,
        "defaultReminders": [],
    }
    if calendar.primary:
        found["defaultReminders"] = PRIMARY_REMINDERS
        types = [{"type": name, "method": "email"} for name in NOTIFICATION_TYPES]
        found["notificationSettings"] = {"notifications": types}
    return found


def add_entry(world: World, person: Person, calendar: Calendar, own: Json, now: float) -> CalendarListEntry:
    """Puts a calendar into a person's list. Refuses one that is already there."""
    old = person.entries.get(calendar.id)
    if old and not old.deleted:
        raise errors.duplicate()
    fields = first_fields(calendar, len(person.entries) + 13) | own
    return _put(world, person, CalendarListEntry(calendar.id, 0, fields), now)


def change_entry(world: World, person: Person, entry: CalendarListEntry, own: Json, now: float) -> None:
    """Replaces the fields that the person set; the same fields again are no change."""
    if own != entry.own:
        _put(world, person, CalendarListEntry(entry.calendar_id, entry.number, own), now)


def remove_entry(world: World, person: Person, entry: CalendarListEntry, now: float) -> None:
    """Takes a calendar off the list. Nobody can drop the own primary or an own calendar."""
    calendar = world.calendars[entry.calendar_id]
    if calendar.id == person.email:
        message = "You cannot remove your primary calendar from your calendar list."
        raise errors.Refused(403, "calendar", "cannotChangeOwnPrimarySubscription", message)
    if calendar.owner == person.email and not calendar.deleted:
        message = "The data owner of a calendar cannot remove such a calendar from their calendar list."
        raise errors.Refused(403, "calendar", "cannotUnsubscribeFromOwnedCalendar", message)
    _put(world, person, CalendarListEntry(entry.calendar_id, entry.number, entry.own, deleted=True), now)


def mark_deleted_everywhere(world: World, calendar: Calendar, now: float) -> None:
    """After a calendar is deleted, every list that had it says so."""
    for person in world.people.values():
        entry = person.entries.get(calendar.id)
        if entry and not entry.deleted:
            _put(world, person, CalendarListEntry(calendar.id, entry.number, entry.own, deleted=True), now)


def _put(world: World, person: Person, entry: CalendarListEntry, now: float) -> CalendarListEntry:
    entry.number = world.log.next(now, entry.number)
    person.put_entry(entry)
    world.channels.notify(calendar_list_resource(person), now)
    return entry


def own_fields(body: Json) -> Json:
    """What of a body the person may set; colours bring their number along."""
    found = {name: body[name] for name in WRITABLE_ENTRY_FIELDS if name in body}
    color_id = str(found.get("colorId", ""))
    if color_id.isdecimal() and 1 <= int(color_id) <= len(CALENDAR_COLORS):
        found.setdefault("backgroundColor", CALENDAR_COLORS[int(color_id) - 1])
        found.setdefault("foregroundColor", "#000000")
    return found


def visible_entries(
    world: World, person: Person, least_role: str, show_deleted: bool, show_hidden: bool
) -> list[CalendarListEntry]:
    """The entries of a full listing, in the order of their last change."""
    found = []
    for entry in person.entries.values():
        calendar = world.calendars.get(entry.calendar_id)
        gone = entry.deleted or calendar is None or calendar.deleted
        role = calendar.role_of(person.email) if calendar else "none"
        if (gone and not show_deleted) or (role == "none" and not gone):
            continue
        if (entry.own.get("hidden") and not show_hidden) or not at_least(role, least_role or "none"):
            continue
        found.append(entry)
    return found
