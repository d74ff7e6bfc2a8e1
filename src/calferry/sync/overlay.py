"""What readers see: rows as pulls wrote them, with edits of our own laid over."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from calferry import google
from calferry.core import event_values, shown_event
from calferry.core.event_json import parsed
from calferry.core.event_window import zone_of
from calferry.core.intent import Intent
from calferry.core.recurrence.master import Times
from calferry.core.recurrence.occurrence import occurrence, parted, unnamed
from calferry.core.shown_event import StoredRow, Version
from calferry.store import event_rows, intents
from calferry.store.event_reads import Readable
from calferry.store.event_rows import OverRow
from calferry.store.events import tombstone_json


@dataclass(frozen=True, slots=True)
class Shown:
    """One event as readers see it, a deleted one too (`status` is `cancelled`).

    `raw` is its JSON without the mark of pending edits: the base of the next edit. `etag` is Google's, None while
    `pending` names the number of the newest edit that Google has not been told yet. An occurrence of which no row of its
    own stands is not `stored`: its JSON and etag are made of its series.
    """

    event_id: str
    raw: str
    etag: str | None
    pending: int | None
    status: str
    recurring: bool
    series_id: str | None
    original_start: str | None
    times: Times
    stored: bool = True

    @property
    def text(self) -> str:
        """The JSON that readers get."""
        return self.raw if self.pending is None else shown_event.marked(self.raw)

    @property
    def tag(self) -> str | None:
        """The entity tag: Google's, or one of our own while Google has not been told everything."""
        return self.etag if self.pending is None else f'"pending-{self.pending}"'


def laid_over(connection: Connection, calendars: Sequence[Readable]) -> list[Readable]:
    """The same calendars, those with edits in force read through these."""
    found = grouped(intents.shown(connection, [calendar.calendar_id for calendar in calendars]))
    if not found:
        return list(calendars)
    return [with_edits(connection, calendar, found.get(calendar.calendar_id, {})) for calendar in calendars]


Edits = Mapping[str, Sequence[Intent]]
"""By event id, oldest first."""


def grouped(edits: Iterable[Intent]) -> dict[str, dict[str, list[Intent]]]:
    """By calendar, then by event."""
    found: defaultdict[str, dict[str, list[Intent]]] = defaultdict(dict)
    for edit in edits:
        found[edit.calendar_id].setdefault(edit.event_id, []).append(edit)
    return found


def with_edits(connection: Connection, calendar: Readable, edits: Edits) -> Readable:
    over = rows_over(connection, calendar, edits) if edits else {}
    if not over:
        return calendar
    return replace(calendar, rows=event_rows.with_rows_over(connection, calendar.projection_id, over))


def rows_over(connection: Connection, calendar: Readable, edits: Edits) -> dict[str, OverRow]:
    """What to see in the place of rows, by event id."""
    if calendar.mode == "instances":
        edits = of_instances(edits)
    stored = event_rows.stored_rows(connection, calendar.projection_id, edits)
    over: dict[str, OverRow] = {}
    for event_id, own in edits.items():
        row, series_id = stored.get(event_id, (None, None))
        if row is not None and row.status == "cancelled" and series_id is None and parted(event_id):
            row = None
        version = shown_event.lay_over(row, own)
        made = None if version is None else over_row(calendar, own[0].user_id, event_id, version)
        if made is not None and (row is not None or is_mirrored(calendar, made)):
            over[event_id] = made
    return (
        over | without_series(connection, calendar, over) | without_dates(connection, calendar, over, stored)
    )


def of_instances(edits: Edits) -> Edits:
    """Without edits of whole series: what Google will expand of them is not known here."""
    kept = {
        event_id: [edit for edit in own if not shown_event.is_about_series(edit)]
        for event_id, own in edits.items()
    }
    return {event_id: own for event_id, own in kept.items() if own}


def over_row(calendar: Readable, user_id: int, event_id: str, version: Version) -> OverRow | None:
    """The columns of that version; None for what no reader could make sense of."""
    raw = version.raw if version.pending is None else shown_event.marked(version.raw)
    try:
        item = google.read_event(raw.encode())
    except (google.ProtocolViolation, UnicodeError):
        return None
    return OverRow(
        user_id,
        calendar.projection_id,
        event_id,
        item.status,
        item.start_ms,
        item.end_ms,
        item.start_date,
        item.end_date,
        item.series_id,
        item.original_start,
        item.is_recurring,
        raw,
        item.etag if version.pending is None else None,
        version.pending,
    )


def is_mirrored(calendar: Readable, row: OverRow) -> bool:
    """Whether the calendar would hold such a row at all: where Google expands, it says nothing beyond its window."""
    window = calendar.window
    if window is None:
        return True
    times = row.times.instants(zone_of(calendar.time_zone))
    if times is None or row.status == "cancelled":
        return False
    return times[0] * 1000 < window.end_at and times[1] * 1000 > window.start_at


