"""One time for all processes on a PostgreSQL: its own."""

import asyncio

import structlog
from sqlalchemy import Connection

from calferry.bootstrap.system import SystemClock, running_ms
from calferry.ports import Store
from calferry.store.unavailable import UNAVAILABLE

COMPARED_EVERY_S = 30.0
LOOKS = 3
NOW = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"

log = structlog.get_logger(__name__)


class DatabaseClock(SystemClock):
    """The database's time, told by how far it is ahead of this machine's own clock that never jumps.

    So it costs no statement, and machines whose clocks differ agree to a few milliseconds, on leases too.
    """

    def __init__(self) -> None:
        self._ahead_ms = 0

    def now_ms(self) -> int:
        return running_ms() + self._ahead_ms

    def lease_ms(self) -> int:
        return self.now_ms()

    def boot_id(self) -> str:
        return "database"

    async def compare(self, store: Store) -> None:
        """Look at both clocks; the look that took least time counts. Raises what the store does."""
        looks = [await self._look(store) for _ in range(LOOKS)]
        _, self._ahead_ms = min(looks)

    async def _look(self, store: Store) -> tuple[int, int]:
        """How long it took, and how far the database is ahead."""

        def ask(connection: Connection) -> tuple[int, int, int]:
            before = running_ms()
            told = int(connection.exec_driver_sql(NOW).scalar_one())
            return before, told, running_ms()

        before, told, after = await store.read(ask)
        return after - before, told - (before + after) // 2

    async def keep(self, store: Store) -> None:
        """Compare again and again: clocks drift, and the database's may be set."""
        while True:
            await asyncio.sleep(COMPARED_EVERY_S)
            try:
                await self.compare(store)
            except UNAVAILABLE as error:
                log.warning("clock_not_compared", error=str(error))
