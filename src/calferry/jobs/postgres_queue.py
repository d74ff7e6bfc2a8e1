"""The queue of all workers on one PostgreSQL, by PgQueuer."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from zlib import crc32

import msgspec
import structlog
from pgqueuer.adapters.persistence.qb import (
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.executors import ScheduleCrontab
from pgqueuer.core.qm import QueueManager
from pgqueuer.core.sm import SchedulerManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job, Schedule

from calferry.jobs.queue import Answer, CallAgain, Task, WakeUp
from calferry.jobs.queue_driver import QueueDriver
from calferry.store.due_scan import Due, Lane
from calferry.store.queue_schema import SETTINGS

PRIORITIES: dict[Lane, int] = {"marked": 30, "poll": 20, "backfill": 10}
LOOKED_EVERY = timedelta(seconds=2)
HEARTBEAT = timedelta(seconds=10)
"""A worker that shows no sign of life for so long is taken for dead: its calls are answered by others."""
BATCH_MAX = 10
PLACES_MIN = 2
PLACES_TO_DIVIDE = 3 * PLACES_MIN
PRUNED = (
    f"DELETE FROM {SETTINGS.queue_table_log} WHERE created < now() - interval '10 minutes'",  # noqa: S608
    f"DELETE FROM {SETTINGS.statistics_table} WHERE created < now() - interval '1 day'",  # noqa: S608
    f"DELETE FROM {SETTINGS.queue_table} WHERE status = 'failed' AND updated < now() - interval '1 day'",  # noqa: S608
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Share:
    """So many places for calls of these lanes."""

    lanes: tuple[Lane, ...]
    places: int


def shares_of(places: int) -> tuple[Share, ...]:
    """Most places go to what is most urgent; about a quarter is left to polls and listings, half of that to listings."""
    everything = Share(tuple(PRIORITIES), max(places, PLACES_MIN))
    if places < PLACES_TO_DIVIDE:
        return (everything,)
    left = max(places // 8, PLACES_MIN)
    main = Share(everything.lanes, places - 2 * left)
    return main, Share(("poll", "backfill"), left), Share(("backfill",), left)


class PostgresQueue:
    """`jobs.queue.Queue`, answering in so many places at once (two at least)."""

    def __init__(self, driver: QueueDriver, places: int) -> None:
        self._stopping = asyncio.Event()
        self._driver = driver
        self._queries = Queries(
            driver,
            QueryBuilderEnvironment(SETTINGS),
            QueryQueueBuilder(SETTINGS),
            QuerySchedulerBuilder(SETTINGS),
        )
        self._shares = [(share, self._manager()) for share in shares_of(places)]
        self._times = SchedulerManager(self._queries)
        self._times.shutdown = self._stopping

    def _manager(self) -> QueueManager:
        manager = QueueManager(self._queries, SETTINGS.channel)
        manager.shutdown = self._stopping
        return manager

    async def call(self, items: Sequence[Due]) -> int:
        if not items:
            return 0
        made = await self._queries.enqueue(
            [item.lane for item in items],
            [msgspec.json.encode(item) for item in items],
            [PRIORITIES[item.lane] for item in items],
            dedupe_key=[item.id for item in items],
            on_conflict="skip",
        )
        return sum(number is not None for number in made)

    def answer(self, with_: Answer) -> None:
        async def answered(job: Job) -> None:
            item = msgspec.json.decode(job.payload or b"", type=Due)
            try:
                await with_(WakeUp(item, job.attempts))
            except CallAgain as again:
                raise RetryRequested(timedelta(seconds=again.after_s)) from None

        for share, manager in self._shares:
            for lane in share.lanes:
                manager.entrypoint(lane, on_failure="hold")(answered)

    def every(self, seconds: float, name: str, task: Task) -> None:
        self._times.schedule(name, expression(seconds, name))(on_time(task))

    async def prune(self) -> None:
        for statement in PRUNED:
            await self._driver.execute(statement)

    async def run(self) -> None:
        works = [self._kept(partial(manager.run, **terms_of(share))) for share, manager in self._shares]
        await asyncio.gather(*works, self._kept(self._times.run))

    async def _kept(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Whatever goes wrong inside PgQueuer is logged, and it begins again."""
        while not self._stopping.is_set():
            try:
                await work()
            except Exception:
                log.exception("queue_failed")
                await asyncio.sleep(LOOKED_EVERY.total_seconds())

    def stop(self) -> None:
        self._stopping.set()
        self._driver.shutdown.set()


def terms_of(share: Share) -> dict[str, Any]:
    return {
        "dequeue_timeout": LOOKED_EVERY,
        "batch_size": min(BATCH_MAX, share.places // 2),
        "max_concurrent_tasks": share.places,
        "heartbeat_timeout": HEARTBEAT,
        "log_aggregation_interval": timedelta(0),
    }


def on_time(task: Task) -> ScheduleCrontab:
    async def run(_schedule: Schedule) -> None:
        await task()

    return run


def expression(seconds: float, name: str) -> str:
    """The nearest times of a cron table with seconds; longer ones at a second of the name's own, to spread the work."""
    if seconds < 60:
        return f"* * * * * */{max(1, round(seconds))}"
    second = crc32(name.encode()) % 60
    if seconds < 3_600:
        return f"*/{round(seconds / 60)} * * * * {second}"
    return f"{second} */{round(seconds / 3_600)} * * * {second}"
