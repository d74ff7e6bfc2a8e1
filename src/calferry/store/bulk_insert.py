"""Many rows with few statements, straight at the driver: half the work of a full listing.

PostgreSQL takes them by COPY, where they are many. SQLite's driver binds a number or a text in a moment, but for each None, truth value and bytes it first searches
adapters, which costs as much as storing the rest of the row. So rows are sorted by what is NULL in them, NULL
stands in the statement, truth values go as numbers, and JSON goes as the bytes it came in.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from calferry.store import postgres_driver
from calferry.store.dialect import Row, is_postgres

Column = tuple[Any, ...]

# Each statement is kept prepared, for each of these numbers of rows: a quarter of a megabyte or so for the largest.
ROWS_PER_STATEMENT = 128
# Fewer rows are not worth a statement for each shape.
SORTED_FROM = 64


class BulkInsert:
    """`INSERT INTO table (columns) VALUES … tail`.

    shared: columns that are usually the same in all rows of a call, never NULL. shape: says of a row what is NULL
    in it, or at least enough that rows of one shape agree in most. utf8: text columns that are given as bytes of
    valid UTF-8.
    """

    def __init__(
        self,
        table: str,
        columns: tuple[str, ...],
        tail: str = "",
        *,
        shared: Sequence[str] = (),
        shape: Callable[[Row], Hashable] | None = None,
        utf8: Sequence[str] = (),
    ) -> None:
        self.table = table
        self.columns = columns
        self.tail = tail
        self.shared = tuple(columns.index(name) for name in shared)
        self.shape = shape
        self.utf8 = frozenset(columns.index(name) for name in utf8)

    def run(self, connection: Connection, rows: Sequence[Row], *, new: bool = False) -> None:
        """Insert rows, hundreds with each statement: the driver lets other threads work only while one runs.

        `new`: none of them is there, so `tail` is not needed; PostgreSQL then refuses one that is.
        """
        if is_postgres(connection):
            tail = "" if new else self.tail
            postgres_driver.insert(connection, self.table, self.columns, tail, rows, utf8=self.utf8)
            return
        driver: Any = connection.connection.driver_connection
        for alike in self.sorted_by_nulls(rows):
            for some in in_steps(alike):
                statement, values = self.bound([*zip(*some, strict=True)], len(some))
                driver.execute(statement, values)

    def sorted_by_nulls(self, rows: Sequence[Row]) -> Iterable[Sequence[Row]]:
        if self.shape is None or len(rows) < SORTED_FROM:
            return [rows] if rows else []
        found = defaultdict[Hashable, list[Row]](list)
        for row in rows:
            found[self.shape(row)].append(row)
        return found.values()

    def bound(self, columns: Sequence[Column], count: int) -> tuple[str, list[Any]]:
        """The statement for so many rows, and its parameters: what is shared first, then row by row."""
        shared = tuple(at for at in self.shared if is_same(columns[at]))
        nulls = frozenset(
            at for at, column in enumerate(columns) if column[0] is None and column.count(None) == count
        )
        single = [self.bindable(at, columns[at]) for at in self.order(shared) if at not in nulls]
        own = single[len(shared) :]
        values: list[Any] = [None] * (len(shared) + count * len(own))
        values[: len(shared)] = [columns[at][0] for at in shared]
        for place, column in enumerate(own, len(shared)):
            values[place :: len(own)] = column
        return statement_for(self, count, shared, nulls), values

    def order(self, shared: tuple[int, ...]) -> list[int]:
        """Positions of the columns as they stand in the statement."""
        return [*shared, *(at for at in range(len(self.columns)) if at not in shared)]

    def bindable(self, at: int, column: Column) -> Iterable[Any]:
        if at in self.utf8:
            return map(bytearray, column)
        return map(int, column) if isinstance(column[0], bool) and None not in column else column


def is_same(column: Column) -> bool:
    return column[0] is not None and column.count(column[0]) == len(column)


def in_steps(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """The rows in parts of few different sizes: powers of two."""
    start, size = 0, ROWS_PER_STATEMENT
    while start < len(rows):
        while size > len(rows) - start:
            size //= 2
        yield rows[start : start + size]
        start += size


@lru_cache(maxsize=256)
def statement_for(bulk: BulkInsert, count: int, shared: tuple[int, ...], nulls: frozenset[int]) -> str:
    """SQL in which the first row numbers the parameters that all rows share."""
    order = bulk.order(shared)
    cells = [f"?{place}" for place in range(1, len(shared) + 1)]
    cells += [cell(at in nulls, at in bulk.utf8) for at in order[len(shared) :]]
    names, row = ",".join(bulk.columns[at] for at in order), f"({','.join(cells)})"
    # Only names that stand in this package become part of the text.
    return f"INSERT INTO {bulk.table} ({names}) VALUES {','.join([row] * count)} {bulk.tail}"  # noqa: S608


def cell(is_null: bool, is_utf8: bool) -> str:
    if is_null:
        return "NULL"
    return "CAST(? AS TEXT)" if is_utf8 else "?"
