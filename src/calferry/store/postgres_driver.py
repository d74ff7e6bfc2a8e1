"""Many rows straight at PostgreSQL's driver: by COPY, where some may be there already into a table of the session's own first."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import count
from typing import Any

import asyncpg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.util.concurrency import await_

from calferry.store.tenant import acting_for

Row = tuple[Any, ...]

COPIED_FROM = 40
"""Fewer rows are not worth the way through another table."""


def insert(
    connection: Connection,
    table: str,
    columns: tuple[str, ...],
    tail: str,
    rows: Sequence[Row],
    *,
    utf8: frozenset[int] = frozenset(),
) -> None:
    """`INSERT INTO table (columns) VALUES … tail`; the columns at `utf8` are text that comes as bytes. Raises what
    `store.dialect.REFUSALS` names for a row that cannot be stored. COPY is not to be had under row-level security."""
    if len(rows) < COPIED_FROM or acting_for.get() is not None:
        execute_many(connection, insert_statement(table, columns, tail), as_text(rows, utf8))
        return
    with told_apart():
        driver = driver_of(connection)
        if not tail:
            await_(copy(driver, table, columns, utf8, rows))
            return
        await_(driver.execute(making(table)))
        await_(copy(driver, arriving(table), columns, utf8, rows))
        await_(driver.execute(moving(table, columns, tail)))


def as_text(rows: Sequence[Row], utf8: frozenset[int]) -> Sequence[Row]:
    """The rows with text in the place of its bytes."""
    for at in utf8:
        rows = [(*row[:at], str(memoryview(row[at]), "utf-8"), *row[at + 1 :]) for row in rows]
    return rows


async def copy(
    driver: Any, table: str, columns: tuple[str, ...], utf8: frozenset[int], rows: Sequence[Row]
) -> None:
    """The driver's `copy_records_to_table`, which takes bytes for a text column if it is told that they are a `bytea`:
    both are sent alike, and to make text of them and bytes of the text costs as much as the rest of the row."""
    shape = await driver._prepare(shape_of(table, columns, utf8), use_cache=True)  # noqa: SLF001
    await driver._protocol.copy_in(copying(table, columns), None, None, rows, shape._state, None)  # noqa: SLF001


def execute_many(connection: Connection, statement: str, rows: Sequence[Row]) -> None:
    """One prepared statement for all rows."""
    if rows:
        with told_apart():
            await_(driver_of(connection).executemany(statement, rows))


def driver_of(connection: Connection) -> Any:
    """asyncpg's connection, inside the transaction that SQLAlchemy begins with its first statement only."""
    driver: Any = connection.connection.driver_connection
    if not driver.is_in_transaction():
        connection.exec_driver_sql("SELECT")
    return driver


@contextmanager
def told_apart() -> Iterator[None]:
    """What is wrong with the rows is raised as the driver does, everything else as SQLAlchemy would."""
    try:
        yield
    except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, ValueError):
        raise
    except asyncpg.PostgresError as error:
        raise DBAPIError("a bulk write", None, error) from error
    except (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
        raise OperationalError("a bulk write", None, error) from error


@cache
def numbered(statement: str) -> str:
    """The statement with `$1`, `$2` … for its question marks."""
    numbers = count(1)
    return "".join(f"${next(numbers)}" if character == "?" else character for character in statement)


@cache
def insert_statement(table: str, columns: tuple[str, ...], tail: str) -> str:
    """Only names that stand in this package become part of the text."""
    values = ",".join(f"${number}" for number in range(1, len(columns) + 1))
    return f"INSERT INTO {table} ({','.join(columns)}) VALUES ({values}) {tail}"  # noqa: S608


@cache
def copying(table: str, columns: tuple[str, ...]) -> str:
    return f"COPY {table} ({','.join(columns)}) FROM STDIN (FORMAT binary)"


@cache
def shape_of(table: str, columns: tuple[str, ...], utf8: frozenset[int]) -> str:
    """A query, never run, whose columns have the types in which the values come."""
    cells = [f"convert_to({name}, 'UTF8')" if at in utf8 else name for at, name in enumerate(columns)]
    return f"SELECT {','.join(cells)} FROM {table}"  # noqa: S608


def arriving(table: str) -> str:
    return f"arriving_{table}"


@cache
def making(table: str) -> str:
    """Both in one message. What an earlier write of the same transaction left is deleted, which is nothing mostly."""
    name = arriving(table)
    made = (
        f"CREATE TEMP TABLE IF NOT EXISTS {name} (LIKE {table} INCLUDING COMPRESSION) ON COMMIT DELETE ROWS"
    )
    return f"{made}; DELETE FROM {name}"  # noqa: S608


@cache
def moving(table: str, columns: tuple[str, ...], tail: str) -> str:
    names = ",".join(columns)
    return f"INSERT INTO {table} ({names}) SELECT {names} FROM {arriving(table)} {tail}"  # noqa: S608
