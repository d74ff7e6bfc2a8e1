"""From one projection of a calendar to the next: how they differ, and what the new one takes over.

Readers join the change log with the rows of the projection that is active now, so a new projection continues the
change numbers of the old one and has a tombstone for whatever only the old one had.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, exists, func, or_, select, update

from calferry.core.content import same_content
from calferry.core.model import ChangeKind, ProjectionId
from calferry.store.dialect import Row, run_many
from calferry.store.events import tombstone_json
from calferry.store.events import write as write_rows
from calferry.store.tables import events

SET_NUMBER = "UPDATE events SET change_id=? WHERE projection_id=? AND event_id=?"
old_rows, new_rows = events.alias("old_rows"), events.alias("new_rows")


def differing(connection: Connection, old: ProjectionId, new: ProjectionId) -> list[tuple[str, ChangeKind]]:
    """Events of the new projection that a reader of the old one has to hear of."""
    same_event = and_(old_rows.c.projection_id == old, old_rows.c.event_id == new_rows.c.event_id)
    was_live = func.coalesce(old_rows.c.status, "cancelled") != "cancelled"
    statement = (
        select(
            new_rows.c.event_id, new_rows.c.status, new_rows.c.raw, old_rows.c.raw.label("before"), was_live
        )
        .select_from(new_rows.outerjoin(old_rows, same_event))
        .where(
            new_rows.c.projection_id == new,
            or_(new_rows.c.status != "cancelled", was_live),
            or_(~was_live, old_rows.c.raw != new_rows.c.raw),
        )
        .order_by(new_rows.c.event_id)
    )
    found = ((row[0], kind_of(*row[1:])) for row in connection.execute(statement))
    return [(event_id, kind) for event_id, kind in found if kind is not None]


def kind_of(status: str, raw: str, before: str | None, was_live: bool) -> ChangeKind | None:
    if status == "cancelled":
        return "cancelled"
    if not was_live or before is None:
        return "created"
    return None if same_content(raw, before) else "updated"


def left_behind(connection: Connection, old: ProjectionId, new: ProjectionId) -> list[Any]:
    """Rows of the old projection, tombstones among them, that the new one does not have."""
    kept = exists().where(new_rows.c.projection_id == new, new_rows.c.event_id == old_rows.c.event_id)
    statement = select(old_rows).where(old_rows.c.projection_id == old, ~kept).order_by(old_rows.c.event_id)
    return list(connection.execute(statement))


def inherit_numbers(connection: Connection, old: ProjectionId, new: ProjectionId) -> None:
    """Each row continues the change number that its event had."""
    before = (
        select(old_rows.c.change_id)
        .where(old_rows.c.projection_id == old, old_rows.c.event_id == events.c.event_id)
        .scalar_subquery()
    )
    connection.execute(
        update(events).where(events.c.projection_id == new).values(change_id=func.coalesce(before, 0))
    )


def set_numbers(connection: Connection, projection_id: ProjectionId, numbers: Mapping[str, int]) -> None:
    """Give these rows their change numbers, by event id."""
    if numbers:
        rows = [(number, projection_id, event_id) for event_id, number in numbers.items()]
        run_many(connection, SET_NUMBER, rows)


def entomb(
    connection: Connection,
    projection_id: ProjectionId,
    rows: Iterable[Any],
    numbers: Mapping[str, int],
    *,
    generation: int,
    now_ms: int,
) -> None:
    """Store tombstones of rows left behind; they belong to no series, so that they hide no occurrence of one."""
    buried: Sequence[Row] = [
        (
            *(
                row.user_id,
                projection_id,
                row.event_id,
                "cancelled",
                None,
                None,
                None,
                None,
                None,
                None,
                None,
            ),
            *(None, row.ical_uid, False, generation, row.deleted_at or now_ms),
            *(tombstone_json(row.event_id).encode(), row.last_raw or row.raw),
            numbers.get(row.event_id, row.change_id),
        )
        for row in rows
    ]
    write_rows(connection, buried)
