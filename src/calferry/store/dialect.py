"""The few places where SQLite and PostgreSQL are asked differently."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
from sqlalchemy import Column, ColumnElement, Connection, String, Table, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from calferry.store import postgres_driver

Row = postgres_driver.Row

# What drivers raise for a value that they cannot bind or store.
REFUSALS = (
    sqlite3.Error,
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    UnicodeError,
    OverflowError,
    ValueError,
)


def is_postgres(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def among(connection: Connection, column: ColumnElement[Any], values: Iterable[str]) -> ColumnElement[bool]:
    """`column IN values` for thousands of texts, as one parameter."""
    if is_postgres(connection):
        return column == func.any(bindparam(None, list(values), postgresql.ARRAY(String)))
    listed = func.json_each(texts("sqlite", values)).table_valued("value")
    return column.in_(select(listed.c.value))


def among_bound(dialect: str, column: Column[Any], name: str) -> ColumnElement[bool]:
    """The same for a statement that is built once: the texts come as parameter `name`, made by `texts`."""
    if dialect == "postgresql":
        return column == func.any(bindparam(name, type_=postgresql.ARRAY(String)))
    listed = func.json_each(bindparam(name, type_=String)).table_valued("value")
    return column.in_(select(listed.c.value))


def texts(dialect: str, values: Iterable[str]) -> list[str] | str:
    """What `among_bound` takes."""
    return list(values) if dialect == "postgresql" else json.dumps(list(values))


def take_turns(connection: Connection, about: str) -> None:
    """Until the transaction ends nobody else decides about the same; on SQLite whoever writes is alone anyway."""
    if is_postgres(connection):
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(about, 0))))


def insert_for(connection: Connection, table: Table) -> Any:
    """The dialect's `INSERT`, which knows `ON CONFLICT`."""
    dialect = postgresql if is_postgres(connection) else sqlite
    return dialect.insert(table)


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """Everything that the block writes, or nothing of it. SQLAlchemy's own compiles its statements every time."""
    connection.exec_driver_sql("SAVEPOINT attempt")
    try:
        yield
    except BaseException:
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT attempt")
        connection.exec_driver_sql("RELEASE SAVEPOINT attempt")
        raise
    connection.exec_driver_sql("RELEASE SAVEPOINT attempt")


def run_many(connection: Connection, statement: str, rows: Iterable[Row]) -> None:
    """One prepared statement, its parameters written `?`, for many rows, straight at the driver: twice as fast as
    through SQLAlchemy."""
    if is_postgres(connection):
        postgres_driver.execute_many(connection, postgres_driver.numbered(statement), list(rows))
        return
    driver: Any = connection.connection.driver_connection
    driver.executemany(statement, rows)
