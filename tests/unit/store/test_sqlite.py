"""Transactions on a SQLite file: all or nothing, one writer, snapshots, and another process that holds the file."""

import asyncio
import sqlite3
import threading
from pathlib import Path
from unittest.mock import patch

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from calferry.store.sqlite import SqliteStore


def make(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE notes (text TEXT)")


def note(connection: Connection, text: str = "x") -> int:
    connection.exec_driver_sql("INSERT INTO notes VALUES (?)", (text,))
    return count(connection)


def count(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT count(*) FROM notes").scalar_one())


@pytest.fixture
async def store(tmp_path: Path):  # type: ignore[no-untyped-def]
    opened = SqliteStore(tmp_path / "calferry.db")
    await opened.write(make)
    yield opened
    await opened.close()


async def test_failed_work_leaves_nothing(store: SqliteStore) -> None:
    def half(connection: Connection) -> None:
        note(connection)
        raise KeyError("half way")

    with pytest.raises(KeyError, match="half way"):
        await store.write(half)
    assert await store.read(count) == 0


async def test_writers_follow_one_another(store: SqliteStore) -> None:
    counts = await asyncio.gather(*(store.write(note) for _ in range(20)))
    assert sorted(counts) == list(range(1, 21))


async def test_reader_sees_one_state_while_others_write(store: SqliteStore) -> None:
    begun, written = threading.Event(), threading.Event()

    def look(connection: Connection) -> tuple[int, int]:
        first = count(connection)
        begun.set()
        assert written.wait(10)
        return first, count(connection)

    reading = asyncio.ensure_future(store.read(look))
    assert await asyncio.to_thread(begun.wait, 10)
    await store.write(note)
    written.set()
    assert await reading == (0, 0)
    assert await store.read(count) == 1


async def test_read_then_write_is_not_overtaken(store: SqliteStore) -> None:
    """Two processes read a number and write the next one: nobody fails, and no number is lost."""
    other = SqliteStore(store.path)
    await asyncio.gather(*(one.write(note) for one in (store, other) for _ in range(10)))
    assert await store.read(count) == 20
    await other.close()


async def test_busy_file_is_waited_for(store: SqliteStore) -> None:
    assert store.path is not None
    holder = sqlite3.connect(store.path, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.2, lambda: holder.execute("COMMIT"))
    timer.start()
    assert await store.write(note) == 1
    timer.join()
    holder.close()


async def test_file_that_stays_busy_is_an_error_in_the_end(tmp_path: Path) -> None:
    with patch("calferry.store.sqlite.BUSY_TIMEOUT_MS", 50):
        store = SqliteStore(tmp_path / "calferry.db")
        await store.write(make)
    holder = sqlite3.connect(tmp_path / "calferry.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="locked"):
        await store.write(note)
    holder.close()
    assert await store.write(note) == 1
    await store.close()
