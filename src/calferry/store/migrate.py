"""Bringing a database to the schema this version needs.

Each function works on an open connection inside the caller's transaction, so that an interrupted migration leaves
the database as it was, and two processes that start together migrate once.
"""

from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select

from calferry.store.dialect import is_postgres

ONE_AT_A_TIME = 0x63616C66
FOLDER = Path(__file__).with_name("migrations")


class DatabaseTooNew(Exception):
    """The database was migrated by a newer version of calferry."""


def alembic_config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def revision_of(connection: Connection) -> str | None:
    """The revision the database is at; None for an empty database."""
    return MigrationContext.configure(connection).get_current_revision()


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
    """The newest first. Asked for once in a process: the scripts are read and run for it."""
    scripts = ScriptDirectory.from_config(alembic_config())
    return tuple(script.revision for script in scripts.walk_revisions())


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
        command.upgrade(alembic_config(connection), "head")
    if is_queue_behind(connection):
        queue_schema().install(connection)
    return missing
