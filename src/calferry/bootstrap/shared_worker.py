"""The worker that is one of any number on a PostgreSQL.

Apart, because PgQueuer takes 14 MB that SQLite has no use for.
"""

import contextlib
from collections.abc import AsyncIterator

from calferry.jobs import queue_driver
from calferry.jobs.postgres_queue import PostgresQueue
from calferry.jobs.scheduler import Breathe
from calferry.jobs.shared_worker import SharedWorker
from calferry.jobs.timers import Timer
from calferry.settings import Settings
from calferry.sync.engine import Engine


@contextlib.asynccontextmanager
async def shared_worker(
    engine: Engine, settings: Settings, timers: tuple[Timer, ...], breathe: Breathe | None
) -> AsyncIterator[SharedWorker]:
    """A worker with the connection of its queue open until the block ends."""
    async with queue_driver.opened(settings.database_address) as driver:
        yield SharedWorker(engine, PostgresQueue(driver, settings.runs_at_once), timers, breathe)
