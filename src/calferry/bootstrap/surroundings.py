"""Time and wake-up calls: of one process, or of all that work on one PostgreSQL."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from calferry.bootstrap.database import OpenStore
from calferry.bootstrap.database_clock import DatabaseClock
from calferry.bootstrap.postgres_signals import PostgresSignals
from calferry.bootstrap.signals import InProcessSignals
from calferry.bootstrap.system import SystemClock
from calferry.ports import Clock, Signals
from calferry.store.postgres import PostgresStore


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What depends on whether other processes work on the same database."""

    clock: Clock
    signals: Signals


@contextlib.asynccontextmanager
async def surroundings(store: OpenStore) -> AsyncIterator[Surroundings]:
    """Of this process alone on SQLite; shared by all processes on PostgreSQL, and kept so until the block ends."""
    if not isinstance(store, PostgresStore):
        yield Surroundings(SystemClock(), InProcessSignals())
        return
    clock, signals = DatabaseClock(), PostgresSignals(store.address)
    await clock.compare(store)
    kept = [asyncio.create_task(clock.keep(store)), asyncio.create_task(signals.keep())]
    try:
        yield Surroundings(clock, signals)
    finally:
        for task in kept:
            task.cancel()
        await asyncio.gather(*kept, return_exceptions=True)
