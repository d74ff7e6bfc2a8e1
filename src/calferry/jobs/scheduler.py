"""The worker inside `serve`: runs what is due, a bounded number at once, and keeps the duties' times."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import structlog

from calferry.core.limits import CALENDARS_AT_ONCE
from calferry.core.model import AccountId
from calferry.duties.poll_stale import due_now
from calferry.jobs.timers import TIMERS, Timer, jittered, keep_time
from calferry.store.due_scan import Due
from calferry.sync.calendar_list import refresh_calendar_list
from calferry.sync.engine import Engine
from calferry.sync.run_calendar import run_calendar

SCAN_EVERY_S = 2.0
SLICE_MS = 60_000
"""A longer run gives its place to others and is due again at once."""
CRASH_WAIT_S = 30.0
GRACE_S = 3.0

Breathe = Callable[[], Awaitable[None]]
"""Returns when there is room for new runs beside what else the process does."""

log = structlog.get_logger(__name__)


class Scheduler:
    """One per process. `run` returns some time after `stop`, at most ten seconds later."""

    def __init__(
        self,
        engine: Engine,
        *,
        concurrency: int = 10,
        timers: Sequence[Timer] = TIMERS,
        breathe: Breathe | None = None,
    ) -> None:
        self._engine = engine
        self._concurrency = concurrency
        self._timers = timers
        self._breathe = breathe
        self._stopping = asyncio.Event()
        self._running: dict[str, tuple[str, asyncio.Task[None]]] = {}
        self._resting: dict[str, int] = {}

    async def run(self) -> None:
        """Work until `stop`."""
        duties = [
            asyncio.create_task(keep_time(self._engine, timer, self._stopping)) for timer in self._timers
        ]
        try:
            while not self._stopping.is_set():
                wait_s = await self._scan()
                await self._engine.signals.wait("due", wait_s)
        finally:
            await finished([*duties, *(task for _, task in self._running.values())])

    def stop(self) -> None:
        """Start nothing more; runs end after the page in hand."""
        self._stopping.set()
        self._engine.signals.wake("due")

    async def _scan(self) -> float:
        """Start what is due and has a place; returns the seconds until the next scan."""
        wait_s = jittered(self._engine, SCAN_EVERY_S)
        if len(self._running) >= self._concurrency:
            return wait_s
        try:
            found = await due_now(self._engine, per_account=CALENDARS_AT_ONCE)
        except Exception:
            log.exception("due_scan_failed")
            return wait_s
        await self._start(found.items)
        return wait_s if found.next_s is None else min(wait_s, found.next_s)

    async def _start(self, found: Sequence[Due]) -> None:
        places = Counter(account_id for account_id, _ in self._running.values())
        for item in found:
            has_place = len(self._running) < self._concurrency and places[item.account_id] < CALENDARS_AT_ONCE
            if has_place and item.id not in self._running and not self._is_resting(item.id):
                places[item.account_id] += 1
                task = asyncio.create_task(self._run(item), name=f"run {item.id}")
                self._running[item.id] = (item.account_id, task)
                if self._breathe is not None:
                    await self._breathe()

    def _is_resting(self, resource_id: str) -> bool:
        """Whether its last run crashed a moment ago."""
        until = self._resting.get(resource_id, 0)
        if until <= self._engine.clock.lease_ms():
            self._resting.pop(resource_id, None)
            return False
        return True

    async def _run(self, item: Due) -> None:
        try:
            await run_due(self._engine, item)
        except Exception:
            log.exception("run_crashed", resource=item.id, kind=item.kind)
            self._resting[item.id] = self._engine.clock.lease_ms() + int(CRASH_WAIT_S * 1000)
        finally:
            del self._running[item.id]
            self._engine.signals.wake("due")


async def run_due(engine: Engine, item: Due) -> None:
    if item.kind == "calendar_list":
        await refresh_calendar_list(engine, AccountId(item.account_id))
    else:
        await run_calendar(engine, item.id, stop_at_ms=engine.clock.now_ms() + SLICE_MS)


async def finished(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait for tasks a little, then cancel the rest."""
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=GRACE_S)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
