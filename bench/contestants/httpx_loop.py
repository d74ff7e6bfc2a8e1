"""The loop that people write by hand: httpx, orjson, sqlite3 with a write-ahead log, five calendars at once."""

import asyncio
import sqlite3
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from bench.contestants.plain_table import KEEP_TOKEN, ROWS, SCHEMA, split, sync_token, write
from bench.contestants.stopwatch import Lap, report, task_from_arguments
from bench.task import Phase, Task

AT_ONCE = 5
HEADERS = {"Authorization": "Bearer bench"}


def dump(item: Any) -> str:
    return orjson.dumps(item).decode()


def open_database(task: Task) -> sqlite3.Connection:
    connection = sqlite3.connect(task.database)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.executescript(SCHEMA)
    return connection


async def sync_calendar(
    client: httpx.AsyncClient, connection: sqlite3.Connection, key: str, page_size: int
) -> int:
    events, asked = 0, {"maxResults": str(page_size)}
    if token := sync_token(connection, key):
        asked["syncToken"] = token
    while True:
        response = await client.get(f"/calendar/v3/calendars/{quote(key, safe='')}/events", params=asked)
        page = orjson.loads(response.raise_for_status().content)
        events += write(connection, *split(key, page.get("items", []), dump))
        if "nextPageToken" not in page:
            connection.execute(KEEP_TOKEN, (key, page["nextSyncToken"]))
        connection.commit()
        if "nextPageToken" not in page:
            return events
        asked["pageToken"] = page["nextPageToken"]


async def sync_all(task: Task, client: httpx.AsyncClient, connection: sqlite3.Connection) -> int:
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(key: str) -> int:
        async with turns:
            return await sync_calendar(client, connection, key, task.page_size)

    return sum(await asyncio.gather(*map(one, task.calendars)))


async def measure(task: Task) -> dict[str, Phase]:
    connection, phases = open_database(task), {}
    async with httpx.AsyncClient(base_url=task.base_url, timeout=60, headers=HEADERS) as client:
        for name in task.phases:
            lap = Lap()
            phases[name] = lap.done(await sync_all(task, client, connection))
    return phases


def main() -> None:
    task = task_from_arguments()
    report(asyncio.run(measure(task)), task, ROWS)


if __name__ == "__main__":
    main()
