"""What a reader of expanded events needs: masters that may have a part in the window, and whatever stands beside them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, or_, select

from calferry.core.event_window import in_zone, zone_of
from calferry.core.recurrence.expansion import STORED, Instance, Source, Span
from calferry.core.recurrence.lines import read_stamp
from calferry.core.recurrence.master import Times, series_of
from calferry.core.recurrence.offsets import DAY, clamped, to_instants
from calferry.core.recurrence.stamps import day_stamps
from calferry.store.dialect import among
from calferry.store.event_reads import (
    EventQuery,
    Readable,
    ends_after,
    is_shown,
    mentions,
    starts_before,
)
from calferry.store.tables import events

MARGIN_DAYS = 3


@dataclass(slots=True)
class Expandable:
    """Everything that has a part in a window, of several calendars."""

    sources: list[Source] = field(default_factory=list)
    masters: list[str] = field(default_factory=list)
    """The JSON of each source."""
    stored: list[Instance] = field(default_factory=list)
    """Ascending."""
    calendars: dict[int, Readable] = field(default_factory=dict)
    """By rank, which is the projection."""
    unexpanded: list[tuple[str, str]] = field(default_factory=list)
    """Calendar id and event id of series whose lines cannot be read: only their first occurrence is there."""


def expandable(conn: Connection, query: EventQuery, calendars: Iterable[Readable]) -> Expandable:
    """What these calendars hold. The query has both bounds."""
    found = Expandable()
    for calendar in calendars:
        found.calendars[calendar.projection_id] = calendar
        add_masters(conn, query, calendar, found)
        found.stored += stored_events(conn, query, calendar)
    found.stored.sort()
    return found


def span_of(query: EventQuery, zone: tzinfo) -> Span:
    """The window as a calendar of that zone sees it, in whole seconds."""
    if query.time_min is None or query.time_max is None:
        raise ValueError("the window is open")
    low, high = in_zone(query.time_min, zone).at_ms, in_zone(query.time_max, zone).at_ms
    return Span(clamped(low // 1000), clamped(-(-high // 1000)))


def add_masters(conn: Connection, query: EventQuery, calendar: Readable, found: Expandable) -> None:
    zone = zone_of(calendar.time_zone)
    span = span_of(query, zone)
    needle = query.text.casefold()
    read: list[tuple[Source, str]] = []
    for event_id, raw, *times in conn.execute(masters(query, calendar, zone)):
        if needle and not mentions(raw, needle):
            continue
        series, understood = series_of(raw, Times(*times), zone)
        if not understood:
            found.unexpanded.append((calendar.calendar_id, event_id))
        if series is not None:
            read.append((Source(calendar.projection_id, event_id, series, span, zone), raw))
    longest = max((source.series.duration for source, _ in read), default=0)
    replaced = replaced_starts(conn, calendar, span, longest) if read else {}
    for source, raw in read:
        gone = replaced.get(source.event_id)
        found.sources.append(replace(source, replaced=gone) if gone else source)
        found.masters.append(raw)


def masters(query: EventQuery, calendar: Readable, zone: tzinfo) -> Select[Any]:
    """Live masters that begin before the window ends. A date of RDATE may come before the start."""
    rows = calendar.rows.table.c
    conditions = [
        rows.projection_id == calendar.projection_id,
        rows.user_id == query.user_id,
        rows.recurring,
        rows.status != "cancelled",
    ]
    if query.series_id is not None:
        conditions.append(rows.event_id == query.series_id)
    if query.time_max is not None:
        begun = starts_before(calendar, in_zone(query.time_max, zone))
        conditions.append(or_(begun, rows.raw.contains("RDATE")))
    return select(rows.event_id, rows.raw, *times_of(calendar)).where(and_(*conditions))


def replaced_starts(conn: Connection, calendar: Readable, span: Span, longest: int) -> dict[str, set[int]]:
    """By series, the starts in and around the window for which a row of their own stands, cancelled or not."""
    low = day_stamps[(span.low - longest) // DAY - MARGIN_DAYS]
    high = day_stamps[span.high // DAY + MARGIN_DAYS]
    rows = calendar.rows.table.c
    statement = select(rows.series_id, rows.original_start).where(
        rows.projection_id == bindparam("projection"),
        rows.series_id.is_not(None),
        rows.original_start.between(low, high),
    )
    found: defaultdict[str, set[int]] = defaultdict(set)
    for series_id, original_start in conn.execute(statement, {"projection": calendar.projection_id}):
        found[series_id].add(read_stamp(original_start).wall)
    return found


def stored_events(conn: Connection, query: EventQuery, calendar: Readable) -> Iterator[Instance]:
    """Single events, exceptions and instances that Google expanded, as far as they lie in the window."""
    zone = zone_of(calendar.time_zone)
    needle = query.text.casefold()
    rows = calendar.rows.table.c
    looked_at = [rows.raw] if needle else []
    statement = select(rows.event_id, rows.original_start, *times_of(calendar), *looked_at).where(
        *in_window(query, calendar, zone)
    )
    for event_id, original_start, *rest in conn.execute(statement):
        if needle and not mentions(rest[4], needle):
            continue
        times = Times(*rest[:4]).instants(zone) or original_times(original_start, zone)
        if times is not None:
            yield times[0], calendar.projection_id, event_id, times[1], STORED, 0


def in_window(query: EventQuery, calendar: Readable, zone: tzinfo) -> Iterator[ColumnElement[bool]]:
    rows = calendar.rows.table.c
    yield rows.projection_id == calendar.projection_id
    yield rows.user_id == query.user_id
    yield rows.recurring.is_(False)
    if query.series_id is not None:
        yield or_(rows.series_id == query.series_id, rows.event_id == query.series_id)
    live = rows.status != "cancelled"
    yield or_(is_shown(calendar), rows.series_id.is_(None)) if query.show_deleted else live
    if query.time_min is not None:
        yield ends_after(calendar, in_zone(query.time_min, zone))
    if query.time_max is not None:
        yield starts_before(calendar, in_zone(query.time_max, zone))


def original_times(original_start: str | None, zone: tzinfo) -> tuple[int, int] | None:
    """When a cancelled instance without times of its own would have begun."""
    if original_start is None:
        return None
    stamp = read_stamp(original_start)
    start = to_instants(zone, [stamp.wall])[0] if stamp.is_day else stamp.wall
    return start, start


def has_instances(conn: Connection, calendar: Readable, series_id: str) -> bool:
    """Whether an instance of that series is stored, and alive."""
    statement = select(events.c.event_id).where(
        events.c.projection_id == calendar.projection_id,
        events.c.series_id == series_id,
        events.c.status != "cancelled",
    )
    return conn.execute(statement.limit(1)).one_or_none() is not None


def times_of(calendar: Readable) -> tuple[ColumnElement[Any], ...]:
    rows = calendar.rows.table.c
    return rows.start_at, rows.end_at, rows.start_date, rows.end_date


def raw_of(
    conn: Connection, calendars: Mapping[int, Readable], keys: Iterable[tuple[int, str]]
) -> dict[tuple[int, str], str]:
    """The JSON of these events, by projection and event id."""
    wanted: defaultdict[int, list[str]] = defaultdict(list)
    found: dict[tuple[int, str], str] = {}
    for projection_id, event_id in keys:
        over = calendars[projection_id].rows.over.get(event_id)
        if over is None:
            wanted[projection_id].append(event_id)
        else:
            found[projection_id, event_id] = over.raw
    for projection_id, event_ids in wanted.items():
        statement = select(events.c.event_id, events.c.raw).where(
            events.c.projection_id == projection_id, among(conn, events.c.event_id, event_ids)
        )
        found |= {(projection_id, event_id): raw for event_id, raw in conn.execute(statement)}
    return found
