"""iCalendar files into seed documents: one file becomes one calendar of the first person.

Taken: VEVENT with its times (all-day, zoned, UTC, floating), RRULE, RDATE, EXDATE, EXRULE, exceptions
(RECURRENCE-ID), people, status, class and texts. Zone names that are not IANA names are mapped by the
icalendar package; where it knows none the calendar's zone stands in.
"""

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from icalendar import Calendar as ICalendar
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from calferry.emulator.ics_people import attendees_of, organizer_of
from calferry.emulator.world import when

Json = dict[str, Any]

_GOOGLE_UID = re.compile(r"([a-v0-9]{5,1024})@google\.com\Z")
_TEXTS = {"SUMMARY": "summary", "DESCRIPTION": "description", "LOCATION": "location"}
_VISIBILITY = {"PRIVATE": "private", "CONFIDENTIAL": "private"}


def seed_document(content: bytes, name: str) -> Json:
    """The seed document of an iCalendar file; `name` serves where the file does not name itself.

    Raises ValueError if it is not iCalendar.
    """
    source = ICalendar.from_ical(content)
    zone = _calendar_zone(source)
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "imported"
    calendar: Json = {
        "id": f"{slug}@group.calendar.google.com",
        "summary": str(source.get("X-WR-CALNAME", name)),
        "timeZone": zone,
        "events": _events(source, zone),
    }
    if "X-WR-CALDESC" in source:
        calendar["description"] = str(source["X-WR-CALDESC"])
    return {"calendars": [calendar]}


def _calendar_zone(source: Any) -> str:
    """The zone that the file names for itself, else the only one it describes, else UTC."""
    named = str(source.get("X-WR-TIMEZONE", ""))
    described = {str(component.get("TZID", "")) for component in source.walk("VTIMEZONE")}
    return _iana(named) or (_iana(described.pop()) if len(described) == 1 else "") or "Etc/UTC"


def _iana(name: str) -> str:
    """The IANA name for an IANA or Windows zone name, empty for anything else."""
    return _known_zone(name, WINDOWS_TO_OLSON.get(name, ""))


def _known_zone(name: str, otherwise: str) -> str:
    try:
        when.zone(name)
    except ValueError:
        return otherwise
    return name or otherwise


def _events(source: Any, zone: str) -> list[Json]:
    """Masters and singles first, so that exceptions find their series."""
    components = list(source.walk("VEVENT"))
    masters = [component for component in components if "RECURRENCE-ID" not in component]
    exceptions = [component for component in components if "RECURRENCE-ID" in component]
    seen: Counter[str] = Counter()
    found = [_master(component, zone, seen) for component in masters]
    all_day = {event["id"]: "date" in event["start"] for event in found}
    return [*found, *(_exception(component, zone, all_day) for component in exceptions)]


def _uid(component: Any) -> str:
    """The UID, or for an event without one a hash of its text."""
    return str(component.get("UID") or hashlib.sha256(component.to_ical()).hexdigest()[:32])


def _event_id(uid: str) -> str:
    """Google's id for an imported UID: its own ids come back, others are `_` and base32hex."""
    match = _GOOGLE_UID.match(uid)
    if match:
        return match.group(1)
    return "_" + base64.b32hexencode(uid.encode()).decode().rstrip("=").lower()


def _master(component: Any, zone: str, seen: Counter[str]) -> Json:
    uid = _uid(component)
    seen[uid] += 1
    if seen[uid] > 1:
        uid = f"{uid}#{seen[uid]}"
    event = {"id": _event_id(uid), "iCalUID": uid, **_fields(component, zone)}
    lines = list(_recurrence(component, event["start"], zone))
    return {**event, "recurrence": lines} if lines else event


def _exception(component: Any, zone: str, all_day: dict[str, bool]) -> Json:
    uid = _uid(component)
    parent = _event_id(uid)
    original = _stamp(component["RECURRENCE-ID"].dt, zone, _tzid(component, "RECURRENCE-ID"))
    if all_day.get(parent) and "dateTime" in original:
        original = {"date": original["dateTime"][:10]}
    fields = {"iCalUID": uid, **_fields(component, zone)}
    return {**fields, "recurringEventId": parent, "originalStartTime": original}


