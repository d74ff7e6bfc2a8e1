"""What a contestant left behind."""

import asyncio
import itertools
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from operator import itemgetter
from pathlib import Path
from typing import Any

import asyncpg

from bench.fingerprint import fingerprint


def mirror_fingerprints(database: str, rows: str) -> dict[str, str]:
    """Return the fingerprint of each calendar; `rows` selects (calendar, event id, summary)."""
    found = sorted(asyncio.run(selected(database, rows)) if is_postgres(database) else read(database, rows))
    groups = itertools.groupby(found, key=itemgetter(0))
    return {calendar: fingerprint((row[1], row[2]) for row in group) for calendar, group in groups}


def is_postgres(database: str) -> bool:
    return database.startswith("postgresql://")


def read(database: str, rows: str) -> list[Any]:
    path = Path(database.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path.as_uri() + "?mode=ro", uri=True)) as connection:
        return connection.execute(rows).fetchall()


async def selected(database: str, rows: str) -> list[Any]:
    connection = await asyncpg.connect(database)
    try:
        return [tuple(row) for row in await connection.fetch(rows)]
    finally:
        await connection.close()


def fresh_database(server: str) -> str:
    """The address of an empty database in the place of the one before it."""

    async def make() -> None:
        connection = await asyncpg.connect(f"{server}/postgres")
        await connection.execute("DROP DATABASE IF EXISTS bench WITH (FORCE)")
        await connection.execute("CREATE DATABASE bench")
        await connection.close()

    asyncio.run(make())
    return f"{server}/bench"


def differing(found: Mapping[str, str], expected: Mapping[str, str]) -> list[str]:
    """Return the calendars that are not as the upstream says, sorted."""
    return sorted(key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key))
