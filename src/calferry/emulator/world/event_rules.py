"""What Google demands of an event before it takes it; every refusal is Google's."""

import re
from typing import Any

from calferry.emulator import errors
from calferry.emulator.world import recurrence, web_address, when

Json = dict[str, Any]

SERIES_DURATION_S_MAX = 10 * 366 * 86_400
OVERRIDES_MAX = 5
REMINDER_MINUTES_MAX = 40_320
ATTACHMENTS_MAX = 25
PROPERTIES_MAX = 300
PROPERTIES_BYTES_MAX = 32 * 1024
SEQUENCE_MAX = 2**31 - 1
COLORS = frozenset(map(str, range(1, 12)))
ANSWERS = ("needsAction", "declined", "tentative", "accepted")
_CLIENT_ID = re.compile(r"[a-v0-9]{5,1024}\Z")

_STRING, _BOOLEAN, _INTEGER, _OBJECT, _LIST = "string", "boolean", "integer", "object", "list"
_TYPES: dict[str, type] = {
    _STRING: str, _BOOLEAN: bool, _INTEGER: int, _OBJECT: dict, _LIST: list,
}  # fmt: skip
FIELD_TYPES = {
    **dict.fromkeys(("id", "status", "summary", "description", "location", "colorId"), _STRING),
    **dict.fromkeys(("transparency", "visibility", "iCalUID", "eventType"), _STRING),
    **dict.fromkeys(("start", "end", "originalStartTime", "reminders", "source"), _OBJECT),
    **dict.fromkeys(("extendedProperties", "conferenceData", "organizer"), _OBJECT),
    **dict.fromkeys(("attendees", "recurrence", "attachments"), _LIST),
    **dict.fromkeys(("guestsCanModify", "guestsCanInviteOthers", "guestsCanSeeOtherGuests"), _BOOLEAN),
    **dict.fromkeys(("anyoneCanAddSelf", "attendeesOmitted"), _BOOLEAN),
    "sequence": _INTEGER,
}
ATTENDEE_TYPES: dict[str, type] = {
    **dict.fromkeys(("id", "email", "displayName", "comment", "responseStatus"), str),
    **dict.fromkeys(("optional", "resource"), bool),
    "additionalGuests": int,
}
CHOICES = {
    "status": ("confirmed", "tentative", "cancelled"),
    "transparency": ("opaque", "transparent"),
    "visibility": ("default", "public", "private", "confidential"),
    "eventType": ("default", "birthday", "focusTime", "fromGmail", "outOfOffice", "workingLocation"),
}
TYPE_PROPERTIES = {
    "birthdayProperties": "birthday",
    "focusTimeProperties": "focusTime",
    "outOfOfficeProperties": "outOfOffice",
    "workingLocationProperties": "workingLocation",
}


def check_field_types(body: Json) -> None:
    """Refuses fields of the wrong JSON type and unknown choices."""
    for name, kind in FIELD_TYPES.items():
        value = body.get(name)
        wrong = value is not None and (
            not isinstance(value, _TYPES[kind]) or (kind == _INTEGER and isinstance(value, bool))
        )
        if wrong:
            raise errors.invalid(f"Invalid value for: {name} is not a valid {kind}")
    _check_elements(body)
    for name, allowed in CHOICES.items():
        if body.get(name) is not None and body[name] not in allowed:
            raise errors.invalid(f"Invalid value for: {body[name]} is not a valid value")
    _check_values(body)


def _check_values(body: Json) -> None:
    """Refuses numbers, colours and identifiers that there are none of."""
    if not 0 <= (body.get("sequence") or 0) <= SEQUENCE_MAX:
        raise errors.invalid("Invalid sequence value.")
    if body.get("colorId") and body["colorId"] not in COLORS:
        raise errors.invalid("Invalid color id.")
    if not is_text(body.get("iCalUID") or ""):
        raise errors.invalid("Invalid iCalUID.")


def is_text(value: str) -> bool:
    """Whether UTF-8 has a place for every letter; half a surrogate pair is none."""
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


def _check_elements(body: Json) -> None:
    """Refuses lists and maps with elements of the wrong type."""
    for name, kind in (("attendees", dict), ("recurrence", str), ("attachments", dict)):
        elements = body.get(name)
        if isinstance(elements, list) and not all(isinstance(element, kind) for element in elements):
            raise errors.invalid(f"Invalid value for: {name}")
    for name, kind in (("start", str), ("end", str), ("extendedProperties", dict)):
        values = body.get(name)
        if isinstance(values, dict) and not all(isinstance(v, kind | None) for v in values.values()):
            raise errors.invalid(f"Invalid value for: {name}")
    for attendee in body.get("attendees") or ():
        _check_attendee_types(attendee)
    for name in TYPE_PROPERTIES:
        if not isinstance(body.get(name), dict | None):
            raise errors.invalid(f"Invalid value for: {name}")


def _check_attendee_types(attendee: Json) -> None:
    for name, value in attendee.items():
        kind = ATTENDEE_TYPES.get(name)
        if value is not None and kind and type(value) is not kind:
            raise errors.invalid(f"Invalid value for: attendees.{name}")
    if not 0 <= (attendee.get("additionalGuests") or 0) <= SEQUENCE_MAX:
        raise errors.invalid("Invalid value for: attendees.additionalGuests")
    if (attendee.get("responseStatus") or ANSWERS[0]) not in ANSWERS:
        raise errors.invalid(f"Invalid value for: {attendee['responseStatus']} is not a valid value")


