"""PgQueuer's way to the database: connections are made again when they are lost, and nobody notices but by waiting."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Self, TypeVar

import asyncpg
import structlog
from pgqueuer.core.tm import TaskManager
from pgqueuer.ports.driver import Driver, NotifyCallback

T = TypeVar("T")

CONNECTIONS = 2
RETRY_S = 0.5
SESSION = {"application_name": "calferry queue", "statement_timeout": "60s", "jit": "off"}
TRANSIENT = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)

log = structlog.get_logger(__name__)


class QueueDriver(Driver):
    """`pgqueuer.ports.driver.Driver` on a pool and a connection that listens; they live inside `opened`."""

    def __init__(self, pool: Any, address: str) -> None:
        self._pool = pool
        self._address = address
        self._shutdown = asyncio.Event()
        self._heard: list[tuple[str, NotifyCallback]] = []
        self._asked = asyncio.Event()

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        return [dict(row) for row in await self._persist(lambda: self._pool.fetch(query, *args))]

    async def execute(self, query: str, *args: object) -> str:
        return str(await self._persist(lambda: self._pool.execute(query, *args)))

    async def notify(self, channel: str, payload: str) -> None:
        await self._persist(lambda: self._pool.execute("SELECT pg_notify($1, $2)", channel, payload))

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        self._heard.append((channel, callback))
        self._asked.set()

    async def _persist(self, work: Callable[[], Awaitable[T]]) -> T:
        """Everything that PgQueuer asks may be asked twice: a lost answer costs a call, and calls are made again."""
        while True:
            try:
                return await work()
            except TRANSIENT as error:
                if self._shutdown.is_set():
                    raise
                log.warning("queue_interrupted", error=str(error))
                await asyncio.sleep(RETRY_S)

    async def listen(self) -> None:
        """Pass notifications on until cancelled; those that are lost cost time only."""
        while True:
            try:
                await self._listen()
            except TRANSIENT as error:
                log.warning("queue_deaf", error=str(error))
                await asyncio.sleep(RETRY_S)

    async def _listen(self) -> None:
        connection = await asyncpg.connect(self._address, server_settings=SESSION)
        lost, known = asyncio.Event(), 0

        def note_loss(_connection: object) -> None:
            lost.set()
            self._asked.set()

        connection.add_termination_listener(note_loss)
        try:
            while not lost.is_set():
                self._asked.clear()
                for channel, callback in self._heard[known:]:
                    await connection.add_listener(channel, relay(callback))
                known = len(self._heard)
                await self._asked.wait()
        finally:
            connection.terminate()

    @property
    def shutdown(self) -> asyncio.Event:
        return self._shutdown

    @property
    def tm(self) -> TaskManager:
        return TaskManager()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Closed by whoever opened it."""


def relay(callback: NotifyCallback) -> Callable[..., None]:
    def heard(_connection: object, _sender: object, _channel: object, payload: str) -> None:
        callback(payload)

    return heard


async def as_it_is(_connection: object) -> None:
    """Every statement here stands alone, and leaves nothing behind that would have to be put back after each."""


@contextlib.asynccontextmanager
async def opened(address: str) -> AsyncIterator[QueueDriver]:
    """A driver until the block ends. Raises what asyncpg does when the database cannot be reached at first."""
    pool = await asyncpg.create_pool(
        address, min_size=1, max_size=CONNECTIONS, server_settings=SESSION, reset=as_it_is
    )
    driver = QueueDriver(pool, address)
    listening = asyncio.create_task(driver.listen())
    try:
        yield driver
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        pool.terminate()
