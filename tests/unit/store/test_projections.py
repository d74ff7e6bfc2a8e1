"""From one projection to the next: what differs, and what the new one takes over."""

import pytest
from sqlalchemy import Connection, select

from calferry.core.model import ProjectionId, UserId
from calferry.google.models import ObservedItem
from calferry.store import events, projections
from calferry.store.tables import events as table
from tests.harness.databases import ON_BOTH
from tests.unit.core.events import item, tombstone
from tests.unit.store.memory import NOW, database

pytestmark = [ON_BOTH, pytest.mark.greenlet]

OLD, NEW = ProjectionId(1), ProjectionId(2)


def put(connection: Connection, projection_id: ProjectionId, *sent: tuple[ObservedItem, int]) -> None:
    writer = events.Writer(UserId(1), projection_id, 1, NOW)
    rows = [(*writer.row(one, None), number) for one, number in sent]
    events.write(connection, rows)


def numbers(connection: Connection, projection_id: ProjectionId) -> dict[str, int]:
    statement = select(table.c.event_id, table.c.change_id).where(table.c.projection_id == projection_id)
    return {row.event_id: row.change_id for row in connection.execute(statement)}


def test_only_differences_are_told() -> None:
    with database() as tx:
        put(tx, OLD, (item("same"), 1), (item("echo"), 2), (item("moved"), 3), (item("killed"), 4))
        put(tx, OLD, (tombstone("risen"), 5), (item("left"), 6), (tombstone("dead"), 7))
        put(tx, NEW, (item("same"), 0), (item("echo", at=9), 0), (item("moved", at=9, summary="x"), 0))
        put(tx, NEW, (tombstone("killed"), 0), (item("risen", at=9), 0), (item("fresh"), 0))
        put(tx, NEW, (tombstone("dead", at=9), 0), (tombstone("stillborn"), 0))
        assert dict(projections.differing(tx, OLD, NEW)) == {
            "moved": "updated",
            "killed": "cancelled",
            "risen": "created",
            "fresh": "created",
        }
        assert [row.event_id for row in projections.left_behind(tx, OLD, NEW)] == ["left"]


def test_numbers_go_on_unless_there_is_news() -> None:
    with database() as tx:
        put(tx, OLD, (item("same"), 7), (item("moved"), 8))
        put(tx, NEW, (item("same"), 0), (item("moved", summary="x"), 0), (item("fresh"), 0))
        projections.inherit_numbers(tx, OLD, NEW)
        assert numbers(tx, NEW) == {"same": 7, "moved": 8, "fresh": 0}
        projections.set_numbers(tx, NEW, {"moved": 9, "fresh": 10})
        assert numbers(tx, NEW) == {"same": 7, "moved": 9, "fresh": 10}


def test_what_is_left_behind_leaves_a_tombstone_that_belongs_to_no_series() -> None:
    with database() as tx:
        instance = item("retro_20260101T100000Z", recurringEventId="retro")
        put(tx, OLD, (instance, 3), (tombstone("dead"), 4))
        buried = projections.left_behind(tx, OLD, NEW)
        projections.entomb(tx, NEW, buried, {instance.event_id: 9}, generation=5, now_ms=NOW)
        rows = {row.event_id: row for row in tx.execute(select(table).where(table.c.projection_id == NEW))}
        assert {row.status for row in rows.values()} == {"cancelled"}
        assert (rows[instance.event_id].change_id, rows["dead"].change_id) == (9, 4)
        assert (rows[instance.event_id].series_id, rows[instance.event_id].deleted_at) == (None, NOW)
        assert rows[instance.event_id].last_raw == instance.raw.decode()
        assert projections.left_behind(tx, OLD, NEW) == []
