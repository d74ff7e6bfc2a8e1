"""Opening a PostgreSQL: whether it will do, and in words what is wrong with it."""

import re

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from calferry.store import row_security
from calferry.store.postgres import PostgresStore
from calferry.store.unavailable import sqlstate

log = structlog.get_logger(__name__)

POSTGRESQL = "postgresql://"
VERSION_MIN = 140_000
TROUBLES = {
    "28P01": "refuses the password: give the right one in CALFERRY_DATABASE_URL",
    "28000": "refuses this user: give another one in CALFERRY_DATABASE_URL, or let it in by pg_hba.conf",
    "3D000": "does not exist: make it with `createdb`, encoding UTF8, and start again",
    "42501": "does not let this user do what is needed: make it the owner of the database",
    "53300": "has no connection left: raise max_connections, or run fewer processes",
    "53100": "cannot grow: the disk is full",
    "57P03": "is not ready: it is starting up or shutting down; try again",
    "25006": "cannot be written: it is a standby; give the address of the primary",
}


class Unsuitable(Exception):
    """The database answers, but will not do; the message goes on after its name."""


def trouble_of(error: DBAPIError) -> str | None:
    """What is wrong with the database and what to do; None for errors that are not the database's."""
    return TROUBLES.get(sqlstate(error))


def silence_of(error: Exception) -> str | None:
    """What to say where nobody answers; None for errors of an answer."""
    lost = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(lost, OSError):
        return "does not answer: see that PostgreSQL runs, and that CALFERRY_DATABASE_URL names its host and port"
    return None


def shown(address: str) -> str:
    """The address without its password and options."""
    return re.sub(r"(?<=//)([^/@:]*):[^/]*@", r"\1@", address).partition("?")[0]


async def guard_people(store: PostgresStore) -> None:
    """Hold what is done for a person to that person's rows, or say why that cannot be."""
    store.guards_people = await store.write(row_security.install)
    if not store.guards_people:
        log.warning(
            "row_security_is_off",
            why="this user may not make roles: let a superuser CREATE ROLE calferry_people and GRANT it to this user",
        )


async def examine(store: PostgresStore) -> None:
    """Raises `Unsuitable` for a server too old, or a database that cannot hold every text."""

    def look(connection: Connection) -> tuple[int, str]:
        version = connection.exec_driver_sql("SELECT current_setting('server_version_num')::int").scalar_one()
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
        return int(version), str(encoding)

    version, encoding = await store.read(look)
    if version < VERSION_MIN:
        raise Unsuitable(f"is PostgreSQL {version // 10_000}; {VERSION_MIN // 10_000} or newer is needed")
    if encoding != "UTF8":
        raise Unsuitable(f"has the encoding {encoding}: make one with UTF8")
