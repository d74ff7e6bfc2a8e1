"""A worker is killed, frozen or its machine's clock jumps: somebody else goes on, and the late one writes nothing."""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import OperationalError

from calferry.duties.rescue import rescue
from calferry.store.sqlite import SqliteStore
from calferry.sync.run_calendar import run_calendar
from tests.harness.service import Service
from tests.scenarios.stage import Stage, staged


def another(stage: Stage) -> Service:
    """A second process on the same database."""
    return Service(stage.google, stage.clock, stage.dice, store=stage.service.store, owner="another")


class Mortal:
    """A store that a process loses when it dies."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.is_dead = False

    async def read(self, work: Callable[[Any], Any]) -> Any:
        assert not self.is_dead
        return await self.store.read(work)

    async def write(self, work: Callable[[Any], Any]) -> Any:
        assert not self.is_dead
        return await self.store.write(work)


async def die_while_running(stage: Stage) -> None:
    """A run whose process ends without a word."""
    dying = Service(stage.google, stage.clock, stage.dice, store=Mortal(stage.service.store), owner="dying")
    dying.transport.latency_s = 5.0
    run = asyncio.create_task(run_calendar(dying.engine, stage.calendar_id))
    await stage.clock.sleep(2)
    dying.store.is_dead = True
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)


@staged(page_size=2)
async def test_work_of_a_dead_worker_starts_again(stage: Stage) -> None:
    stage.add_many(5)
    await stage.clock.sleep(1)
    await die_while_running(stage)
    assert (await stage.state()).status == "syncing"
    assert (await stage.run()).outcome == "held"
    await stage.clock.sleep(31)
    assert (await rescue(stage.engine)).leases == 1
    state = await stage.state()
    assert (state.status, state.lease_owner) == ("idle", None)
    await stage.scan(2)
    await stage.assert_equal()


@staged(page_size=2)
async def test_due_scan_finds_it_without_the_rescue(stage: Stage) -> None:
    await stage.done()
    stage.add_many(5)
    await stage.clock.sleep(400)
    await die_while_running(stage)
    await stage.clock.sleep(31)
    await stage.scan(2)
    await stage.assert_equal()


@staged(page_size=2)
async def test_frozen_worker_that_wakes_up_writes_nothing(stage: Stage) -> None:
    stage.add_many(9)
    await stage.clock.sleep(1)
    other = another(stage)
    write = stage.service.store.write
    frozen = asyncio.Event()

    async def freezing(work):  # type: ignore[no-untyped-def]
        if asyncio.current_task() in mine:
            await frozen.wait()
        return await write(work)

    stage.service.transport.latency_s = 1.0
    run = asyncio.create_task(run_calendar(stage.engine, stage.calendar_id))
    await stage.clock.sleep(3)
    mine = {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}
    stage.service.store.write = freezing  # type: ignore[method-assign]
    await stage.clock.sleep(60)
    report = await run_calendar(other.engine, stage.calendar_id)
    assert report.outcome == "done"
    log = await stage.logged()
    frozen.set()
    assert (await run).outcome == "held"
    assert await stage.logged() == []
    assert len(log) == len(set(log))
    await stage.assert_equal()


@staged(page_size=2)
async def test_slow_google_does_not_cost_the_lease(stage: Stage) -> None:
    stage.add_many(5)
    stage.service.transport.latency_s = 12.0
    await stage.clock.sleep(1)
    run = asyncio.create_task(run_calendar(stage.engine, stage.calendar_id))
    other = another(stage)
    for _ in range(6):
        await stage.clock.sleep(10)
        assert (await run_calendar(other.engine, stage.calendar_id)).outcome == "held"
    assert (await run).outcome == "done"


@staged(page_size=2)
async def test_jumping_clock_frees_no_lease_and_loses_nothing(stage: Stage) -> None:
    stage.service.transport.latency_s = 1.0
    for skew_ms in (86_400_000, -86_400_000, 300_000, -300_000, 0):
        stage.add_many(3, f"jump{abs(skew_ms) // 60_000:04d}{'a' if skew_ms < 0 else 'b'}")
        await stage.clock.sleep(2)
        run = asyncio.create_task(run_calendar(stage.engine, stage.calendar_id))
        await stage.clock.sleep(1.5)
        stage.clock.skew_ms = skew_ms
        assert (await run_calendar(another(stage).engine, stage.calendar_id)).outcome == "held"
        assert (await run).outcome in ("done", "failed")
        await stage.clock.sleep(2)
        await stage.scan(2)
    stage.clock.skew_ms = 0
    stage.service.transport.latency_s = 0.0
    await stage.clock.sleep(60)
    await stage.done()
    await stage.assert_equal()


@staged(page_size=2)
async def test_restarted_machine_frees_its_leases(stage: Stage) -> None:
    stage.add_many(5)
    await stage.clock.sleep(1)
    await die_while_running(stage)
    stage.clock.boot = "boot-2"
    report = await run_calendar(another(stage).engine, stage.calendar_id)
    assert report.outcome == "done"
    await stage.assert_equal()


@staged(page_size=2)
async def test_stalled_loop_keeps_or_loses_the_lease_safely(stage: Stage) -> None:
    stage.add_many(9)
    stage.service.transport.latency_s = 1.0
    await stage.clock.sleep(1)
    run = asyncio.create_task(run_calendar(stage.engine, stage.calendar_id))
    await stage.clock.sleep(3)
    loop = asyncio.get_running_loop()
    loop.virtual_s += 5  # type: ignore[attr-defined]
    await run
    stage.service.transport.latency_s = 0.0
    await stage.clock.sleep(40)
    await stage.done()
    await stage.assert_equal()


@staged(page_size=2)
async def test_lease_is_renewed_although_the_store_failed_once(stage: Stage) -> None:
    stage.add_many(5)
    await stage.clock.sleep(1)
    stage.service.transport.latency_s = 10.0
    write, refused = stage.service.store.write, list[str]()

    async def failing(work):  # type: ignore[no-untyped-def]
        if stage.clock.monotonic() > began_at + 9 and not refused:
            refused.append("renewal")
            raise OperationalError("", None, sqlite3.OperationalError("disk I/O error"))
        return await write(work)

    began_at = stage.clock.monotonic()
    stage.service.store.write = failing  # type: ignore[method-assign]
    run = asyncio.create_task(run_calendar(stage.engine, stage.calendar_id))
    await stage.clock.sleep(45)
    assert refused == ["renewal"]
    assert (await run_calendar(another(stage).engine, stage.calendar_id)).outcome == "held"
    await run
