"""Which kind of database a test runs on, and empty databases of that kind.

The tests of a folder run on both kinds when its conftest imports `always_on_both`, those of a module when it says
`pytestmark = ON_BOTH` or `ON_POSTGRES`. A test that opens a connection itself needs `pytest.mark.greenlet` for it.
"""

import asyncio
import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import Any, TypeVar, cast

import asyncpg
import pytest
import uvloop
from sqlalchemy import Connection
from sqlalchemy.util.concurrency import await_, greenlet_spawn

from calferry.store import migrate
from calferry.store.postgres import PostgresStore
from calferry.store.sqlite import SqliteStore
from calferry.store.tables import metadata
from tests.harness import postgres, transitions

T = TypeVar("T")

WITHIN_S = 60.0
TEMPLATE = "calferry_template"
NUMBERS = count(1)
CUT_OFF = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
OURS = "relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'"
FILLED = f"SELECT relname::text FROM pg_class WHERE relkind = 'r' AND {OURS} AND pg_relation_size(oid) > 0"
FROM_ONE = f"SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S' AND {OURS}"
KINDS = ("sqlite", "postgresql")


@dataclass
class Chosen:
    """What the tests of this process run on at the moment. `folder` is shared by all processes of the test run."""

    kind: str = "sqlite"
    folder: Path | None = None
    prepared: "BlockingStore | None" = None
    used: "list[tuple[BlockingStore, list[PostgresStore]]]" = field(default_factory=list)
    clean: list[PostgresStore] = field(default_factory=list)
    guarded: list[PostgresStore] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    lent: list[str] = field(default_factory=list)
    idle: list[str] = field(default_factory=list)
    sweepers: dict[str, asyncpg.Connection] = field(default_factory=dict)


chosen = Chosen()
ON_BOTH = pytest.mark.usefixtures("on_both")
ON_POSTGRES = pytest.mark.usefixtures("on_postgres")


