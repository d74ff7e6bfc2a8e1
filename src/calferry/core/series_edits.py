"""Edits of a series that begin at one of its occurrences, as Google's own clients make them.

Google has no call for "this and following": the series is ended before the occurrence and another one is inserted.
https://developers.google.com/workspace/calendar/api/guides/recurringevents
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, tzinfo
from typing import Any

from calferry.core.event_fields import GUEST_READ_ONLY, READ_ONLY, STAMPS, WHEN
from calferry.core.event_json import Json
from calferry.core.event_span import EventSpan, edited_span, span_of
from calferry.core.merge import apply, changes_of_patch
from calferry.core.recurrence.cut import lines_before, lines_from
from calferry.core.recurrence.lines import read_recurrence, read_stamp
from calferry.core.recurrence.moving import Move, moved_lines, possible
from calferry.core.recurrence.offsets import DAY, EARLIEST, LATEST
from calferry.core.recurrence.series import Series

Original = str
"""When an occurrence was to begin: `YYYYMMDD`, or in UTC `YYYYMMDDTHHMMSSZ`."""

TOO_FAR = "the series would leave the years that calendars have"
ANOTHER_KIND = {"date": {"dateTime": None, "timeZone": None}, "dateTime": {"date": None}}


def trimmed(master: Json, at: Original, calendar_zone: tzinfo = UTC) -> Json | None:
    """A patch that ends a series before that occurrence; None if it is the first, so that nothing would be left.

    `calendar_zone` counts for a series that names no zone. Raises ValueError for a series that cannot be read or cut.
    """
    span, series, lines = read_series(master, calendar_zone)
    moment = moment_of(at, span)
    if not series.starts_between(EARLIEST, moment):
        return None
    if moment <= series.start:
        raise ValueError("dates of the series lie before its start, and it cannot end before that")
    return {"recurrence": lines_before(series, lines, moment)}


def tail(master: Json, at: Original, instance: Json, body: Json, calendar_zone: tzinfo = UTC) -> Json:
    """The event to insert, without an id, that carries on from that occurrence with a person's changes.

    `instance` is the occurrence as the person saw it; its times count where `body`, in patch form, changes them in part.
    Raises ValueError for times or a recurrence that cannot be, and for a series whose guests are not all known.
    """
    span, series, lines = read_series(master, calendar_zone)
    start = replace(span, start=moment_of(at, span))
    target = start
    if touches_times(body):
        target = edited_span(instance, body, span.zone or calendar_zone)
    known = carried(master)
    event = apply(known, changes_of_patch(known, without(body, STAMPS)))
    if "recurrence" not in body:
        target, event["recurrence"] = moved(start, target, lines_from(series, lines, start.start))
    if not event.get("recurrence"):
        event.pop("recurrence", None)
    return event | target.fields()


def moved_whole(master: Json, instance: Json, body: Json, calendar_zone: tzinfo = UTC) -> Json:
    """A patch of the master from a person's changes to one occurrence that are meant for all.

    Every occurrence moves as far as that one does on the clocks of the series, with its exceptions' dates and its end.
    Raises ValueError for times or a recurrence that cannot be.
    """
    changes = without(body, STAMPS)
    if not touches_times(body):
        return changes
    span, _, lines = read_series(master, calendar_zone)
    old = span_of(instance, calendar_zone).on_clocks_of(span.zone)
    target = as_far(span, old, edited_span(instance, body, span.zone or calendar_zone))
    if "recurrence" not in body:
        target, rest = moved(span, target, lines)
        changes |= {"recurrence": rest} if target != span else {}
    return changes | (patched(span, target) if target != span else {})


def touches_times(body: Mapping[str, Any]) -> bool:
    return any(name in body for name in STAMPS)


def read_series(master: Json, calendar_zone: tzinfo) -> tuple[EventSpan, Series, list[str]]:
    span = span_of(master, calendar_zone)
    lines = list(master.get("recurrence") or ())
    if not lines:
        raise ValueError("the event does not repeat")
    return (
        span,
        Series(span.start, span.duration, span.zone, read_recurrence(tuple(lines), span.start, span.zone)),
        lines,
    )


def moment_of(at: Original, span: EventSpan) -> int:
    stamp = read_stamp(at)
    if stamp.is_day != (span.zone is None):
        raise ValueError(f"{at!r} is no start of an occurrence of this series")
    return stamp.wall


def as_far(series: EventSpan, old: EventSpan, new: EventSpan) -> EventSpan:
    """A series moved as far as an occurrence was; an occurrence of another kind than its series tells days only."""
    days = new.wall // DAY - old.wall // DAY
    has_turned = (old.zone is None) != (new.zone is None)
    if not has_turned and (old.zone is None) != (series.zone is None):
        return series.at(series.wall + days * DAY)
    wall = series.wall + new.wall - old.wall
    if has_turned:
        wall = (series.wall // DAY + days) * DAY + new.wall % DAY
    if not EARLIEST <= wall < LATEST:
        raise ValueError(TOO_FAR)
    same_length = not has_turned and old.duration == new.duration
    return replace(new, duration=series.duration if same_length else new.duration).at(wall)


def moved(old: EventSpan, new: EventSpan, lines: list[str]) -> tuple[EventSpan, list[str]]:
    """Where a series that shall begin at `new` can begin, and its lines there."""
    if new == old:
        return old, lines
    move = possible(lines, Move(old.wall, new.wall, old.zone, new.zone))
    target = new if move.new == new.wall else new.at(move.new)
    if (old.start, old.zone) == (target.start, target.zone):
        return target, lines
    try:
        return target, moved_lines(lines, move)
    except (OverflowError, ValueError):
        raise ValueError(TOO_FAR) from None


def patched(old: EventSpan, new: EventSpan) -> Json:
    """`start` and `end` as a patch: it takes away what there was of the other kind."""
    given = "date" if new.zone is None else "dateTime"
    gone = ANOTHER_KIND[given] if (old.zone is None) != (new.zone is None) else {}
    return {name: gone | time for name, time in new.fields().items()}


def carried(master: Json) -> Json:
    """What a new event takes over: neither what Google alone writes, nor the making of a conference that exists.

    Raises ValueError if Google has not told all guests.
    """
    if master.get("attendeesOmitted"):
        raise ValueError("not all guests of the series are known, and those would be lost")
    event = without(master, {*READ_ONLY, *WHEN})
    if "attendees" in event:
        event["attendees"] = [without(guest, GUEST_READ_ONLY) for guest in event["attendees"]]
    conference = without(event.pop("conferenceData", None) or {}, ("createRequest",))
    return event | ({"conferenceData": conference} if conference else {})


def without(fields: Mapping[str, Any], names: Collection[str]) -> Json:
    return {name: value for name, value in fields.items() if name not in names}
