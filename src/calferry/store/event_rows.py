"""Where readers read events: the table, or the table with rows of its own in the place of some."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import msgspec
from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    String,
    bindparam,
    cast,
    column,
    exists,
    func,
    not_,
    or_,
    select,
    union_all,
)

from calferry.core.recurrence.master import Times
from calferry.core.shown_event import StoredRow
from calferry.store.dialect import among, among_bound, texts
from calferry.store.tables import events


@dataclass(frozen=True, slots=True)
class OverRow:
    """What stands in the place of a row, or beside the rows.

    `etag` is Google's. `pending` is the number of the newest edit that Google does not know yet.
    """

    user_id: int
    projection_id: int
    event_id: str
    status: str
    start_at: int | None
    end_at: int | None
    start_date: str | None
    end_date: str | None
    series_id: str | None
    original_start: str | None
    recurring: bool
    raw: str
    etag: str | None
    pending: int | None = None

    @property
    def times(self) -> Times:
        return Times(self.start_at, self.end_at, self.start_date, self.end_date)


NAMES = OverRow.__slots__[:-2]
READ = [*(events.c[name] for name in NAMES), events.c.etag]
ONE = select(*READ).where(
    events.c.projection_id == bindparam("shown"), events.c.event_id == bindparam("event")
)
Over = Mapping[str, OverRow]
"""By event id."""


@dataclass(frozen=True)
class EventRows:
    """What statements read in the place of `events`, with the columns of the same names that readers look at.

    Built when a statement needs it: who asks for one event looks at `over` alone.
    """

    build: Callable[[], tuple[FromClause, ColumnElement[bool]]]
    over: Over = field(default_factory=dict)

    @cached_property
    def parts(self) -> tuple[FromClause, ColumnElement[bool]]:
        return self.build()

    @property
    def table(self) -> FromClause:
        return self.parts[0]

    @property
    def has_live_master(self) -> ColumnElement[bool]:
        return self.parts[1]


def live_master(table: FromClause, *more: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the series of a row is stored, and alive. `more` is asked of its row."""
    return exists().where(
        MASTER.c.projection_id == table.c.projection_id,
        MASTER.c.event_id == table.c.series_id,
        MASTER.c.status != "cancelled",
        *more,
    )


MASTER = events.alias("master")
STORED = EventRows(lambda: (events, live_master(events)))


def with_rows_over(connection: Connection, projection_id: int, over: Over) -> EventRows:
    """The rows of one projection, those in `over` in the place of those with the same ids."""
    return EventRows(lambda: laid_over(connection, projection_id, over), over)


def laid_over(
    connection: Connection, projection_id: int, over: Over
) -> tuple[FromClause, ColumnElement[bool]]:
    beneath = select(*(events.c[name] for name in NAMES)).where(
        events.c.projection_id == projection_id, not_(among(connection, events.c.event_id, over))
    )
    listed = msgspec.json.encode([{name: getattr(row, name) for name in NAMES} for row in over.values()])
    table = union_all(beneath, read_back(connection, listed.decode())).subquery("shown")
    living = [row.event_id for row in over.values() if row.status != "cancelled"]
    untouched = live_master(table, not_(among(connection, MASTER.c.event_id, over)))
    return table, or_(among(connection, table.c.series_id, living), untouched)


def read_back(connection: Connection, listed: str) -> Select[Any]:
    """Rows that are given as a JSON array of objects. Only with the types of `events` SQLite reads both at a stride."""
    if connection.dialect.name == "postgresql":
        columns = [column(name, events.c[name].type) for name in NAMES]
        rows = func.json_to_recordset(cast(bindparam(None, listed, String), JSON)).table_valued(*columns)
        given = rows.render_derived(name="given", with_types=True)
        return select(*(given.c[name] for name in NAMES))
    each = func.json_each(bindparam(None, listed, String)).table_valued("value").alias("given")
    return select(
        *(
            cast(func.json_extract(each.c.value, f"$.{name}"), events.c[name].type).label(name)
            for name in NAMES
        )
    )


def one_row(connection: Connection, rows: EventRows, projection_id: int, event_id: str) -> OverRow | None:
    """The event as readers see it."""
    if event_id in rows.over:
        return rows.over[event_id]
    found = connection.execute(ONE, {"shown": projection_id, "event": event_id}).one_or_none()
    return None if found is None else OverRow(*found)


@cache
def storing(dialect: str) -> Any:
    """The statement of `stored_rows`: every reading of events that edits wait for begins with it."""
    return select(
        events.c.event_id,
        events.c.series_id,
        events.c.raw,
        events.c.etag,
        events.c.status,
        events.c.updated_at,
    ).where(events.c.projection_id == bindparam("shown"), among_bound(dialect, events.c.event_id, "events"))


def stored_rows(
    connection: Connection, projection_id: int, event_ids: Iterable[str]
) -> dict[str, tuple[StoredRow, str | None]]:
    """Each with the id of its series, by event id."""
    dialect = connection.dialect.name
    asked = {"shown": projection_id, "events": texts(dialect, event_ids)}
    return {row[0]: (StoredRow(*row[2:]), row[1]) for row in connection.execute(storing(dialect), asked)}


@cache
def in_series(dialect: str) -> Any:
    """What the statements of `living_children` and `exceptions` begin with."""
    return select(events.c.event_id, events.c.series_id).where(
        events.c.projection_id == bindparam("shown"),
        events.c.series_id.is_not(None),
        among_bound(dialect, events.c.series_id, "series"),
    )


@cache
def living_of(dialect: str) -> Any:
    return in_series(dialect).where(events.c.status != "cancelled")


@cache
def exceptions_of(dialect: str) -> Any:
    original_start = events.c.original_start
    return in_series(dialect).add_columns(original_start).where(original_start.is_not(None))


def living_children(connection: Connection, projection_id: int, series_ids: Iterable[str]) -> dict[str, str]:
    """The exceptions of these series that are alive, each with its series."""
    dialect = connection.dialect.name
    asked = {"shown": projection_id, "series": texts(dialect, series_ids)}
    return {row.event_id: row.series_id for row in connection.execute(living_of(dialect), asked)}


def exceptions(
    connection: Connection, projection_id: int, series_ids: Iterable[str]
) -> list[tuple[str, str, str]]:
    """Event id, series id and original start of every exception of these series, cancelled ones too."""
    dialect = connection.dialect.name
    asked = {"shown": projection_id, "series": texts(dialect, series_ids)}
    return [(row[0], row[1], row[2]) for row in connection.execute(exceptions_of(dialect), asked)]
