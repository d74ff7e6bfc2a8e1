"""PostgreSQL: a pool of connections, transactions from any number of processes.

A transaction reads what others have committed by the time of each statement, so what must not change under it is
locked by the statements themselves, in the order: account, state row, event rows by id, user. One that PostgreSQL ends to break
a deadlock is repeated.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

from calferry.store import row_security
from calferry.store.tenant import acting_for
from calferry.store.unavailable import sqlstate

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")

CONNECTIONS = 10
CONNECT_WITHIN_S = 10.0
WAIT_FOR_CONNECTION_S = 30.0
ATTEMPTS = 4
REPEATABLE = frozenset({"40001", "40P01"})
"""serialization_failure and deadlock_detected: nothing was done, and the same work may well succeed now."""
SESSION = {
    "application_name": "calferry",
    "jit": "off",
    "lock_timeout": "30s",
    "statement_timeout": "120s",
    # A process that is frozen in the middle must not hold its locks for ever.
    "idle_in_transaction_session_timeout": "30s",
    "tcp_keepalives_idle": "30",
    "timezone": "UTC",
    "client_min_messages": "warning",
}


class PostgresStore:
    """The `Store` port on a database of `address`, which is `postgresql://…` as libpq reads it."""

    def __init__(self, address: str, connections: int = CONNECTIONS) -> None:
        self.address = address
        self.engine = open_engine(address, connections)
        snapshot = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self.guards_people = False
        """Whether what is done for a person is held to that person's rows; set by whoever opens the database."""
        self.snapshots = self.engine.execution_options(**snapshot)

    async def read(self, work: Callable[[Connection], T], /) -> T:
        """Run `work` in one read transaction: a snapshot. It may be run again after a deadlock, as at a migration."""
        return await self._repeated(self.snapshots, work)

    async def write(self, work: Callable[[Connection], T], /) -> T:
        """Run `work` in one transaction; an exception rolls all of it back. It may be run again after a deadlock."""
        return await self._repeated(self.engine, work)

    async def _repeated(self, engine: "AsyncEngine", work: Callable[[Connection], T]) -> T:
        for attempt in range(1, ATTEMPTS):
            try:
                return await self._run(engine, work)
            except DBAPIError as error:
                if sqlstate(error) not in REPEATABLE:
                    raise
                await asyncio.sleep(0.01 * attempt)
        return await self._run(engine, work)

    async def _run(self, engine: "AsyncEngine", work: Callable[[Connection], T]) -> T:
        person = acting_for.get() if self.guards_people else None
        try:
            async with engine.begin() as connection:
                if person is not None:
                    await connection.exec_driver_sql(row_security.ACT, (str(person),))
                return await connection.run_sync(work)
        except (asyncpg.InternalClientError, asyncpg.PostgresConnectionError) as error:
            # Where a connection ends in the middle of an answer, the driver's own error comes through.
            raise OperationalError("a transaction", None, error) from error

    async def close(self) -> None:
        await self.engine.dispose()


def open_engine(address: str, connections: int) -> "AsyncEngine":
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - 7 MB that SQLite has no use for

    async def connect() -> Any:
        try:
            return await asyncpg.connect(address, timeout=CONNECT_WITHIN_S, server_settings=SESSION)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise OperationalError("a new connection", None, error) from error

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=WAIT_FOR_CONNECTION_S,
    )
