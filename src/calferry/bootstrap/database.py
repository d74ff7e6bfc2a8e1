"""The store of a database address, brought to the schema this version needs."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from calferry.bootstrap import postgres
from calferry.bootstrap.owner import is_gone
from calferry.ports import Store
from calferry.store import leftovers, migrate
from calferry.store.postgres import PostgresStore
from calferry.store.sqlite import SqliteStore

OpenStore = SqliteStore | PostgresStore

SQLITE = "sqlite:///"
TROUBLES = {
    sqlite3.SQLITE_NOTADB: "is not an SQLite database: give another CALFERRY_DATA or CALFERRY_DATABASE_URL",
    sqlite3.SQLITE_CORRUPT: "is damaged: restore a backup, or move it away and sync everything again",
    sqlite3.SQLITE_READONLY: "cannot be written: let this user write the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: let this user write its folder",
    sqlite3.SQLITE_FULL: "cannot grow: the disk is full",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk reports an error",
    sqlite3.SQLITE_BUSY: "is locked by another program: end that one, then try again",
}


class DatabaseUnusable(Exception):
    """The database cannot be opened, or not with its present schema. The message says what to do."""


def trouble(error: DBAPIError) -> str | None:
    """What is wrong with the database and what to do; None for errors that are not its own."""
    return TROUBLES.get(getattr(error.orig, "sqlite_errorcode", 0) & 0xFF) or postgres.trouble_of(error)


@contextmanager
def explained(address: str) -> Generator[None, None, None]:
    """Raises DatabaseUnusable, naming the database, for what is wrong with it or with its schema."""
    name = address.removeprefix(SQLITE) if address.startswith(SQLITE) else postgres.shown(address)
    try:
        yield
    except migrate.DatabaseTooNew as too_new:
        raise DatabaseUnusable(str(too_new)) from None
    except postgres.Unsuitable as unsuitable:
        raise DatabaseUnusable(f"The database {name} {unsuitable}.") from None
    except (DBAPIError, OSError, ValueError) as error:
        why = trouble(error) if isinstance(error, DBAPIError) else None
        why = why or postgres.silence_of(error)
        if why is None:
            raise
        raise DatabaseUnusable(f"The database {name} {why}.") from None


def connect(address: str) -> OpenStore:
    """Open the database as it is. The file of `sqlite:///path` and its folder are made, readable by their owner alone."""
    if address.startswith(postgres.POSTGRESQL):
        return PostgresStore(address)
    path = Path(address.removeprefix(SQLITE))
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        raise DatabaseUnusable(f"The database {path} cannot be opened: {error.strerror or error}.") from None
    return SqliteStore(path)


async def open_store(address: str, *, auto_migrate: bool, must_exist: bool = False) -> OpenStore:
    """Open and migrate. Raises DatabaseUnusable, also when migrations are missing and may not be run, and for an
    absent file where it `must_exist`: whoever only reads leaves none behind."""
    if must_exist:
        refuse_if_absent(address, auto_migrate=auto_migrate)
    store = connect(address)
    try:
        with explained(address):
            if isinstance(store, PostgresStore):
                await postgres.examine(store)
            await (store.write(migrate.upgrade) if auto_migrate else refuse_if_behind(store))
            await free_dead_leases(store)
            if isinstance(store, PostgresStore):
                await postgres.guard_people(store)
    except BaseException:
        await store.close()
        raise
    return store


def refuse_if_absent(address: str, *, auto_migrate: bool) -> None:
    path = Path(address.removeprefix(SQLITE))
    if address.startswith(SQLITE) and is_absent(path):
        first = "" if auto_migrate else "run `calferry db upgrade`, then "
        raise DatabaseUnusable(
            f"There is no database {path} yet: {first}start `calferry serve` and sign in on the page, or use "
            "`calferry accounts add EMAIL`; or say by CALFERRY_DATA or CALFERRY_DATABASE_URL where it is."
        )


def is_absent(path: Path) -> bool:
    """False for what may not be looked at: opening it tells why."""
    try:
        return not path.exists()
    except OSError:
        return False


async def refuse_if_behind(store: Store) -> None:
    missing = await store.read(migrate.pending)
    if missing:
        raise DatabaseUnusable(
            f"The database lacks {missing} migration{'s' if missing > 1 else ''} and CALFERRY_AUTO_MIGRATE is 0: "
            "run `calferry db upgrade`, then start again."
        )


async def free_dead_leases(store: Store) -> None:
    """Leases of processes of this machine that were killed need not run out."""
    owners = await store.read(leftovers.lease_owners)
    dead = [owner for owner in owners if is_gone(owner)]
    if dead:
        await store.write(lambda connection: leftovers.free_leases_of(connection, dead))
