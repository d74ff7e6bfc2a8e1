"""The worker: bounded, woken by signals but not in need of them, and quick to stop."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from sqlalchemy import Connection, select, update

from calferry.bootstrap.signals import InProcessSignals
from calferry.duties.poll_stale import DueNow
from calferry.jobs import scheduler as module
from calferry.jobs.scheduler import Scheduler
from calferry.ports import Store
from calferry.store.due_scan import Due
from calferry.store.tables import sync_states
from calferry.sync.engine import Engine
from tests.harness.databases import empty_store
from tests.unit.duties.rows import NOW, add_account, add_calendar, engine_over
from tests.waiting import eventually

Run = Callable[[Engine, Due], Awaitable[None]]


class DeafSignals(InProcessSignals):
    """Loses every call."""

    def wake(self, topic: str) -> None:
        del topic


@pytest.fixture
async def store() -> Store:
    return empty_store()


@asynccontextmanager
async def at_work(engine: Engine, **options: int) -> AsyncIterator[Scheduler]:
    scheduler = Scheduler(engine, timers=(), **options)
    task = asyncio.create_task(scheduler.run())
    try:
        yield scheduler
    finally:
        scheduler.stop()
        await task


async def set_due(store: Store, calendar_id: str, at: int | None) -> None:
    statement = update(sync_states).where(sync_states.c.id == calendar_id).values(next_due_at=at)
    await store.write(lambda connection: connection.execute(statement))


async def due_left(store: Store) -> list[str]:
    statement = select(sync_states.c.id).where(sync_states.c.next_due_at.is_not(None))
    return list(await store.read(lambda connection: connection.execute(statement).scalars().all()))


class Runs:
    """Stands in for the runs: remembers them, and how many went on at once."""

    def __init__(self, store: Store, *, hold: bool = False) -> None:
        self.store = store
        self.gate = asyncio.Event()
        self.now: set[str] = set()
        self.most = 0
        self.done: list[str] = []
        if not hold:
            self.gate.set()

    async def __call__(self, engine: Engine, item: Due) -> None:
        self.now.add(item.id)
        self.most = max(self.most, len(self.now))
        try:
            await self.gate.wait()
            await set_due(self.store, item.id, None)
            self.done.append(item.id)
        finally:
            self.now.discard(item.id)


def patch(monkeypatch: pytest.MonkeyPatch, run: Run, *, scan_every_s: float) -> None:
    monkeypatch.setattr(module, "run_due", run)
    monkeypatch.setattr(module, "SCAN_EVERY_S", scan_every_s)


async def add_due(store: Store, account_id: str, number: int) -> None:
    def fill(connection: Connection) -> None:
        add_account(connection, account_id)
        for n in range(number):
            add_calendar(connection, f"{account_id}_{n}", account_id, next_due_at=NOW)

    await store.write(fill)


async def test_what_is_due_runs_five_of_an_account_and_so_many_in_all(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_due(store, "big", 9)
    await add_due(store, "small", 2)
    runs = Runs(store, hold=True)
    patch(monkeypatch, runs, scan_every_s=0.01)
    async with at_work(engine_over(store), concurrency=8):
        await eventually(lambda: len(runs.now) == 7)
        assert sum(calendar_id.startswith("big") for calendar_id in runs.now) == 5
        runs.gate.set()
        await eventually(lambda: len(runs.done) == 11)
    assert runs.most <= 8
    assert sorted(set(runs.done)) == sorted(runs.done)


async def test_the_bound_over_all_accounts_holds(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for account in range(6):
        await add_due(store, f"acc_{account}", 1)
    runs = Runs(store, hold=True)
    patch(monkeypatch, runs, scan_every_s=0.01)
    async with at_work(engine_over(store), concurrency=2):
        await eventually(lambda: len(runs.now) == 2)
        runs.gate.set()
        await eventually(lambda: len(runs.done) == 6)
    assert runs.most == 2


async def test_a_mark_starts_a_run_without_waiting_for_the_next_scan(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_due(store, "acc", 1)
    await set_due(store, "acc_0", None)
    runs, engine = Runs(store), engine_over(store)
    patch(monkeypatch, runs, scan_every_s=3_600)
    async with at_work(engine):
        await asyncio.sleep(0)
        await set_due(store, "acc_0", NOW)
        engine.signals.wake("due")
        await eventually(lambda: runs.done == ["acc_0"])


async def test_the_scan_alone_suffices_when_every_call_is_lost(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_due(store, "acc", 12)
    runs = Runs(store)
    patch(monkeypatch, runs, scan_every_s=0.01)
    async with at_work(replace(engine_over(store), signals=DeafSignals()), concurrency=2):
        await eventually(lambda: len(runs.done) == 12)


async def test_what_comes_due_before_the_next_scan_is_not_late(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_due(store, "acc", 1)
    await set_due(store, "acc_0", NOW + 50)
    runs, engine = Runs(store), engine_over(store)
    patch(monkeypatch, runs, scan_every_s=3_600)
    async with at_work(engine):
        await asyncio.sleep(0)
        engine.clock.now = NOW + 50  # type: ignore[attr-defined]
        await eventually(lambda: runs.done == ["acc_0"])


async def test_a_crashing_run_is_logged_and_rests_while_others_go_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_due(store, "acc", 2)
    runs, crashes = Runs(store), list[str]()

    async def run(engine: Engine, item: Due) -> None:
        if item.id == "acc_0":
            crashes.append(item.id)
            raise RuntimeError("planted")
        await runs(engine, item)

    patch(monkeypatch, run, scan_every_s=0.01)
    async with at_work(engine_over(store)):
        await eventually(lambda: runs.done == ["acc_1"] and crashes)
        await set_due(store, "acc_1", NOW)
        await eventually(lambda: runs.done == ["acc_1", "acc_1"])
    assert crashes == ["acc_0"]


async def test_a_store_that_fails_for_a_moment_stops_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_due(store, "acc", 1)
    runs, scans = Runs(store), list[int]()
    patch(monkeypatch, runs, scan_every_s=0.01)
    due_now = module.due_now

    async def failing_at_first(engine: Engine, *, per_account: int) -> DueNow:
        scans.append(1)
        if len(scans) == 1:
            raise OSError("planted")
        return await due_now(engine, per_account=per_account)

    monkeypatch.setattr(module, "due_now", failing_at_first)
    async with at_work(engine_over(store)):
        await eventually(lambda: runs.done == ["acc_0"])


async def test_stopping_lets_runs_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await add_due(store, "acc", 1)
    runs = Runs(store, hold=True)
    patch(monkeypatch, runs, scan_every_s=0.01)
    async with at_work(engine_over(store)) as scheduler:
        await eventually(lambda: runs.now)
        scheduler.stop()
        runs.gate.set()
    assert runs.done == ["acc_0"]


async def test_stopping_cancels_runs_that_take_long(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await add_due(store, "acc", 1)
    runs = Runs(store, hold=True)
    patch(monkeypatch, runs, scan_every_s=0.01)
    monkeypatch.setattr(module, "GRACE_S", 0.01)
    async with at_work(engine_over(store)):
        await eventually(lambda: runs.now)
    assert runs.now == set()
    assert await due_left(store) == ["acc_0"]
