"""Edits of events in the form of Google's patches: what they make of an event, what is left of them, and how they go
together with what others have changed.

In a patch objects merge by key, null removes and lists replace:
https://developers.google.com/workspace/calendar/api/guides/performance#patch. Wherever a `zone` is asked for it is the
calendar's, in which times count that name neither an offset nor a zone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from calferry.core import event_values
from calferry.core.event_fields import (
    GUEST_ROLES,
    KEPT_BY_PUT,
    LISTS_BY_KEY,
    READ_ONLY,
    STAMPS,
    WHEN,
    WRITABLE,
)
from calferry.core.event_json import Json
from calferry.core.event_values import as_object, as_objects, same, says, stamp_after
from calferry.core.merge_lists import merged_list

PROPERTIES = "extendedProperties"


@dataclass(frozen=True, slots=True)
class Merged:
    """Changes that are still to be made, in the form of patches of the event as it is now.

    Nobody else has touched the fields in `clear` since; to those in `overlapping` others gave another value. Of a list
    of which only some entries overlap, `clear` holds theirs of those and `overlapping` ours.
    """

    clear: Json
    overlapping: Json


def apply(base: Json, changes: Json) -> Json:
    """The event once Google has taken the changes: without nulls, and without what is empty now."""
    event = dict(base)
    for name, change in changes.items():
        known = event.get(name)
        value = (
            stamp_after(known, change) if name in STAMPS and change is not None else patched(known, change)
        )
        if value in (None, "", [], {}):
            event.pop(name, None)
        else:
            event[name] = value
    return event


def patched(known: Any, change: Any) -> Any:
    if isinstance(change, list):
        return [patched(None, entry) for entry in change]
    if not isinstance(change, dict):
        return change
    found = dict(as_object(known))
    for key, inner in change.items():
        value = patched(found.get(key), inner)
        if value is None or value == {}:
            found.pop(key, None)
        else:
            found[key] = value
    return found


def changes_of_patch(base: Json, body: Json, zone: tzinfo | None = None) -> Json:
    """A caller's PATCH as the smallest set of changes; {} if the event says all that already.

    Read-only and unknown fields are dropped. Guests and files keep what the body does not say of them. With an empty
    `base` it is what to insert.
    """
    return left_of(explicit(base, body), base, zone)


def changes_of_update(base: Json, body: Json, zone: tzinfo | None = None) -> Json:
    """The same for a PUT: what the body does not name goes, but for `KEPT_BY_PUT` and what is not the caller's."""
    missing = {name for name in WRITABLE - KEPT_BY_PUT if name in base and name not in body}
    named = {name: replaced(base.get(name), value) for name, value in body.items()}
    return changes_of_patch(base, {**named, **dict.fromkeys(sorted(missing))}, zone)


def replaced(known: Any, value: Any) -> Any:
    """An object that takes the place of another: nulls for what it leaves out."""
    if not isinstance(known, dict) or not isinstance(value, dict):
        return value
    gone = dict.fromkeys(key for key in known if key not in value)
    return {**gone, **{key: replaced(known.get(key), inner) for key, inner in value.items()}}


def explicit(base: Json, body: Json) -> Json:
    """The body's fields that may be written, with all that Google has to be told for them to mean what they say."""
    return {
        name: EXPLICIT.get(name, as_it_is)(name, base.get(name), value)
        for name, value in body.items()
        if name in WRITABLE
    }


def as_it_is(_name: str, _known: Any, value: Any) -> Any:
    return value


def whole_stamp(_name: str, known: Any, value: Any) -> Any:
    """Both date and dateTime would be refused, so what goes is named too; a time is kept together with its zone."""
    if not isinstance(value, dict):
        return value
    after = stamp_after(known, value)
    return {**dict.fromkeys(key for key in as_object(known) if key not in after), **after}


def whole_entries(name: str, known: Any, value: Any) -> Any:
    """The entries with what is known of them; nulls in them stay, to say what goes."""
    if not isinstance(value, list):
        return value
    former = event_values.by_key(name, known)
    entries = event_values.by_key(name, value)
    return [{**former.get(key, {}), **without_roles(entry)} for key, entry in entries.items()]


def without_roles(entry: Json) -> Json:
    """Who organizes, and whose copy this is, Google knows better than a caller."""
    return {key: value for key, value in entry.items() if key not in GUEST_ROLES}


def whole_reminders(_name: str, known: Any, value: Any) -> Any:
    """Google takes either the calendar's reminders or the event's own."""
    if not isinstance(value, dict):
        return value
    if value.get("useDefault"):
        return {**value, "overrides": None} if as_object(known).get("overrides") else value
    if value.get("overrides"):
        return {**value, "useDefault": False}
    return value


def single_properties(_name: str, known: Any, value: Any) -> Any:
    """Removal of a group, or of all of them, property by property: others may have added some meanwhile."""
    groups = as_object(known)
    if value is None:
        value = dict.fromkeys(groups)
    if not isinstance(value, dict):
        return value
    return {
        name: dict.fromkeys(as_object(groups.get(name))) if group is None else group
        for name, group in value.items()
    }


def some_status(_name: str, _known: Any, value: Any) -> Any:
    return value or "confirmed"


EXPLICIT: dict[str, Callable[[str, Any, Any], Any]] = {
    **dict.fromkeys(STAMPS, whole_stamp),
    **dict.fromkeys(LISTS_BY_KEY, whole_entries),
    "reminders": whole_reminders,
    PROPERTIES: single_properties,
    "status": some_status,
}


