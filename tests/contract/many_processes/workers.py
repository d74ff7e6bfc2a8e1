"""Workers of several processes in one, with a stand-in for their runs."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection, select, update

from calferry.jobs import queue_driver, shared_worker
from calferry.jobs.postgres_queue import PostgresQueue
from calferry.jobs.scheduler import Breathe
from calferry.jobs.shared_worker import SharedWorker
from calferry.jobs.timers import Timer
from calferry.ports import Store
from calferry.store.due_scan import Due
from calferry.store.tables import sync_states
from calferry.sync.engine import Engine
from tests.unit.duties.rows import NOW, add_account, add_calendar, engine_over

LEASED = {"lease_owner": "a run", "lease_until": 10**9, "lease_boot": "boot-1"}
FREE = {"lease_owner": None, "lease_until": None, "lease_boot": None}


@dataclass
class Runs:
    """Stands in for the runs of all workers. Like a real one, a run holds its lease and is due no more at its end."""

    store: Store
    takes_s: float = 0.0
    poisoned: frozenset[str] = frozenset()
    begun: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    now: set[str] = field(default_factory=set)
    most: Counter[str] = field(default_factory=Counter)
    twice: list[str] = field(default_factory=list)

    async def __call__(self, engine: Engine, item: Due) -> None:
        if item.id in self.now:
            self.twice.append(item.id)
        self.now.add(item.id)
        self.begun.append(item.id)
        account = item.account_id
        self.most[account] = max(
            self.most[account], sum(known.startswith(f"{account}_") for known in self.now)
        )
        try:
            if item.id in self.poisoned:
                raise RuntimeError("planted")
            await change(self.store, item.id, **LEASED)
            await asyncio.sleep(self.takes_s)
            await change(self.store, item.id, next_due_at=None, **FREE)
            self.done[item.id] += 1
        finally:
            self.now.discard(item.id)


async def change(store: Store, calendar_id: str, **values: object) -> None:
    statement = update(sync_states).where(sync_states.c.id == calendar_id).values(values)
    await store.write(lambda connection: connection.execute(statement))


async def due_left(store: Store) -> list[str]:
    statement = select(sync_states.c.id).where(sync_states.c.next_due_at.is_not(None))
    return list(await store.read(lambda connection: connection.execute(statement).scalars().all()))


async def add_due(store: Store, account_id: str, number: int, **state: object) -> None:
    given = {"next_due_at": NOW, "sync_token": "token", "dirty_seq": 1} | state

    def fill(connection: Connection) -> None:
        add_account(connection, account_id)
        for n in range(number):
            add_calendar(connection, f"{account_id}_{n}", account_id, **given)

    await store.write(fill)


@asynccontextmanager
async def at_work(
    address: str,
    engine: Engine,
    places: int = 6,
    timers: tuple[Timer, ...] = (),
    breathe: Breathe | None = None,
) -> AsyncIterator[SharedWorker]:
    async with queue_driver.opened(address) as driver:
        worker = SharedWorker(engine, PostgresQueue(driver, places), timers, breathe)
        task = asyncio.create_task(worker.run())
        try:
            yield worker
        finally:
            worker.stop()
            await task


__all__ = ["Runs", "add_due", "at_work", "change", "due_left", "engine_over", "shared_worker"]
