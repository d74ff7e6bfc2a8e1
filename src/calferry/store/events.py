"""Event rows of a projection: what planning reads, and the bulk writes of a page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from operator import itemgetter
from typing import Any

import asyncpg
import msgspec
from sqlalchemy import BigInteger, Connection, bindparam, func, or_, select, update

from calferry.core.model import ObservedEvent, ProjectionId, StoredEvent, UserId
from calferry.store.bulk_insert import BulkInsert
from calferry.store.dialect import Row, among, among_bound, is_postgres, run_many, savepoint, texts
from calferry.store.tables import events

COLUMNS = (
    "user_id",
    "projection_id",
    "event_id",
    "status",
    "etag",
    "updated_at",
    "start_at",
    "end_at",
    "start_date",
    "end_date",
    "series_id",
    "original_start",
    "ical_uid",
    "recurring",
    "generation",
    "deleted_at",
    "raw",
    "last_raw",
    "change_id",
)
"""What is written of a row. The number of its change comes last: it is known when all the rest is ready."""
# `change_id` stays where a write is no news, so that the log and the row agree.
KEPT_WHEN_SILENT = (
    "change_id=CASE WHEN excluded.change_id=0 THEN events.change_id ELSE excluded.change_id END"
)
OVERWRITTEN = [name for name in COLUMNS if name not in ("user_id", "projection_id", "event_id", "change_id")]
EVENT_ID, START_AT, SERIES_ID, DELETED_AT = map(
    COLUMNS.index, ("event_id", "start_at", "series_id", "deleted_at")
)


def nulls_of(row: Row) -> tuple[bool, bool, bool]:
    """Whether it is all-day, whether it stands alone, whether it is alive: what else is NULL follows from these."""
    return row[START_AT] is None, row[SERIES_ID] is None, row[DELETED_AT] is None


UPSERT = BulkInsert(
    "events",
    COLUMNS,
    "ON CONFLICT (projection_id, event_id) DO UPDATE SET missing_since=NULL, "
    + ", ".join(f"{name}=excluded.{name}" for name in OVERWRITTEN)
    + f", {KEPT_WHEN_SILENT}",
    shared=("user_id", "projection_id", "generation"),
    shape=nulls_of,
    utf8=("raw",),
)

# In the order of the fields of `StoredEvent`.
PLANNING = (
    events.c.event_id,
    events.c.status,
    events.c.updated_at,
    events.c.raw,
    events.c.last_raw,
    events.c.recurring,
    events.c.series_id,
    events.c.ical_uid,
    events.c.etag,
    events.c.original_start,
    events.c.start_at,
    events.c.end_at,
    events.c.start_date,
    events.c.end_date,
    events.c.missing_since,
)


@cache
def planning(dialect: str, column: str) -> Any:
    """The statement of `of_ids` and `of_series`: every page runs it."""
    return select(*PLANNING).where(
        events.c.projection_id == bindparam("projection"), among_bound(dialect, events.c[column], "ids")
    )


def for_planning(
    connection: Connection, column: str, projection_id: ProjectionId, ids: Iterable[str]
) -> dict[str, StoredEvent]:
    dialect = connection.dialect.name
    terms = {"projection": projection_id, "ids": texts(dialect, ids)}
    return {row[0]: stored(row) for row in connection.execute(planning(dialect, column), terms)}


def of_ids(
    connection: Connection, projection_id: ProjectionId, event_ids: Iterable[str]
) -> dict[str, StoredEvent]:
    """The rows with these ids, by id."""
    return for_planning(connection, "event_id", projection_id, event_ids)


def of_series(
    connection: Connection, projection_id: ProjectionId, series_ids: Iterable[str]
) -> dict[str, StoredEvent]:
    """Every exception or instance of these series, by id."""
    return for_planning(connection, "series_id", projection_id, series_ids)


@cache
def being_far_ahead(dialect: str) -> Any:
    """The statement of `far_ahead`."""
    return select(events.c.event_id, events.c.series_id).where(
        events.c.projection_id == bindparam("shown"),
        among_bound(dialect, events.c.series_id, "series"),
        events.c.status != "cancelled",
        or_(
            events.c.start_at > bindparam("after", type_=BigInteger),
            events.c.start_date > bindparam("day"),
            events.c.original_start > bindparam("basic_day"),
        ),
    )


def far_ahead(
    connection: Connection, projection_id: ProjectionId, series_ids: Iterable[str], after_ms: int
) -> dict[str, str]:
    """Live instances of these series that begin after that time, or did at first: the series of each, by id."""
    day = datetime.fromtimestamp(after_ms / 1000, UTC).date().isoformat()
    dialect = connection.dialect.name
    terms = {"shown": projection_id, "series": texts(dialect, series_ids), "after": after_ms}
    days = {"day": day, "basic_day": day.replace("-", "")}
    rows = connection.execute(being_far_ahead(dialect), terms | days)
    return {row.event_id: row.series_id for row in rows}


SHOWN = events.c.projection_id == bindparam("shown")
UNSEEN = SHOWN, events.c.generation < bindparam("number", type_=BigInteger)
LIVE_UNSEEN = select(events.c.event_id, events.c.missing_since).where(*UNSEEN, events.c.status != "cancelled")


def unseen(connection: Connection, projection_id: ProjectionId, generation: int) -> dict[str, bool]:
    """Live rows that a full pass of this generation has not met: id, and whether it was missing before."""
    rows = connection.execute(LIVE_UNSEEN, {"shown": projection_id, "number": generation})
    return {row.event_id: row.missing_since is not None for row in rows}


def stored(row: Any) -> StoredEvent:
    """By position: comparing a page with its rows is the hot path."""
    values: Any = (*row[:-1], row[-1] is not None)
    return StoredEvent(*values)


def live_ids(connection: Connection, projection_id: ProjectionId) -> set[str]:
    statement = select(events.c.event_id).where(
        events.c.projection_id == projection_id, events.c.status != "cancelled"
    )
    return set(connection.execute(statement).scalars())


ANY_EVENT = select(events.c.event_id).where(SHOWN).limit(1)
COUNT_LIVE = select(func.count()).where(SHOWN, events.c.status != "cancelled")


def is_empty(connection: Connection, projection_id: ProjectionId) -> bool:
    return connection.execute(ANY_EVENT, {"shown": projection_id}).one_or_none() is None


def count_live(connection: Connection, projection_id: ProjectionId) -> int:
    return int(connection.execute(COUNT_LIVE, {"shown": projection_id}).scalar_one())


@dataclass(frozen=True, slots=True)
class Writer:
    """What the rows of one page have in common."""

    user_id: UserId
    projection_id: ProjectionId
    generation: int
    now_ms: int

    def row(self, item: ObservedEvent, last_raw: str | None) -> Row:
        """The values of `COLUMNS` for a sent item, but for the number of its change: 0 where it is no news."""
        return (
            self.user_id,
            self.projection_id,
            item.event_id,
            item.status,
            item.etag,
            item.updated_ms,
            item.start_ms,
            item.end_ms,
            item.start_date,
            item.end_date,
            item.series_id,
            item.original_start,
            item.i_cal_uid,
            item.is_recurring,
            self.generation,
            self.now_ms if item.status == "cancelled" else None,
            item.view,
            last_raw,
        )


def write(connection: Connection, rows: Sequence[Row], *, new: bool = False) -> None:
    """Insert or overwrite rows of all `COLUMNS`, or none of them. `new`: none of them is there, as far as is known."""
    if is_postgres(connection):
        rows = sorted(rows, key=itemgetter(EVENT_ID))
    if new and is_postgres(connection):
        try:
            with savepoint(connection):
                UPSERT.run(connection, rows, new=True)
            return
        except asyncpg.UniqueViolationError:
            # A listing tells of an event twice where it changes meanwhile and moves to a later page.
            pass
    with savepoint(connection):
        UPSERT.run(connection, rows)


def stamp(
    connection: Connection, projection_id: ProjectionId, event_ids: Sequence[str], generation: int
) -> None:
    """Give rows the generation of the pass that met them."""
    if not event_ids:
        return
    dialect = connection.dialect.name
    terms = {"shown": projection_id, "met": texts(dialect, event_ids), "number": generation}
    connection.execute(stamping(dialect), terms)


@cache
def stamping(dialect: str) -> Any:
    """The statement of `stamp`, which every page of a full pass runs."""
    number = bindparam("number", type_=BigInteger)
    return (
        update(events)
        .where(
            events.c.projection_id == bindparam("shown"),
            among_bound(dialect, events.c.event_id, "met"),
            or_(events.c.generation < number, events.c.missing_since.is_not(None)),
        )
        .values(generation=number, missing_since=None)
    )


def mark_missing(connection: Connection, projection_id: ProjectionId, generation: int, now_ms: int) -> None:
    """Live rows a guarded pass did not meet stay visible, flagged."""
    connection.execute(
        update(events)
        .where(
            events.c.projection_id == projection_id,
            events.c.generation < generation,
            events.c.status != "cancelled",
            events.c.missing_since.is_(None),
        )
        .values(missing_since=now_ms)
    )


def has_missing(connection: Connection, projection_id: ProjectionId) -> bool:
    """Whether live rows are flagged so."""
    statement = (
        select(events.c.event_id)
        .where(
            events.c.projection_id == projection_id,
            events.c.status != "cancelled",
            events.c.missing_since.is_not(None),
        )
        .limit(1)
    )
    return connection.execute(statement).one_or_none() is not None


OF_NO_SERIES: dict[str, None] = {"series_id": None, "original_start": None}

CANCEL = (
    "UPDATE events SET status='cancelled', last_raw=raw, raw=?, deleted_at=?, change_id=?, missing_since=NULL, "
    "series_id=NULL, original_start=NULL WHERE projection_id=? AND event_id=?"
)


def cancel(
    connection: Connection, projection_id: ProjectionId, numbered: Iterable[tuple[int, str]], now_ms: int
) -> None:
    """Turn live rows into tombstones that Google did not send: `numbered` pairs change numbers with ids.

    Such a tombstone belongs to no series: Google has no exception there, so the occurrence itself may be alive.
    """
    rows = [
        (tombstone_json(event_id), now_ms, change_id, projection_id, event_id)
        for change_id, event_id in numbered
    ]
    if rows:
        run_many(connection, CANCEL, rows)


def release(connection: Connection, projection_id: ProjectionId, event_ids: Sequence[str]) -> None:
    """Cancelled occurrences of which their series knows nothing any more hide none of its occurrences."""
    if event_ids:
        cancelled = among(connection, events.c.event_id, event_ids)
        connection.execute(
            update(events).where(events.c.projection_id == projection_id, cancelled).values(OF_NO_SERIES)
        )


RELEASE_UNSEEN = (
    update(events)
    .where(*UNSEEN, events.c.status == "cancelled", events.c.series_id.is_not(None))
    .values(OF_NO_SERIES)
)


def release_unseen(connection: Connection, projection_id: ProjectionId, generation: int) -> None:
    """The same for those that a complete full listing did not meet."""
    connection.execute(RELEASE_UNSEEN, {"shown": projection_id, "number": generation})


def tombstone_json(event_id: str) -> str:
    """What Google itself sends for a deletion of which nothing more is known."""
    return msgspec.json.encode({"kind": "calendar#event", "id": event_id, "status": "cancelled"}).decode()
