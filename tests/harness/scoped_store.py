"""What row-level security is on PostgreSQL, as a check on SQLite: all that a person's request reads is read once more where
other people's rows are hidden, and has to be the same."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection

from calferry.ports import Store
from calferry.store.row_security import owner_column
from calferry.store.tables import metadata
from calferry.store.tenant import acting_for

T = TypeVar("T")

OWNED = {table.name: column for table in metadata.sorted_tables if (column := owner_column(table))}


@dataclass
class ScopedStore:
    """A `Store` that compares. `different` tells of what needed rows of others."""

    inner: Store
    compared: int = 0
    different: list[str] = field(default_factory=list)

    async def read(self, work: Callable[[Connection], T], /) -> T:
        person = acting_for.get()
        if person is None:
            return await self.inner.read(work)
        return await self.inner.read(lambda connection: self.compare(connection, work, person))

    def compare(self, connection: Connection, work: Callable[[Connection], T], person: int) -> T:
        found = work(connection)
        statements: list[str] = []
        with others_hidden(connection, person), noted(connection, statements):
            own = work(connection)
        self.compared += 1
        if repr(own) != repr(found):
            self.different.append(f"{statements}: {found!r} but alone {own!r}")
        return found

    async def write(self, work: Callable[[Connection], T], /) -> T:
        return await self.inner.write(work)

    async def close(self) -> None:
        await self.inner.close()


@contextmanager
def others_hidden(connection: Connection, person: int) -> Iterator[None]:
    """A view of the session's own stands before the table of its name."""
    driver: Any = connection.connection.driver_connection
    for name, column in OWNED.items():
        driver.execute(f"CREATE TEMP VIEW {name} AS SELECT * FROM main.{name} WHERE {column} = {person:d}")
    try:
        yield
    finally:
        for name in OWNED:
            driver.execute(f"DROP VIEW temp.{name}")


@contextmanager
def noted(connection: Connection, statements: list[str]) -> Iterator[None]:
    driver: Any = connection.connection.driver_connection
    driver.set_trace_callback(statements.append)
    try:
        yield
    finally:
        driver.set_trace_callback(None)
