"""SQLite: one writer thread, a few reader threads, WAL.

A transaction that reads before it writes fails at once with SQLITE_BUSY_SNAPSHOT when another process wrote in
between, whatever the busy timeout; so every writing transaction begins IMMEDIATE.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import QueuePool, StaticPool

T = TypeVar("T")

BUSY_TIMEOUT_MS = 10_000
PAGE_SIZE = 16_384
WRITER_CACHE_KIB = 4_096
READER_CACHE_KIB = 2_048
READERS = 2


def open_engine(
    path: Path | None, *, begin: str, cache_kib: int = WRITER_CACHE_KIB, undo_in_memory: bool = False
) -> Engine:
    """An engine whose transactions start with `begin`. `path` None: one shared in-memory database.

    undo_in_memory: what a single statement would have to take back is not kept in a file. It matters to nothing but
    speed: a third of all that a full listing writes.
    """

    def connect() -> sqlite3.Connection:
        target = ":memory:" if path is None else str(path)
        connection = sqlite3.connect(target, isolation_level=None, check_same_thread=False)
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        connection.execute(f"PRAGMA page_size={PAGE_SIZE}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(f"PRAGMA cache_size=-{cache_kib}")
        connection.execute("PRAGMA foreign_keys=ON")
        if undo_in_memory:
            connection.execute("PRAGMA temp_store=MEMORY")
        return connection

    pool = StaticPool if path is None else QueuePool
    options: dict[str, Any] = {} if path is None else {"pool_size": READERS, "max_overflow": 0}
    engine = create_engine("sqlite+pysqlite://", creator=connect, poolclass=pool, **options)
    # An engine that something listens to asks the listeners at every statement, which takes longer than most of ours.
    setattr(engine.dialect, "do_begin", lambda connection: connection.execute(begin))  # noqa: B010
    return engine


class SameThread(Executor):
    """Runs the work where it is submitted: for a simulated event loop, and for in-memory databases."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - a future carries whatever was raised
            future.set_exception(error)
        return future


class SqliteStore:
    """The `Store` port on one SQLite file. `path` None keeps everything in memory and in the calling thread."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.writing = open_engine(path, begin="BEGIN IMMEDIATE", undo_in_memory=True)
        self.reading = (
            self.writing if path is None else open_engine(path, begin="BEGIN", cache_kib=READER_CACHE_KIB)
        )
        self.writer: Executor = SameThread() if path is None else ThreadPoolExecutor(1, "sqlite-writer")
        self.readers: Executor = (
            SameThread() if path is None else ThreadPoolExecutor(READERS, "sqlite-reader")
        )

    async def read(self, work: Callable[[Connection], T], /) -> T:
        """Run `work` in one read transaction: a snapshot."""
        return await asyncio.wrap_future(self.readers.submit(run, self.reading, work))

    async def write(self, work: Callable[[Connection], T], /) -> T:
        """Run `work` in one transaction; an exception rolls all of it back."""
        return await asyncio.wrap_future(self.writer.submit(run, self.writing, work))

    async def close(self) -> None:
        self.writer.shutdown(wait=True)
        self.readers.shutdown(wait=True)
        self.writing.dispose()
        self.reading.dispose()


def run(engine: Engine, work: Callable[[Connection], T]) -> T:
    with engine.begin() as connection:
        return work(connection)