def has_landed(base: Json, changes: Json, theirs: Json, zone: tzinfo | None = None) -> bool:
    """Whether the changes were made once: one of those that say something new stands in `theirs`, and Google takes all of
    them or none. What else `theirs` says was changed after them."""
    left = left_of(changes, theirs, zone)
    landed = {name: wanted for name, wanted in changes.items() if name not in left}
    return bool(left_of(landed, base, zone))


def left_of(changes: Json, theirs: Json, zone: tzinfo | None = None) -> Json:
    """The part of the changes that `theirs` does not say already, compared as Google would write it."""
    return {
        name: remainder(name, theirs.get(name), wanted)
        for name, wanted in changes.items()
        if not says(name, theirs.get(name), wanted, zone)
    }


def remainder(name: str, value: Any, wanted: Any) -> Any:
    """Of an object only the keys that differ; times, rules and lists are told whole."""
    if name in STAMPS or not isinstance(wanted, dict):
        return wanted
    if name == "reminders":
        return {k: v for k, v in wanted.items() if not says(name, value, {k: v})}
    return remaining_keys(name, as_object(value), wanted)


def remaining_keys(name: str, known: Json, wanted: Json) -> Json:
    found: Json = {}
    for key, inner in wanted.items():
        if says(name, known, {key: inner}):
            continue
        is_object = isinstance(inner, dict) and name == PROPERTIES
        found[key] = differing(as_object(known.get(key)), inner) if is_object else inner
    return found


def differing(known: Json, wanted: Json) -> Json:
    return {key: value for key, value in wanted.items() if known.get(key) != value}


def merge(base: Json, changes: Json, theirs: Json, zone: tzinfo | None = None) -> Merged:
    """Three-way, by field. `base` is the event that the changes were made on, `theirs` the event as it is now.

    Times and recurrence are one field; extended properties are merged one by one, guests by address and field.
    """
    merged = Merged({}, {})
    left = left_of(explicit(theirs, changes), theirs, zone)
    when_is_moved = is_moved(base, changes, theirs, zone)
    for name, wanted in left.items():
        if name == PROPERTIES:
            merge_properties(base, wanted, theirs, merged)
        elif name in LISTS_BY_KEY:
            merge_list(name, base, changes, theirs, merged)
        else:
            is_theirs = (
                when_is_moved if name in WHEN else not same(name, base.get(name), theirs.get(name), zone)
            )
            (merged.overlapping if is_theirs else merged.clear)[name] = wanted
    if any(name in merged.overlapping for name in STAMPS):
        merged.overlapping.update(left_of(explicit(theirs, both_times(base, changes)), theirs, zone))
    return merged


def both_times(base: Json, changes: Json) -> Json:
    """Our start and our end, also where we changed only one of them: one of ours with one of theirs fits nobody."""
    made = apply(base, {name: changes[name] for name in STAMPS if name in changes})
    return {name: made[name] for name in STAMPS if name in made}


def is_moved(base: Json, changes: Json, theirs: Json, zone: tzinfo | None) -> bool:
    """Whether somebody else gave the event another time than before, and another than we would."""
    return any(
        not same(name, base.get(name), theirs.get(name), zone)
        and not (name in changes and says(name, theirs.get(name), changes[name], zone))
        for name in WHEN
    )


def merge_properties(base: Json, wanted: Any, theirs: Json, merged: Merged) -> None:
    known, now = as_object(base.get(PROPERTIES)), as_object(theirs.get(PROPERTIES))
    for group, properties in as_object(wanted).items():
        before, after = as_object(known.get(group)), as_object(now.get(group))
        for key, value in as_object(properties).items():
            side = merged.clear if before.get(key) == after.get(key) else merged.overlapping
            side.setdefault(PROPERTIES, {}).setdefault(group, {})[key] = value


def merge_list(name: str, base: Json, changes: Json, theirs: Json, merged: Merged) -> None:
    if same(name, base.get(name), theirs.get(name)):
        merged.clear[name] = changes[name]
        return
    both = merged_list(name, *(as_objects(of.get(name)) for of in (base, changes, theirs)))
    if not same(name, both.theirs_first, theirs.get(name)):
        merged.clear[name] = both.theirs_first or None
    if both.overlaps:
        merged.overlapping[name] = both.ours_first or None


def joined(clear: Json, overlapping: Json) -> Json:
    """Both parts of a merge as one patch: what to send if ours is to prevail."""
    found = {**clear, **overlapping}
    if PROPERTIES in clear and PROPERTIES in overlapping:
        one, other = as_object(clear[PROPERTIES]), as_object(overlapping[PROPERTIES])
        groups = [*one, *(group for group in other if group not in one)]
        found[PROPERTIES] = {g: {**as_object(one.get(g)), **as_object(other.get(g))} for g in groups}
    return found


def same_event(one: Json, other: Json, zone: tzinfo | None = None) -> bool:
    """Whether two versions say the same in all that somebody can write. Edits of ours raise `sequence` too."""
    names = (one.keys() | other.keys()) - READ_ONLY
    return all(same(name, one.get(name), other.get(name), zone) for name in names)


def overlapping_fields(merged: Merged) -> list[str]:
    """Google's names of the fields that both sides changed, sorted."""
    return sorted(merged.overlapping)