def choose(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    own = tmp_path_factory.getbasetemp()
    chosen.folder = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    chosen.kind = request.param
    yield request.param
    tidy_up()
    chosen.kind = "sqlite"


on_both = pytest.fixture(params=KINDS)(choose)
on_postgres = pytest.fixture(params=["postgresql"])(choose)
always_on_both = pytest.fixture(params=KINDS, autouse=True)(choose)


def in_greenlet(pyfuncitem: pytest.Function) -> bool:
    """Calls a test function where connections of PostgreSQL's can be used as if they were not asynchronous."""
    if not is_postgres():
        return False
    chosen.prepared = empty_store()
    names = pyfuncitem._fixtureinfo.argnames
    run_aside(greenlet_spawn(partial(pyfuncitem.obj, **{name: pyfuncitem.funcargs[name] for name in names})))
    return True


@contextmanager
def transaction() -> Iterator[Connection]:
    """One on an empty database, rolled back at its end; in a test with `pytest.mark.greenlet`."""
    if not is_postgres():
        with empty_store().writing.connect() as connection:
            yield connection
        return
    assert chosen.prepared is not None, "the test lacks pytest.mark.greenlet"
    opened = await_(chosen.prepared.inner.engine.connect().start())
    try:
        yield opened.sync_connection
    finally:
        await_(opened.close())


def is_postgres() -> bool:
    return chosen.kind == "postgresql"


def empty_store() -> Any:
    """A store with every table and no row; on PostgreSQL its transactions take no virtual time."""
    if is_postgres():
        return lent_store(chosen.clean)
    return copy_of(made_once(guarded=False))


def guarded_store() -> Any:
    """The same, in which states move only as the core says."""
    if not is_postgres():
        return copy_of(made_once(guarded=True))
    is_new, store = not chosen.guarded, lent_store(chosen.guarded)
    if is_new:
        run_aside(store.inner.write(transitions.install_on))
    return store


@cache
def made_once(*, guarded: bool) -> SqliteStore:
    """An empty SQLite database, which is quicker to copy than to make."""
    store = SqliteStore(None)
    metadata.create_all(store.writing)
    if guarded:
        transitions.install(store.writing)
    return store


def copy_of(made: SqliteStore) -> SqliteStore:
    memory = SqliteStore(None)
    with made.writing.connect() as template, memory.writing.connect() as connection:
        driver_of(template).backup(driver_of(connection))
    return memory


def driver_of(connection: Connection) -> sqlite3.Connection:
    driver: Any = connection.connection.driver_connection
    return cast("sqlite3.Connection", driver)


def lent_store(shelf: "list[PostgresStore]") -> "BlockingStore":
    """One from the shelf, to which it returns, emptied, at the end of the test."""
    inner = shelf.pop() if shelf else PostgresStore(new_database(kept=True), connections=2)
    store = BlockingStore(inner)
    chosen.used.append((store, shelf))
    return store


def new_database(*, kept: bool = False) -> str:
    """The address of a migrated, empty database of PostgreSQL's, dropped at the end of the test unless it is kept."""
    address, name = server(), f"test_{os.getpid()}_{next(NUMBERS)}"
    run_aside(ask(address, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
    if not kept:
        chosen.names.append(name)
    return f"{address}/{name}"


def emptied_database() -> str:
    """The address of a migrated, empty database; at the end of the test it is emptied for the next one."""
    address = idle_database()
    chosen.lent.append(address)
    return address


@contextmanager
def lasting_database() -> Iterator[str]:
    """The same for longer than a test: it is emptied at the end of the block."""
    address = idle_database()
    try:
        yield address
    finally:
        give_back(address)


def idle_database() -> str:
    return chosen.idle.pop() if chosen.idle else new_database(kept=True)


def give_back(address: str) -> None:
    run_aside(empty_at(address))
    chosen.idle.append(address)


def tidy_up() -> None:
    """Databases with their connections and compiled statements are used again, emptied."""
    while chosen.lent:
        give_back(chosen.lent.pop())
    while chosen.used:
        store, shelf = chosen.used.pop()
        run_aside(store.inner.write(empty))
        shelf.append(store.inner)
    while chosen.names:
        run_aside(ask(server(), f"DROP DATABASE {chosen.names.pop()} WITH (FORCE)"))


def refuse(connection: Connection, event_id: str) -> None:
    """From now on the database stores no event of that id; it says `no_such_luck`."""
    if connection.dialect.name == "postgresql":
        told = f"ADD CONSTRAINT no_such_luck CHECK (event_id <> '{event_id}')"
        connection.exec_driver_sql(f"ALTER TABLE events {told}")
    else:
        refusal = "BEGIN SELECT RAISE(ABORT, 'no_such_luck'); END"
        told = f"CREATE TRIGGER refuse BEFORE INSERT ON events WHEN NEW.event_id = '{event_id}' {refusal}"
        connection.exec_driver_sql(told)


def empty(connection: Connection) -> None:
    """Rows are deleted: to truncate two dozen tables takes the server fifty times as long."""
    connection.exec_driver_sql("ALTER TABLE events DROP CONSTRAINT IF EXISTS no_such_luck")
    for table in metadata.sorted_tables:
        connection.execute(table.delete())
    connection.exec_driver_sql(FROM_ONE)


async def empty_at(address: str) -> None:
    connection = chosen.sweepers.get(address)
    if connection is None or connection.is_closed():
        connection = chosen.sweepers[address] = await asyncpg.connect(address)
    await connection.execute(CUT_OFF)
    filled = [name for (name,) in await connection.fetch(FILLED)]
    deletes = "; ".join(f"DELETE FROM {name}" for name in filled)
    await connection.execute(f"ALTER TABLE events DROP CONSTRAINT IF EXISTS no_such_luck; {deletes}")
    await connection.execute(FROM_ONE)


def close_sweepers() -> None:
    """At the end of the test run."""
    while chosen.sweepers:
        run_aside(chosen.sweepers.popitem()[1].close())


@cache
def server() -> str:
    """The address of the test run's server, which has a migrated template."""
    assert chosen.folder is not None, "this folder's tests run on SQLite alone"
    with (chosen.folder / "databases.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        is_worker = "PYTEST_XDIST_WORKER" in os.environ
        address = postgres.address_for(chosen.folder, os.getppid() if is_worker else os.getpid())
        made = chosen.folder / TEMPLATE
        if not made.exists():
            run_aside(make_template(address))
            made.touch()
    return address


async def make_template(address: str) -> None:
    await ask(address, f"CREATE DATABASE {TEMPLATE}")
    store = PostgresStore(f"{address}/{TEMPLATE}")
    await store.write(migrate.upgrade)
    await store.close()


async def ask(address: str, statement: str) -> None:
    connection = await asyncpg.connect(f"{address}/postgres")
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@cache
def loop_aside() -> asyncio.AbstractEventLoop:
    loop = uvloop.new_event_loop()
    threading.Thread(target=loop.run_forever, name="postgres", daemon=True).start()
    return loop


def run_aside(work: Any) -> Any:
    """Run a coroutine in a loop of another thread, and wait for it."""
    return asyncio.run_coroutine_threadsafe(work, loop_aside()).result(WITHIN_S)


class BlockingStore:
    """The real store in another thread, waited for: on a loop of virtual time nothing may be on its way."""

    def __init__(self, inner: PostgresStore) -> None:
        self.inner = inner

    async def read(self, work: Callable[[Connection], T], /) -> T:
        result: T = run_aside(self.inner.read(work))
        return result

    async def write(self, work: Callable[[Connection], T], /) -> T:
        result: T = run_aside(self.inner.write(work))
        return result

    async def close(self) -> None:
        """It is closed with its test."""
