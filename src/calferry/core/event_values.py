"""When Google's value of a field says what an edit asks for, however it is written."""

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from typing import Any

from calferry.core.event_fields import (
    DEFAULTS,
    GUEST_DEFAULTS,
    GUEST_READ_ONLY,
    LISTS_BY_KEY,
    REMINDER_DEFAULTS,
)
from calferry.core.event_json import Json
from calferry.core.event_window import EPOCH, zone_of

STAMP_FIELDS = ("date", "dateTime", "timeZone")
RULE_DEFAULTS = ("INTERVAL=1", "WKST=MO")

Says = Callable[[Any, Any, tzinfo | None], bool]


def says(name: str, value: Any, wanted: Any, zone: tzinfo | None = None) -> bool:
    """Whether a field's value is already what is wanted of it. `wanted` is in the form of a patch: null is absence,
    an object means the keys that it names. `zone` is the calendar's, for times without an offset."""
    return RULES.get(name, says_otherwise)(with_default(name, value), with_default(name, wanted), zone)


def same(name: str, one: Any, other: Any, zone: tzinfo | None = None) -> bool:
    """Whether two whole values of a field mean the same."""
    return says(name, one, other, zone) and says(name, other, one, zone)


def with_default(name: str, value: Any) -> Any:
    return DEFAULTS.get(name) if value is None or value == "" else value


def as_object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def as_objects(value: Any) -> list[Json]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def says_otherwise(value: Any, wanted: Any, _zone: tzinfo | None = None) -> bool:
    """The rule of fields without one of their own: objects by the keys named, lists entry by entry."""
    if isinstance(wanted, dict):
        known = as_object(value)
        return all(says_otherwise(known.get(key), inner) for key, inner in wanted.items())
    if is_nothing(wanted):
        return is_nothing(value)
    if isinstance(wanted, list):
        return (
            isinstance(value, list) and len(value) == len(wanted) and all(map(says_otherwise, value, wanted))
        )
    return bool(value == wanted)


def is_nothing(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(is_nothing, value.values()))
    return not value


def stamp_after(known: Any, change: Any) -> Json:
    """A start or end once a patch is applied: a date takes the place of a time, and a time that of a date."""
    named = {key: change[key] for key in STAMP_FIELDS if key in change}
    after = {**as_object(known), **named}
    if named.get("dateTime"):
        after["date"] = None
    elif named.get("date"):
        after["dateTime"] = None
    if after.get("date"):
        after["timeZone"] = None
    return {key: value for key, value in after.items() if value is not None}


def says_stamp(value: Any, wanted: Any, zone: tzinfo | None) -> bool:
    if not isinstance(wanted, dict):
        return wanted is None and is_nothing(value)
    known, after = as_object(value), stamp_after(value, wanted)
    zones = {known.get("timeZone"), after.get("timeZone")} - {None}
    return len(zones) < 2 and moment_of(known, zone) == moment_of(after, zone)


def moment_of(stamp: Json, zone: tzinfo | None) -> Any:
    """What to compare a start or end by: whole seconds since 1970; the text of a date, or of a time that nobody's clock
    shows."""
    text = stamp.get("dateTime")
    if stamp.get("date") or not isinstance(text, str):
        return stamp.get("date") or text
    try:
        at = datetime.fromisoformat(text.upper())
    except ValueError:
        return text
    own = stamp.get("timeZone")
    clock = zone_of(own) if isinstance(own, str) else zone
    if at.tzinfo is None and clock is None:
        return at.replace(microsecond=0)
    return ((at if at.tzinfo else at.replace(tzinfo=clock)) - EPOCH).total_seconds() // 1


def says_recurrence(value: Any, wanted: Any, _zone: tzinfo | None) -> bool:
    return recurrence_of(value) == recurrence_of(wanted)


def recurrence_of(lines: Any) -> frozenset[Any]:
    """What lines mean, whatever their order, their letters' case and the order of a rule's parts."""
    texts = lines if isinstance(lines, list) else []
    return frozenset(part for line in texts for part in line_parts(str(line).strip().upper()))


def line_parts(line: str) -> list[Any]:
    name, _, value = line.partition(":")
    if not name.endswith("RULE"):
        return [(name, member.strip()) for member in value.split(",") if member.strip()]
    parts = [part.strip() for part in value.split(";") if part.strip() and part.strip() not in RULE_DEFAULTS]
    return [
        (name, frozenset((key, frozenset(of.split(","))) for key, _, of in (p.partition("=") for p in parts)))
    ]


def says_reminders(value: Any, wanted: Any, _zone: tzinfo | None) -> bool:
    known, asked = as_object(value), as_object(wanted) if wanted is not None else REMINDER_DEFAULTS
    return all(
        says_of_reminders(key, known.get(key), asked[key]) for key in asked if key in REMINDER_DEFAULTS
    )


def says_of_reminders(key: str, value: Any, wanted: Any) -> bool:
    if key == "overrides":
        return overrides_of(value) == overrides_of(wanted)
    default = REMINDER_DEFAULTS[key]
    return bool((default if value is None else value) == (default if wanted is None else wanted))


def overrides_of(value: Any) -> list[str]:
    return sorted(f"{entry.get('method')} {entry.get('minutes')}" for entry in as_objects(value))


def says_properties(value: Any, wanted: Any, _zone: tzinfo | None) -> bool:
    known = as_object(value)
    if wanted is None:
        return is_nothing(value)
    return all(says_group(known.get(name), group) for name, group in as_object(wanted).items())


def says_group(value: Any, wanted: Any) -> bool:
    """Private or shared properties; an empty text is a property too."""
    if wanted is None:
        return not value
    return all(as_object(value).get(key) == inner for key, inner in as_object(wanted).items())


def says_list_by_key(name: str) -> Says:
    def rule(value: Any, wanted: Any, _zone: tzinfo | None) -> bool:
        known, asked = by_key(name, value), by_key(name, wanted)
        return known.keys() == asked.keys() and all(says_entry(known[key], asked[key]) for key in asked)

    return rule


def by_key(name: str, value: Any) -> dict[str, Json]:
    """The entries of `attendees` by their address without regard to case, or of `attachments` by their file's; the first
    of several counts."""
    found: dict[str, Json] = {}
    for entry in as_objects(value):
        found.setdefault(key_of(name, entry), entry)
    return found


def key_of(name: str, entry: Mapping[str, Any]) -> str:
    key = str(entry.get(LISTS_BY_KEY[name]) or entry.get("id") or entry.get("displayName") or "")
    return key.casefold() if name == "attendees" else key


def says_entry(value: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether one guest, or file, is already as wanted in the fields that `wanted` names."""
    return all(says_of_entry(field, value, wanted) for field in wanted)


def says_of_entry(field: str, value: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    if field in GUEST_READ_ONLY or field in LISTS_BY_KEY.values():
        return True
    default = GUEST_DEFAULTS.get(field)
    return says_otherwise(value.get(field) or default, wanted.get(field) or default)


RULES: dict[str, Says] = {
    "start": says_stamp,
    "end": says_stamp,
    "originalStartTime": says_stamp,
    "recurrence": says_recurrence,
    "reminders": says_reminders,
    "extendedProperties": says_properties,
    **{name: says_list_by_key(name) for name in LISTS_BY_KEY},
}
