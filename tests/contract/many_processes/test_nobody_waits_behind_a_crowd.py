"""Ten thousand marked calendars of one person delay the single calendar of another by seconds at most."""

import asyncio

import pytest

from calferry.store.postgres import PostgresStore
from tests.contract.many_processes.workers import (
    Runs,
    add_due,
    at_work,
    change,
    engine_over,
    shared_worker,
)
from tests.unit.duties.rows import HOUR, NOW
from tests.waiting import eventually

CROWD = 10_000
DELAY_MAX_S = 8.0
"""On a busy machine; half a second by itself."""
FILL = f"""
INSERT INTO users (id, email, created_at) VALUES (7, 'crowd', 0);
INSERT INTO accounts (id, user_id, email, status, scopes, created_at) VALUES ('crowd', 7, 'crowd', 'active', '', 0);
INSERT INTO calendars (id, user_id, account_id, google_id, summary, access_role, mode, push, raw, created_at, selected)
 SELECT 'crowd_' || n, 7, 'crowd', n, n, 'owner', 'series', 'unknown', '{{}}', 0, true FROM generate_series(1, {CROWD}) n;
INSERT INTO sync_states (id, user_id, account_id, kind, status, sync_token, dirty_seq, next_due_at)
 SELECT 'crowd_' || n, 7, 'crowd', 'events', 'idle', 'token', 1, {NOW - HOUR} FROM generate_series(1, {CROWD}) n;
"""


async def test_a_single_calendar_is_run_soon_though_ten_thousand_came_before_it(
    store: PostgresStore, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = Runs(store, takes_s=0.05)
    monkeypatch.setattr(shared_worker, "run_due", runs)
    loop, took = asyncio.get_running_loop(), list[float]()
    async with at_work(address, engine_over(store), 6), at_work(address, engine_over(store), 6):
        for statement in FILL.split(";\n")[:-1]:
            await store.write(lambda connection, told=statement: connection.exec_driver_sql(told))
        await store.write(lambda connection: connection.exec_driver_sql("ANALYZE sync_states, calendars"))
        await eventually(lambda: len(runs.done) >= 10, 30)
        await add_due(store, "single", 1)
        for _ in range(3):
            began = loop.time()
            await change(store, "single_0", next_due_at=NOW, dirty_seq=2)
            before = runs.done["single_0"]
            await eventually(lambda n=before: runs.done["single_0"] > n, 30)
            took.append(loop.time() - began)
        assert len(runs.done) < CROWD
    assert max(took) < DELAY_MAX_S
    assert runs.most["crowd"] <= 10
