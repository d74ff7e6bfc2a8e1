"""What the special types of events may look like, and which of their fields may still be changed."""

from typing import Any

from calferry.emulator import errors
from calferry.emulator.world import when
from calferry.emulator.world.calendar import Calendar
from calferry.emulator.world.event import Event
from calferry.emulator.world.event_shape import WRITABLE

Json = dict[str, Any]

STATUS_TYPES = ("focusTime", "outOfOffice", "workingLocation")
WORKING_LOCATIONS = ("homeOffice", "officeLocation", "customLocation")
DECLINE_MODES = ("declineNone", "declineAllConflictingInvitations", "declineOnlyNewConflictingInvitations")
CHAT_STATUSES = ("available", "doNotDisturb")
EDITABLE = {
    "fromGmail": {"reminders", "colorId", "visibility", "status", "extendedProperties", "transparency"},
    "birthday": {"summary", "start", "end", "recurrence", "reminders", "colorId", "status"},
}
YEARLY = "RRULE:FREQ=YEARLY"


def prepared(event_type: str, fields: Json, calendar: Calendar) -> Json:
    """The fields of a new event with what its type implies. Refuses what the type does not allow."""
    if event_type == "fromGmail":
        raise errors.event_type_restriction(f"Attempt made to create '{event_type}' event.")
    if event_type in STATUS_TYPES and not calendar.primary:
        raise errors.event_type_restriction(f"A '{event_type}' event is only possible on a primary calendar.")
    if event_type == "birthday":
        fields = _birthday(fields)
    if event_type in ("focusTime", "outOfOffice"):
        _check_absence(event_type, fields)
    if event_type == "workingLocation":
        _check_working_location(fields)
    return fields


def check_edit(event: Event, resource: Json) -> None:
    """Refuses changes that the type of an existing event does not allow."""
    event_type = event.resource.get("eventType", "default")
    allowed = EDITABLE.get(event_type)
    if allowed is not None:
        for name in set(WRITABLE) - allowed - {"sequence"}:
            if resource.get(name) != event.resource.get(name):
                raise errors.event_type_restriction(f"Attempt made to modify '{event_type}' event.")
    if resource.get("status") == "cancelled":
        return
    if event_type in ("focusTime", "outOfOffice"):
        _check_absence(event_type, resource)
    if event_type == "workingLocation":
        _check_working_location(resource)


def _birthday(fields: Json) -> Json:
    properties = fields.get("birthdayProperties") or {}
    if properties.get("type", "birthday") != "birthday":
        raise errors.event_type_restriction("Only birthdays of type 'birthday' can be created.")
    found = {"visibility": "private", "transparency": "transparent", "recurrence": [YEARLY], **fields}
    _check_whole_day("birthday", found)
    rules = found["recurrence"] or []
    if len(rules) != 1 or not str(rules[0]).startswith(YEARLY):
        raise errors.event_type_restriction("A 'birthday' event must recur every year.")
    if (found["visibility"], found["transparency"]) != ("private", "transparent"):
        raise errors.event_type_restriction("A 'birthday' event must be private and transparent.")
    if any(found.get(name) for name in ("attendees", "location", "description", "conferenceData")):
        raise errors.event_type_restriction("A 'birthday' event has no guests, place or description.")
    return {**found, "birthdayProperties": {**properties, "type": "birthday"}}


def _check_whole_day(event_type: str, fields: Json) -> None:
    start, end = fields["start"], fields["end"]
    one_day = "date" in start and when.day_after(when.parse_date(start["date"])) == when.parse_date(
        end["date"]
    )
    if not one_day:
        raise errors.event_type_restriction(f"A '{event_type}' event must be an all-day event of one day.")


def _check_absence(event_type: str, fields: Json) -> None:
    if "date" in fields["start"]:
        raise errors.event_type_restriction(f"A '{event_type}' event must not be an all-day event.")
    if fields.get("transparency") == "transparent":
        raise errors.event_type_restriction(f"A '{event_type}' event must be opaque.")
    if event_type == "outOfOffice" and fields.get("attendees"):
        raise errors.event_type_restriction("An 'outOfOffice' event has no guests.")
    properties = fields.get(f"{event_type}Properties") or {}
    for name, allowed in (("autoDeclineMode", DECLINE_MODES), ("chatStatus", CHAT_STATUSES)):
        if properties.get(name) is not None and properties[name] not in allowed:
            raise errors.invalid(f"Invalid value for: {properties[name]} is not a valid value")


def _check_working_location(fields: Json) -> None:
    properties = fields.get("workingLocationProperties") or {}
    message = "Working location event is malformed."
    if properties.get("type") not in WORKING_LOCATIONS:
        raise errors.Refused(400, "calendar", "malformedWorkingLocationEvent", message)
    if fields.get("visibility") != "public" or fields.get("transparency") != "transparent":
        raise errors.Refused(400, "calendar", "malformedWorkingLocationEvent", message)
    if "date" in fields["start"]:
        _check_whole_day("workingLocation", fields)
