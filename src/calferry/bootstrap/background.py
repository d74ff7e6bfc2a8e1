"""Work that outlives the request that asked for it."""

import asyncio
from collections.abc import Awaitable

import structlog

from calferry.store.tenant import for_nobody

GRACE_S = 2.0

log = structlog.get_logger(__name__)


class Background:
    """Tasks that nobody waits for. A failing one is logged."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Awaitable[None]) -> None:
        """Start the work now."""
        task = asyncio.get_running_loop().create_task(self._guarded(work), context=for_nobody())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Give the work a little time, then cancel what is left."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=GRACE_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _guarded(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception:
            log.exception("background_work_failed")
