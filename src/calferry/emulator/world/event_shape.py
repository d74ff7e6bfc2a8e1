"""From what a client sent to what Google keeps: writable fields, defaults left out, times with zones."""

from dataclasses import dataclass
from typing import Any

from calferry.emulator.world import when
from calferry.emulator.world.calendar import Calendar

Json = dict[str, Any]

WRITABLE = (
    "status", "summary", "description", "location", "colorId", "start", "end", "recurrence", "transparency",
    "visibility", "sequence", "attendees", "attendeesOmitted", "extendedProperties", "guestsCanInviteOthers",
    "guestsCanModify", "guestsCanSeeOtherGuests", "anyoneCanAddSelf", "reminders", "source",
    "workingLocationProperties", "outOfOfficeProperties", "focusTimeProperties", "birthdayProperties",
)  # fmt: skip
LEFT_OUT = {
    "transparency": "opaque", "visibility": "default", "guestsCanModify": False, "anyoneCanAddSelf": False,
    "guestsCanInviteOthers": True, "guestsCanSeeOtherGuests": True, "attendeesOmitted": False,
    "privateCopy": False, "locked": False, "endTimeUnspecified": False,
}  # fmt: skip
_EMPTY: tuple[Any, ...] = (None, "", [], {})
PROPERTY_KEY_MAX = 44
PROPERTY_VALUE_MAX = 1024


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """The query switches that decide which fields of a body count, and who hears of it."""

    conference_data_version: int = 0
    supports_attachments: bool = False
    event_label_version: int = 0
    send_updates: str = "none"


def writable(body: Json, options: WriteOptions) -> Json:
    """The fields of a body that a client may set; everything else is silently ignored."""
    found = {name: body[name] for name in WRITABLE if name in body}
    if options.conference_data_version == 1 and "conferenceData" in body:
        found["conferenceData"] = body["conferenceData"]
    if options.supports_attachments and "attachments" in body:
        found["attachments"] = body["attachments"]
    if options.event_label_version == 1:
        found.pop("colorId", None)
        found["eventLabelId"] = body.get("eventLabelId") or None
    return found


def merged(old: Json, change: Json) -> Json:
    """Patch semantics: objects merge by key, null deletes, arrays and values replace."""
    found = dict(old)
    for key, value in change.items():
        if value is None:
            found.pop(key, None)
        elif isinstance(value, dict):
            known = found.get(key)
            found[key] = merged(known if isinstance(known, dict) else {}, value)
        else:
            found[key] = value
    return found


def tidied(resource: Json, calendar: Calendar) -> Json:
    """The resource without defaults and empty values, its times with zones, its guests completed."""
    found = {key: _without_nulls(value) for key, value in resource.items() if value not in _EMPTY}
    for name, default in LEFT_OUT.items():
        if found.get(name) == default:
            del found[name]
    for name in ("start", "end"):
        if name in found:
            found[name] = stamp(found[name], calendar.time_zone)
    if "attendees" in found:
        organizer = found.get("organizer", {}).get("email")
        once: Json = {}
        for guest in found["attendees"]:
            once.setdefault(str(guest["email"]).lower(), guest)
        found["attendees"] = [_attendee(guest, calendar, organizer) for guest in once.values()]
    if "extendedProperties" in found:
        found["extendedProperties"] = _properties(found["extendedProperties"])
    return found


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return value


def stamp(value: Json, calendar_zone: str) -> Json:
    """A start or end as it is kept: a bare date, or a time with an offset and its zone's name."""
    if value.get("date"):
        return {"date": value["date"]}
    zone = value.get("timeZone") or calendar_zone
    moment = when.aware({**value, "timeZone": zone}, calendar_zone)
    return {"dateTime": when.text_of(moment), "timeZone": zone}


def _attendee(attendee: Json, calendar: Calendar, organizer: str | None) -> Json:
    kept = ("id", "email", "displayName", "optional", "resource", "comment", "additionalGuests")
    email = attendee["email"]
    found = {name: attendee[name] for name in kept[:3] if attendee.get(name)}
    if email == organizer:
        found["organizer"] = True
    if email == calendar.id:
        found["self"] = True
    found |= {name: attendee[name] for name in kept[3:] if attendee.get(name)}
    found["responseStatus"] = attendee.get("responseStatus") or "needsAction"
    return found


def _properties(properties: Json) -> Json:
    return {
        group: {k: str(v)[:PROPERTY_VALUE_MAX] for k, v in pairs.items() if len(k) <= PROPERTY_KEY_MAX}
        for group, pairs in properties.items()
        if group in ("private", "shared") and isinstance(pairs, dict)
    }