def check_client_id(event_id: str) -> None:
    if not _CLIENT_ID.match(event_id):
        raise errors.invalid("Invalid resource id value.")


def check_event(resource: Json, calendar_zone: str) -> None:
    """Refuses an event whose times, recurrence, reminders or guests make no sense."""
    _check_times(resource, calendar_zone)
    _check_recurrence(resource, calendar_zone)
    check_reminders(resource.get("reminders") or {})
    _check_attendees(resource.get("attendees") or [])
    _check_type(resource)
    _check_source(resource.get("source") or {})
    _check_properties(resource.get("extendedProperties") or {})
    if len(resource.get("attachments") or []) > ATTACHMENTS_MAX:
        raise errors.invalid("Too many attachments.")


def _check_times(resource: Json, calendar_zone: str) -> None:
    start, end = resource.get("start"), resource.get("end")
    if not end or not (end.get("date") or end.get("dateTime")):
        raise errors.required("Missing end time.")
    if not start or not (start.get("date") or start.get("dateTime")):
        raise errors.required("Missing start time.")
    _check_stamp("start", start)
    _check_stamp("end", end)
    if ("date" in start) != ("date" in end):
        raise errors.invalid("Start and end times must either both be date or both be dateTime.")
    if when.instant(end, calendar_zone) < when.instant(start, calendar_zone):
        raise errors.time_range_empty()


def _check_stamp(name: str, stamp: Json) -> None:
    if stamp.get("date") and stamp.get("dateTime"):
        raise errors.invalid(f"Invalid {name} time.")
    try:
        if stamp.get("timeZone"):
            when.zone(stamp["timeZone"])
    except (ValueError, TypeError) as error:
        raise errors.invalid(f"Invalid time zone definition for {name} time.") from error
    try:
        if "date" in stamp:
            when.parse_date(stamp["date"])
        else:
            when.parse_date_time(stamp["dateTime"])
    except (ValueError, TypeError) as error:
        raise errors.invalid(f"Invalid {name} time.") from error
    if not when.FIRST_YEAR <= int(str(stamp.get("date") or stamp["dateTime"])[:4]) <= when.LAST_YEAR:
        raise errors.invalid(f"Invalid {name} time.")


def check_zone_of_series(body: Json) -> None:
    """A timed series names its zone itself; the calendar's does not stand in."""
    if not body.get("recurrence"):
        return
    for name in ("start", "end"):
        stamp = body.get(name) or {}
        if "dateTime" in stamp and not stamp.get("timeZone"):
            raise errors.required(f"Missing time zone definition for {name} time.")


def _check_recurrence(resource: Json, calendar_zone: str) -> None:
    lines = resource.get("recurrence") or []
    if not lines:
        return
    length = when.instant(resource["end"], calendar_zone) - when.instant(resource["start"], calendar_zone)
    if length > SERIES_DURATION_S_MAX:
        message = "The event duration exceeds the limit."
        raise errors.Refused(400, "calendar", "eventDurationExceedsLimit", message)
    try:
        recurrence.check(recurrence.series_of(resource, calendar_zone))
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise errors.invalid("Invalid recurrence rule.") from error


def check_reminders(reminders: Json) -> None:
    overrides = reminders.get("overrides") or []
    if not isinstance(overrides, list) or not all(isinstance(each, dict) for each in overrides):
        raise errors.invalid("Invalid reminders.")
    if reminders.get("useDefault") and overrides:
        message = "Cannot use default reminders and specify overrides at the same time."
        raise errors.Refused(400, "calendar", "cannotUseDefaultRemindersAndSpecifyOverride", message)
    if len(overrides) > OVERRIDES_MAX:
        raise errors.invalid("Invalid reminders: too many overrides.")
    for override in overrides:
        minutes = override.get("minutes")
        if override.get("method") not in ("email", "popup"):
            raise errors.invalid("Invalid reminder method.")
        if type(minutes) is not int or not 0 <= minutes <= REMINDER_MINUTES_MAX:
            raise errors.invalid("Invalid reminder minutes.")


def _check_source(source: Json) -> None:
    parts = web_address.taken_apart(str(source.get("url", "")))
    if source and (parts is None or parts.scheme not in ("http", "https")):
        raise errors.invalid("Invalid source URL.")


def _check_properties(properties: Json) -> None:
    """Both groups together have limits: https://developers.google.com/workspace/calendar/api/guides/extended-properties"""
    pairs = [pair for group in properties.values() for pair in (group or {}).items()]
    size = sum(len(str(part).encode("utf-8", "surrogatepass")) for pair in pairs for part in pair)
    if len(pairs) > PROPERTIES_MAX or size > PROPERTIES_BYTES_MAX:
        raise errors.invalid("Too many extended properties, or too long ones.")


def _check_attendees(attendees: list[Json]) -> None:
    for attendee in attendees:
        if not attendee.get("email"):
            raise errors.required("Missing attendee email.")
        if "@" not in attendee["email"]:
            raise errors.invalid("Invalid attendee email.")


def _check_type(resource: Json) -> None:
    event_type = resource.get("eventType", "default")
    for name, needed in TYPE_PROPERTIES.items():
        if name in resource and event_type != needed:
            raise errors.invalid(f"{name} requires an event type of {needed}.")
    if event_type == "workingLocation" and not (resource.get("workingLocationProperties") or {}).get("type"):
        message = "Working location event is malformed."
        raise errors.Refused(400, "calendar", "malformedWorkingLocationEvent", message)
    if event_type == "birthday" and "date" not in resource["start"]:
        raise errors.event_type_restriction("A 'birthday' event must be an all-day event.")