def without_series(
    connection: Connection, calendar: Readable, over: Mapping[str, OverRow]
) -> dict[str, OverRow]:
    """Tombstones of exceptions whose series an edit takes away, as a pull leaves them."""
    gone = {row.event_id: row for row in over.values() if row.status == "cancelled" and row.series_id is None}
    if not gone or calendar.mode == "instances":
        return {}
    children = event_rows.living_children(connection, calendar.projection_id, gone)
    children |= {row.event_id: row.series_id for row in over.values() if row.series_id in gone}
    return {event_id: tombstone(gone[series_id], event_id) for event_id, series_id in children.items()}


def without_dates(
    connection: Connection,
    calendar: Readable,
    over: Mapping[str, OverRow],
    stored: Mapping[str, tuple[StoredRow, str | None]],
) -> dict[str, OverRow]:
    """Tombstones of exceptions to dates that an edit takes from their series. Google resets these:
    https://developers.google.com/workspace/calendar/api/guides/recurringevents"""
    moved = {
        row.event_id: row
        for row in over.values()
        if row.series_id is None and row.status != "cancelled" and has_moved(stored.get(row.event_id), row)
    }
    if not moved or calendar.mode == "instances":
        return {}
    found = event_rows.exceptions(connection, calendar.projection_id, moved)
    found += [
        (row.event_id, row.series_id, row.original_start)
        for row in over.values()
        if row.series_id in moved and row.original_start is not None
    ]
    originals = defaultdict(set)
    for _, series_id, original in found:
        originals[series_id].add(original)
    zone = zone_of(calendar.time_zone)
    gone = {key: unnamed(moved[key].raw, moved[key].times, own, zone) for key, own in originals.items()}
    return {
        event_id: tombstone(moved[series_id], event_id)
        for event_id, series_id, original in found
        if original in gone[series_id]
    }


def has_moved(stored: tuple[StoredRow, str | None] | None, row: OverRow) -> bool:
    """Whether a series takes place at other times than the stored one, or has become a single event; one that is not stored
    may have been moved by any edit."""
    if stored is None:
        return True
    known, now = parsed(stored[0].raw), parsed(row.raw)
    names = ("start", "recurrence")
    return "recurrence" in known and not all(
        event_values.same(name, known.get(name), now.get(name)) for name in names
    )


def tombstone(series: OverRow, event_id: str) -> OverRow:
    """Of an exception of that series, as a pull leaves it."""
    raw = tombstone_json(event_id)
    shown = raw if series.pending is None else shown_event.marked(raw)
    return replace(
        series,
        event_id=event_id,
        raw=shown,
        status="cancelled",
        recurring=False,
        series_id=None,
        original_start=None,
        start_at=None,
        end_at=None,
        start_date=None,
        end_date=None,
    )


def event_of(connection: Connection, calendar: Readable, event_id: str) -> Shown | None:
    """The event of that id, or the occurrence of a series; None where the calendar has none.

    The calendar comes from `event_reads.readable_one`. Reads only, in the caller's transaction.
    """
    part = parted(event_id)
    involved = {event_id, part[0]} if part else {event_id}
    edits = grouped(intents.shown(connection, [calendar.calendar_id], involved)).get(calendar.calendar_id, {})
    seen = with_edits(connection, calendar, edits)
    row = event_rows.one_row(connection, seen.rows, seen.projection_id, event_id)
    # A tombstone that belongs to no series hides none of its occurrences.
    if part is not None and (row is None or (row.status == "cancelled" and row.series_id is None)):
        of_series = occurrence_of(connection, seen, part[0], event_id)
        if of_series is not None:
            return of_series
    return None if row is None else shown_from(row)


def shown_from(row: OverRow) -> Shown:
    raw = row.raw if row.pending is None else shown_event.unmarked(row.raw)
    return Shown(
        row.event_id,
        raw,
        row.etag,
        row.pending,
        row.status,
        row.recurring,
        row.series_id,
        row.original_start,
        row.times,
    )


def occurrence_of(connection: Connection, calendar: Readable, series_id: str, event_id: str) -> Shown | None:
    """An occurrence of which its series alone says what it is."""
    series = event_rows.one_row(connection, calendar.rows, calendar.projection_id, series_id)
    if calendar.mode != "series" or series is None or not series.recurring or series.status == "cancelled":
        return None
    of_series = shown_from(series)
    zone = zone_of(calendar.time_zone)
    raw = occurrence(of_series.raw, series.times, event_id, zone)
    version = None if raw is None else Version(raw, series.pending)
    row = None if version is None else over_row(calendar, series.user_id, event_id, version)
    return None if row is None else replace(shown_from(row), stored=False)
