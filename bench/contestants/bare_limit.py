"""What the machine can do: download, gunzip, msgspec, insert; every calendar at once, nothing else.

With `wal` each page is a transaction in a write-ahead log; with `unsafe` a whole sync is one without a journal.
"""

import asyncio
import gc
import sqlite3
import sys
from urllib.parse import quote, urlencode

import uvloop

from bench.contestants.bare_client import BareConnection, open_connection
from bench.contestants.bare_pages import read_page
from bench.contestants.plain_table import KEEP_TOKEN, ROWS, SCHEMA, sync_token, write
from bench.contestants.stopwatch import Lap, report, task_from_arguments
from bench.task import Phase, Task

PRAGMAS = {
    "wal": ("journal_mode=WAL", "synchronous=NORMAL"),
    "unsafe": ("journal_mode=OFF", "synchronous=OFF"),
}


class Mirror:
    def __init__(self, task: Task, mode: str) -> None:
        self.connection = sqlite3.connect(task.database, isolation_level=None)
        self.each_page = mode == "wal"
        for pragma in PRAGMAS[mode]:
            self.connection.execute(f"PRAGMA {pragma}")
        self.connection.executescript(SCHEMA)

    def begin(self, *, page: bool) -> None:
        if page == self.each_page:
            self.connection.execute("BEGIN")

    def commit(self, *, page: bool) -> None:
        if page == self.each_page:
            self.connection.execute("COMMIT")


async def sync_calendar(client: BareConnection, mirror: Mirror, key: str, page_size: int) -> int:
    events, asked = 0, {"maxResults": str(page_size), "prettyPrint": "false"}
    if token := sync_token(mirror.connection, key):
        asked["syncToken"] = token
    while True:
        body = await client.get(f"/calendar/v3/calendars/{quote(key, safe='')}/events?{urlencode(asked)}")
        page = read_page(key, body)
        mirror.begin(page=True)
        events += write(mirror.connection, page.rows, page.gone)
        if page.sync_token:
            mirror.connection.execute(KEEP_TOKEN, (key, page.sync_token))
        mirror.commit(page=True)
        if not page.page_token:
            return events
        asked["pageToken"] = page.page_token


async def sync_all(task: Task, clients: list[BareConnection], mirror: Mirror) -> int:
    mirror.begin(page=False)
    jobs = zip(clients, task.calendars, strict=True)
    done = await asyncio.gather(*(sync_calendar(client, mirror, key, task.page_size) for client, key in jobs))
    mirror.commit(page=False)
    return sum(done)


async def measure(task: Task, mode: str) -> dict[str, Phase]:
    mirror, phases = Mirror(task, mode), {}
    clients = [await open_connection(task.base_url) for _ in task.calendars]
    for name in task.phases:
        lap = Lap()
        phases[name] = lap.done(await sync_all(task, clients, mirror))
    return phases


def main() -> None:
    task, mode = task_from_arguments(), sys.argv[2]
    gc.disable()
    report(uvloop.run(measure(task, mode)), task, ROWS)


if __name__ == "__main__":
    main()
