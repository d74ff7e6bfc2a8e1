"""Bringing polls forward after notifications may have been lost."""

import pytest
from sqlalchemy import insert, select

from calferry.store.push_recovery import spread_push_covered
from calferry.store.tables import channels, sync_states
from tests.harness.databases import ON_BOTH, empty_store

pytestmark = [pytest.mark.anyio, ON_BOTH]

STATES = {"covered": 9_000, "covered_soon": 10, "uncovered": 9_000, "blocked": None, "stopped": 9_000}


async def test_only_calendars_with_a_live_channel_and_a_later_poll_are_moved() -> None:
    store = empty_store()

    def plant(conn) -> None:
        for name, due_at in STATES.items():
            status = "blocked" if name == "blocked" else "idle"
            state = {"id": name, "user_id": 1, "account_id": "a", "kind": "events", "status": status}
            conn.execute(insert(sync_states).values(**state, next_due_at=due_at))
        for resource, state in [
            ("covered", "active"),
            ("covered_soon", "active"),
            ("blocked", "active"),
            ("stopped", "stopped"),
        ]:
            row = {"id": resource, "user_id": 1, "account_id": "a", "resource": resource, "state": state}
            conn.execute(insert(channels).values(**row, token_hash=b"", created_at=0))

    await store.write(plant)
    moved = await store.write(lambda conn: spread_push_covered(conn, 1_000, lambda: 500))
    due = await store.read(
        lambda conn: {
            row.id: row.next_due_at
            for row in conn.execute(select(sync_states.c.id, sync_states.c.next_due_at))
        }
    )
    assert moved == 2
    assert due == STATES | {"covered": 1_500}
    await store.close()
