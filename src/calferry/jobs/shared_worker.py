"""A worker among others on one database: what is due is called out to all of them, and each answers some of it."""

import asyncio

import structlog

from calferry.core.limits import CALENDARS_AT_ONCE
from calferry.duties.poll_stale import due_now, is_due
from calferry.jobs.queue import CallAgain, Queue, WakeUp
from calferry.jobs.scheduler import SCAN_EVERY_S, Breathe, finished, run_due
from calferry.jobs.timers import LONGEST_WAIT_S, Timer, is_set_within, jittered, runs_well
from calferry.sync.engine import Engine

SCANS_APART_S = 0.1
CALLED_AT_ONCE = 40
PRUNE_EVERY_S = 300.0
CRASH_WAIT_S = 30.0

log = structlog.get_logger(__name__)


class SharedWorker:
    """One per process, beside any number of others. `run` returns some time after `stop`, at most ten seconds later.

    Calls are remade from the state rows by every worker, every other second and when there is news, so it does not matter
    what becomes of the queue. Who is called looks again whether the resource is due; the lease decides.
    """

    def __init__(
        self, engine: Engine, queue: Queue, timers: tuple[Timer, ...], breathe: Breathe | None = None
    ) -> None:
        self._engine = engine
        self._queue = queue
        self._breathe = breathe
        self._turn = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._news = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        queue.answer(self._answer)
        queue.every(PRUNE_EVERY_S, "prune_queue", queue.prune)
        for timer in timers:
            queue.every(timer.every_s, timer.name, Duty(engine, timer).do)

    async def run(self) -> None:
        """Work until `stop`."""
        answering = asyncio.create_task(self._queue.run())
        listening = asyncio.create_task(self._listen())
        try:
            while not self._stopping.is_set():
                self._news.clear()
                wait_s = await self._call()
                if not await is_set_within(self._stopping, SCANS_APART_S):
                    await is_set_within(self._news, wait_s)
        finally:
            self._queue.stop()
            listening.cancel()
            await finished(list(self._running))
            await finished([answering, listening])

    def stop(self) -> None:
        """Start nothing more; runs end after the page in hand."""
        self._stopping.set()
        self._news.set()

    async def _listen(self) -> None:
        while True:
            if await self._engine.signals.wait("due", SCAN_EVERY_S):
                self._news.set()

    async def _call(self) -> float:
        """Call out what is due; returns the seconds until the next look."""
        wait_s = jittered(self._engine, SCAN_EVERY_S)
        try:
            found = await due_now(self._engine, per_account=CALENDARS_AT_ONCE, at_most=CALLED_AT_ONCE)
            await self._queue.call(found.items)
        except Exception:
            log.exception("due_scan_failed")
            return wait_s
        return wait_s if found.next_s is None else min(wait_s, found.next_s)

    async def _answer(self, call: WakeUp) -> None:
        """Run what is still due. Raises CallAgain, ever later, for one that crashes."""
        try:
            await self._wait_for_room()
            if await is_due(self._engine, call.item.id):
                await self._run(call)
        except Exception as error:
            log.exception("run_crashed", resource=call.item.id, kind=call.item.kind, attempts=call.attempts)
            raise CallAgain(min(CRASH_WAIT_S * 2.0**call.attempts, LONGEST_WAIT_S)) from error
        finally:
            self._news.set()

    async def _wait_for_room(self) -> None:
        """Begin one run after the other, as the process has room beside what else it does."""
        if self._breathe is not None:
            async with self._turn:
                await self._breathe()

    async def _run(self, call: WakeUp) -> None:
        task = asyncio.create_task(run_due(self._engine, call.item), name=f"run {call.item.id}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await task


class Duty:
    """A duty that one of all workers does at its times; where it failed it rests a while."""

    def __init__(self, engine: Engine, timer: Timer) -> None:
        self._engine = engine
        self._timer = timer
        self._failures = 0
        self._rests_until = 0

    async def do(self) -> None:
        if self._engine.clock.lease_ms() < self._rests_until:
            return
        well = await runs_well(self._engine, self._timer)
        self._failures = 0 if well else self._failures + 1
        rest_s = min(self._timer.every_s * (2.0**self._failures - 1), LONGEST_WAIT_S)
        self._rests_until = self._engine.clock.lease_ms() + int(rest_s * 1000)
