"""Bringing a database to the schema this version needs.

Each function works on an open connection inside the caller's transaction, so that an interrupted migration leaves
the database as it was, and two processes that start together migrate once.
"""

from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, inspect, select

from calferry.store.dialect import is_postgres

if TYPE_CHECKING:
    from alembic.config import Config

ONE_AT_A_TIME = 0x63616C66
FOLDER = Path(__file__).with_name("migrations")


class DatabaseTooNew(Exception):
    """The database was migrated by a newer version of calferry."""


def revision_of(connection: Connection) -> str | None:
    """The revision the database is at; None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def newest_revision() -> str | None:
    """The revision this version of calferry needs."""
    return next(iter(known_revisions()), None)


def pending(connection: Connection) -> int:
    """How many migrations the database lacks, the tables of the queue counting as one. Raises DatabaseTooNew for a
    revision this version does not know."""
    return missing_revisions(connection) + is_queue_behind(connection)


def is_queue_behind(connection: Connection) -> bool:
    return is_postgres(connection) and bool(queue_schema().is_behind(connection))


def queue_schema() -> ModuleType:
    """Imported where there is a queue: PgQueuer takes 14 MB."""
    return import_module("calferry.store.queue_schema")


@cache
def known_revisions() -> tuple[str, ...]:
    """The newest first, by the names of the scripts."""
    names = sorted((path.name for path in FOLDER.glob("versions/[0-9]*.py")), reverse=True)
    return tuple(name.partition("_")[0] for name in names)


def missing_revisions(connection: Connection) -> int:
    known, current = known_revisions(), revision_of(connection)
    if current is None:
        return len(known)
    if current not in known:
        raise DatabaseTooNew(
            f"The database is at revision {current}, which this version of calferry does not know: "
            "install the newer version that made it, or restore a backup."
        )
    return known.index(current)


def upgrade(connection: Connection) -> int:
    """Run every missing migration and return how many there were. Raises DatabaseTooNew.

    On PostgreSQL processes that start together take turns; on SQLite there is one writer anyway.
    """
    if is_postgres(connection):
        connection.execute(select(func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
    missing = pending(connection)
    if missing:
        run_missing(connection)
    if is_queue_behind(connection):
        queue_schema().install(connection)
    return missing


def run_missing(connection: Connection) -> None:
    """Alembic is imported where there is something to run: that takes 9 MB, and a tenth of the start of a command."""
    from alembic import command  # noqa: PLC0415 - see above

    command.upgrade(alembic_config(connection), "head")


def alembic_config(connection: Connection | None = None) -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