def _fields(component: Any, zone: str) -> Json:
    found: Json = dict(_times(component, zone))
    for name, field in _TEXTS.items():
        if component.get(name):
            found[field] = str(component[name])
    found["status"] = str(component.get("STATUS", "confirmed")).lower()
    if found["status"] not in ("confirmed", "tentative", "cancelled"):
        found["status"] = "confirmed"
    if str(component.get("TRANSP", "")).upper() == "TRANSPARENT":
        found["transparency"] = "transparent"
    visibility = _VISIBILITY.get(str(component.get("CLASS", "")).upper())
    if visibility:
        found["visibility"] = visibility
    found["sequence"] = int(component.get("SEQUENCE", 0))
    return found | organizer_of(component) | attendees_of(component) | _timestamps(component)


def _timestamps(component: Any) -> Json:
    names = {"CREATED": "created", "LAST-MODIFIED": "updated"}
    found: Json = {}
    for name, field in names.items():
        moment = component[name].dt if name in component else None
        if isinstance(moment, datetime) and moment.year > 1970:
            found[field] = when.timestamp(int(_aware(moment, "Etc/UTC").timestamp()) * 1_000_000)
    return found


def _times(component: Any, zone: str) -> Iterator[tuple[str, Json]]:
    start = component["DTSTART"].dt
    if "DTEND" in component:
        end = component["DTEND"].dt
    elif "DURATION" in component:
        end = start + component["DURATION"].dt
    else:
        end = start if isinstance(start, datetime) else when.day_after(start)
    if isinstance(start, datetime) != isinstance(end, datetime):
        end = start
    if not isinstance(start, datetime) and end <= start:
        end = when.day_after(start)
    if isinstance(start, datetime) and _aware(end, zone) < _aware(start, zone):
        end = start
    named = _tzid(component, "DTSTART")
    yield "start", _stamp(start, zone, named)
    yield "end", _stamp(end, zone, _tzid(component, "DTEND") or named)


def _tzid(component: Any, name: str) -> str:
    """The IANA zone that a property of the event names, empty if it names none that is known."""
    return _iana(str(component[name].params.get("TZID", ""))) if name in component else ""


def _stamp(moment: date, zone: str, named: str) -> Json:
    if not isinstance(moment, datetime):
        return {"date": moment.isoformat()}
    found = _aware(moment, zone)
    return {"dateTime": when.text_of(found), "timeZone": named or _zone_name(found, zone)}


def _aware(moment: datetime, zone: str) -> datetime:
    """Floating times are times of the calendar's zone; fractions of a second are dropped."""
    found = moment if moment.tzinfo else moment.replace(tzinfo=when.zone(zone))
    return found.replace(microsecond=0)


def _zone_name(moment: datetime, zone: str) -> str:
    if moment.utcoffset() == timedelta(0) and moment.tzname() == "UTC":
        return "UTC"
    return _known_zone(str(getattr(moment.tzinfo, "key", "")), zone)


def _recurrence(component: Any, start: Json, zone: str) -> Iterator[str]:
    for name in ("RRULE", "EXRULE"):
        for rule in _as_list(component.get(name)):
            yield f"{name}:{_rule_text(rule, start, zone)}"
    for name in ("RDATE", "EXDATE"):
        for dates in _as_list(component.get(name)):
            for entry in dates.dts:
                yield _date_line(name, entry.dt, start, zone)


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _rule_text(rule: Any, start: Json, zone: str) -> str:
    """The rule with UNTIL in the form that goes with its start."""
    until = (rule.get("UNTIL") or [None])[0]
    text = ";".join(part for part in rule.to_ical().decode().split(";") if not part.startswith("UNTIL="))
    if until is None or "COUNT" in rule:
        return text
    if "date" in start:
        day = _aware(until, zone).astimezone(when.zone(zone)) if isinstance(until, datetime) else until
        return f"{text};UNTIL={day:%Y%m%d}"
    if not isinstance(until, datetime):
        until = datetime(until.year, until.month, until.day, 23, 59, 59, tzinfo=when.zone(zone))
    return f"{text};UNTIL={_aware(until, zone).astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _date_line(name: str, moment: Any, start: Json, zone: str) -> str:
    if isinstance(moment, tuple):
        moment = moment[0]
    if "date" in start or not isinstance(moment, datetime):
        return f"{name};VALUE=DATE:{moment:%Y%m%d}"
    return f"{name}:{_aware(moment, zone).astimezone(UTC):%Y%m%dT%H%M%SZ}"
