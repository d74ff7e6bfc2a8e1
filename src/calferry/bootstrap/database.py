"""The store of a database address, brought to the schema this version needs."""

from pathlib import Path

from calferry.bootstrap.owner import is_gone
from calferry.ports import Store
from calferry.store import leftovers, migrate
from calferry.store.sqlite import SqliteStore

SQLITE = "sqlite:///"


class DatabaseUnusable(Exception):
    """The database cannot be opened, or not with its present schema. The message says what to do."""


def connect(address: str) -> SqliteStore:
    """Open the database of `sqlite:///path` as it is; its folder is made, readable by its owner alone."""
    if not address.startswith(SQLITE):
        raise DatabaseUnusable(
            "CALFERRY_DATABASE_URL names PostgreSQL, which this version cannot use yet: give sqlite:///path."
        )
    path = Path(address.removeprefix(SQLITE))
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        raise DatabaseUnusable(f"The database {path} cannot be opened: {error.strerror or error}.") from None
    return SqliteStore(path)


async def open_store(address: str, *, auto_migrate: bool) -> Store:
    """Open and migrate. Raises DatabaseUnusable when migrations are missing and may not be run."""
    store = connect(address)
    try:
        await (store.write(migrate.upgrade) if auto_migrate else refuse_if_behind(store))
        await free_dead_leases(store)
    except migrate.DatabaseTooNew as too_new:
        await store.close()
        raise DatabaseUnusable(str(too_new)) from None
    except BaseException:
        await store.close()
        raise
    return store


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
