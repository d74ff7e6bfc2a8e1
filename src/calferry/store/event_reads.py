"""Stored events for readers, calendar by calendar, each in the order of event ids. Every statement binds the user."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, or_, select

from calferry.core.event_window import Bound, ZonedBound, in_zone, zone_of
from calferry.core.model import Window
from calferry.core.recurrence.expansion import Span, takes_place
from calferry.core.recurrence.master import Times, series_of
from calferry.core.recurrence.offsets import LATEST
from calferry.store.event_rows import STORED, EventRows
from calferry.store.tables import accounts, calendars, projections, users

SCANNED_MAX = 20_000
"""Rows that are looked into for one page, series and those of a text search; a page may be short, and still not the last."""
CHUNK = 500
TIMES = ("start_at", "end_at", "start_date", "end_date")


@dataclass(frozen=True, slots=True)
class Readable:
    """A calendar whose events are stored, with the projection that readers see."""

    calendar_id: str
    projection_id: int
    mode: str
    time_zone: str | None
    window: Window | None = None
    """Of an `instances` projection."""
    rows: EventRows = STORED


@dataclass(frozen=True, slots=True)
class EventQuery:
    user_id: int
    calendar_ids: tuple[str, ...] | None
    """None: every selected calendar."""
    time_min: Bound | None
    time_max: Bound | None
    show_deleted: bool
    text: str
    at_most: int
    projections: tuple[int, ...] | None = None
    """What every page of one walk reads, whatever else readers see by now; None: what they see now."""
    series_id: str | None = None
    """Of expanded events, those of one series alone."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the last row looked at. Expanded events have a start, too, in seconds since 1970."""

    projection_id: int
    event_id: str
    start: int | None = None
    given: int = 0
    """Expanded events on this page and those before it."""


@dataclass(frozen=True, slots=True)
class EventPage:
    items: list[tuple[str, str]]
    """Pairs of calendar id and Google's JSON."""
    next_place: Place | None


def change_head(conn: Connection, user_id: int) -> int:
    """The number of the newest change of that user."""
    return int(conn.execute(select(users.c.change_head).where(users.c.id == user_id)).scalar_one())


def unknown_calendars(conn: Connection, user_id: int, calendar_ids: Sequence[str]) -> list[str]:
    """Those that are not the user's."""
    owned = select(calendars.c.id).where(
        calendars.c.user_id == user_id, calendars.c.id.in_(calendar_ids), calendars.c.removed_at.is_(None)
    )
    known = set(conn.execute(owned).scalars())
    return [calendar_id for calendar_id in calendar_ids if calendar_id not in known]


# Every reading begins with one of these, so they are built once: building them costs more than running them.
OWNED = (
    select(
        calendars.c.id,
        calendars.c.projection_id,
        projections.c.mode,
        calendars.c.time_zone,
        projections.c.window_start_at,
        projections.c.window_end_at,
    )
    .join_from(calendars, projections, projections.c.id == calendars.c.projection_id)
    .join(accounts, accounts.c.id == calendars.c.account_id)
    .where(
        calendars.c.user_id == bindparam("user_id"),
        calendars.c.removed_at.is_(None),
        accounts.c.status != "closing",
    )
    .order_by(calendars.c.projection_id)
)
SELECTED = OWNED.where(calendars.c.selected)
NAMED = OWNED.where(calendars.c.id.in_(bindparam("calendar_ids", expanding=True)))


def readable(conn: Connection, query: EventQuery) -> list[Readable]:
    """The calendars to read, in the order of their projections."""
    asked: dict[str, Any] = {"user_id": query.user_id}
    if query.calendar_ids is not None:
        asked["calendar_ids"] = list(query.calendar_ids)
    found = [
        Readable(calendar_id, projection_id, mode, zone, None if start is None else Window(start, end))
        for calendar_id, projection_id, mode, zone, start, end in conn.execute(
            SELECTED if query.calendar_ids is None else NAMED, asked
        )
    ]
    wanted = query.projections
    return found if wanted is None else [one for one in found if one.projection_id in wanted]


def readable_one(conn: Connection, user_id: int, calendar_id: str) -> Readable | None:
    """The user's calendar as readers see it; None where it is not mirrored, or not the user's."""
    query = EventQuery(user_id, (calendar_id,), None, None, show_deleted=False, text="", at_most=1)
    return next(iter(readable(conn, query)), None)


def page(
    conn: Connection, query: EventQuery, calendars: Sequence[Readable], after: Place | None
) -> EventPage:
    """The next events after a place, of calendars in the order of their projections. `next_place` is None on the last page."""
    items: list[tuple[str, str]] = []
    scanned = 0
    last = after
    needle = query.text.casefold()
    for place, calendar, row in rows_after(conn, query, calendars, after):
        if len(items) == query.at_most or scanned == SCANNED_MAX:
            return EventPage(items, last)
        last = place
        if is_in_window(query, calendar, row) and (not needle or mentions(row.raw, needle)):
            items.append((calendar.calendar_id, row.raw))
        scanned += 1 if needle or row.recurring else 0
    return EventPage(items, None)


