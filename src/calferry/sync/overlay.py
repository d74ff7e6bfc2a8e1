"""What readers see: rows as pulls wrote them, with edits of our own laid over."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from calferry.core.recurrence.master import Times
from calferry.store.event_reads import Readable
from calferry.store.tables import events


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


def event_of(connection: Connection, calendar: Readable, event_id: str) -> Shown | None:
    """The event of that id, or the occurrence of a series; None where the calendar has none.

    The calendar comes from `event_reads.readable_one`. Reads only, in the caller's transaction.
    """
    columns = (
        events.c.raw,
        events.c.etag,
        events.c.status,
        events.c.recurring,
        events.c.series_id,
        events.c.original_start,
        events.c.start_at,
        events.c.end_at,
        events.c.start_date,
        events.c.end_date,
    )
    own = (events.c.projection_id == calendar.projection_id, events.c.event_id == event_id)
    row = connection.execute(select(*columns).where(*own)).one_or_none()
    if row is None:
        return None
    raw, etag, status, recurring, series_id, original_start, *times = row
    return Shown(event_id, raw, etag, None, status, recurring, series_id, original_start, Times(*times))
