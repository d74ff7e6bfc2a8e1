"""Does the mirror become equal to Google by itself, driven by push alone?"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from calferry.store.tables import changes, channels
from calferry.sync.engine import Engine
from calferry.sync.verify import Verification, verify_calendar

DEADLINE_S = 60.0
LOOK_AGAIN_S = 0.2
ARRIVAL_DEADLINE_S = 5.0


@dataclass(frozen=True, slots=True)
class Convergence:
    """`differing` holds what was still different when the time was over."""

    seconds: float
    differing: list[Verification]

    @property
    def converged(self) -> bool:
        return not self.differing


async def converge(
    engine: Engine, calendar_ids: Sequence[str], deadline_s: float = DEADLINE_S
) -> Convergence:
    """Compare until everything is equal, at most so long."""
    began = time.monotonic()
    waiting = list(calendar_ids)
    while True:
        found = [await verify_calendar(engine, calendar_id) for calendar_id in waiting]
        differing = [verification for verification in found if not verification.equal]
        seconds = time.monotonic() - began
        if not differing or seconds > deadline_s:
            return Convergence(seconds, differing)
        waiting = [verification.calendar_id for verification in differing]
        await asyncio.sleep(LOOK_AGAIN_S)


async def log_head(engine: Engine) -> int:
    """How many entries the change logs of everybody have."""
    return await engine.store.read(count_changes)


def count_changes(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(changes)).scalar_one())


async def arrival(engine: Engine, head: int, deadline_s: float = ARRIVAL_DEADLINE_S) -> float | None:
    """Seconds until the change log is longer than `head`; None when it is not in time."""
    began = time.monotonic()
    while await log_head(engine) <= head:
        if time.monotonic() - began > deadline_s:
            return None
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def pushes(engine: Engine) -> int:
    """How many messages of Google's were believed so far."""
    total = select(func.coalesce(func.sum(channels.c.pushes), 0))
    return int(await engine.store.read(lambda connection: connection.execute(total).scalar_one()))