def rows_after(
    conn: Connection, query: EventQuery, calendars: Sequence[Readable], after: Place | None
) -> Iterator[tuple[Place, Readable, Any]]:
    """Rows that match everything that columns tell, in order, read in chunks."""
    chunk = min(query.at_most + 1, CHUNK)
    for calendar in calendars:
        if after is not None and calendar.projection_id < after.projection_id:
            continue
        last_id = (
            after.event_id if after is not None and calendar.projection_id == after.projection_id else ""
        )
        matching, rows = matches(query, calendar), calendar.rows.table.c
        while True:
            statement = (
                select(rows.event_id, rows.raw, rows.status, rows.recurring, *(rows[name] for name in TIMES))
                .where(matching, rows.event_id > last_id)
                .order_by(rows.event_id)
                .limit(chunk)
            )
            found = conn.execute(statement).all()
            for row in found:
                yield Place(calendar.projection_id, row.event_id), calendar, row
            if len(found) < chunk:
                break
            last_id = found[-1].event_id


def is_in_window(query: EventQuery, calendar: Readable, row: Any) -> bool:
    """Whether a series has an occurrence there. Of anything else, and of what cannot be read, columns have told enough."""
    if query.time_min is None or not row.recurring or row.status == "cancelled":
        return True
    zone = zone_of(calendar.time_zone)
    series, is_whole = series_of(row.raw, Times(*(getattr(row, name) for name in TIMES)), zone)
    if series is None or not is_whole:
        return True
    high = LATEST if query.time_max is None else -(-in_zone(query.time_max, zone).at_ms // 1000)
    return takes_place(series, Span(in_zone(query.time_min, zone).at_ms // 1000, high), zone)


def matches(query: EventQuery, calendar: Readable) -> ColumnElement[bool]:
    rows = calendar.rows.table.c
    conditions = [rows.user_id == query.user_id, rows.projection_id == calendar.projection_id]
    if not query.show_deleted:
        conditions.append(is_shown(calendar))
    zone = zone_of(calendar.time_zone)
    if query.time_min is not None:
        conditions.append(ends_after(calendar, in_zone(query.time_min, zone)))
    if query.time_max is not None:
        conditions.append(starts_before(calendar, in_zone(query.time_max, zone)))
    return and_(*conditions)


def is_shown(calendar: Readable) -> ColumnElement[bool]:
    """As Google lists without deleted events: cancelled exceptions of a live series still stand there.

    https://developers.google.com/workspace/calendar/api/v3/reference/events/list (showDeleted)
    """
    rows = calendar.rows.table.c
    live = rows.status != "cancelled"
    if calendar.mode != "series":
        return live
    return or_(live, and_(rows.series_id.is_not(None), calendar.rows.has_live_master))


def ends_after(calendar: Readable, bound: ZonedBound) -> ColumnElement[bool]:
    """A series may go on for ever, so its first occurrence says nothing about its end: see `is_in_window`."""
    rows = calendar.rows.table.c
    return or_(
        rows.recurring,
        func.coalesce(rows.end_at, rows.start_at) > bound.at_ms,
        func.coalesce(rows.end_date, rows.start_date) > bound.day,
        and_(is_timeless(calendar), rows.original_start >= bound.day.replace("-", "")),
    )


def starts_before(calendar: Readable, bound: ZonedBound) -> ColumnElement[bool]:
    rows = calendar.rows.table.c
    day = rows.start_date
    return or_(
        rows.start_at < bound.at_ms,
        day < bound.day if bound.is_midnight else day <= bound.day,
        and_(is_timeless(calendar), rows.original_start < bound.day.replace("-", "") + "~"),
    )


def is_timeless(calendar: Readable) -> ColumnElement[bool]:
    """Cancelled exceptions carry no time of their own."""
    rows = calendar.rows.table.c
    return and_(rows.start_at.is_(None), rows.start_date.is_(None))


def mentions(raw: str, needle: str) -> bool:
    """Whether title, description, place or people of an event hold the (case-folded) text."""
    try:
        event = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return any(needle in text.casefold() for text in searched_texts(event))


def searched_texts(event: object) -> Iterator[str]:
    if not isinstance(event, dict):
        return
    people = event.get("attendees")
    holders = [
        event,
        event.get("organizer"),
        event.get("creator"),
        *(people if isinstance(people, list) else []),
    ]
    for holder in holders:
        if isinstance(holder, dict):
            for field in ("summary", "description", "location", "email", "displayName"):
                if isinstance(holder.get(field), str):
                    yield holder[field]
