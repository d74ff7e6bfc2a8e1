"""The few places where SQLite and PostgreSQL are asked differently."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, String, Table, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

Row = tuple[Any, ...]

ROWS_PER_STATEMENT = 500


def among(connection: Connection, column: Column[Any], values: Iterable[str]) -> ColumnElement[bool]:
    """`column IN values` for thousands of texts, as one parameter."""
    if connection.dialect.name == "postgresql":
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


def insert_for(connection: Connection, table: Table) -> Any:
    """The dialect's `INSERT`, which knows `ON CONFLICT`."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)


@dataclass(frozen=True, slots=True)
class BulkInsert:
    """`INSERT INTO table (columns) VALUES … tail`, straight at the driver."""

    table: str
    columns: tuple[str, ...]
    tail: str = ""

    def run(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Insert rows, hundreds with each statement: the driver lets other threads work only while one runs."""
        driver: Any = connection.connection.driver_connection
        for start in range(0, len(rows), ROWS_PER_STATEMENT):
            some = rows[start : start + ROWS_PER_STATEMENT]
            driver.execute(statement_for(self, len(some)), [*chain.from_iterable(some)])


@lru_cache(maxsize=64)
def statement_for(bulk: BulkInsert, count: int) -> str:
    row = f"({','.join('?' * len(bulk.columns))})"
    # Only names that stand in this package become part of the text.
    return f"INSERT INTO {bulk.table} ({','.join(bulk.columns)}) VALUES {','.join([row] * count)} {bulk.tail}"  # noqa: S608


def run_many(connection: Connection, statement: str, rows: Iterable[Row]) -> None:
    """One prepared statement for many rows, straight at the driver: twice as fast as through SQLAlchemy."""
    driver: Any = connection.connection.driver_connection
    driver.executemany(statement, rows)
