"""What PostgreSQL can do: download, gunzip, msgspec, COPY into a table with its key, a transaction a page."""

import asyncio
import gc
from urllib.parse import quote, urlencode

import asyncpg
import uvloop

from bench.contestants.bare_client import BareConnection, open_connection
from bench.contestants.bare_pages import BarePage, read_page
from bench.contestants.stopwatch import Lap, report, task_from_arguments
from bench.task import Phase, Task

SCHEMA = """
CREATE TABLE events (calendar_id TEXT NOT NULL, id TEXT NOT NULL, etag TEXT, status TEXT, summary TEXT, start TEXT,
  "end" TEXT, updated TEXT, raw TEXT, PRIMARY KEY (calendar_id, id));
CREATE TABLE sync_tokens (calendar_id TEXT PRIMARY KEY, token TEXT NOT NULL);
"""
KEEP_TOKEN = (
    "INSERT INTO sync_tokens VALUES ($1, $2) ON CONFLICT (calendar_id) DO UPDATE SET token = excluded.token"
)
ROWS = "SELECT calendar_id, id, summary FROM events"
AT_ONCE = 5


async def store(connection: asyncpg.Connection, key: str, page: BarePage, *, replace: bool) -> None:
    async with connection.transaction():
        if replace:
            changed = [row[1] for row in page.rows] + [event_id for _, event_id in page.gone]
            await connection.execute(
                "DELETE FROM events WHERE calendar_id = $1 AND id = ANY($2)", key, changed
            )
        if page.rows:
            await connection.copy_records_to_table("events", records=page.rows)
        if page.sync_token:
            await connection.execute(KEEP_TOKEN, key, page.sync_token)


async def sync_calendar(client: BareConnection, pool: asyncpg.Pool, key: str, page_size: int) -> int:
    events, asked = 0, {"maxResults": str(page_size), "prettyPrint": "false"}
    async with pool.acquire() as connection:
        token = await connection.fetchval("SELECT token FROM sync_tokens WHERE calendar_id = $1", key)
        if token:
            asked["syncToken"] = token
        while True:
            body = await client.get(f"/calendar/v3/calendars/{quote(key, safe='')}/events?{urlencode(asked)}")
            page = read_page(key, body)
            events += len(page.rows) + len(page.gone)
            await store(connection, key, page, replace=token is not None)
            if not page.page_token:
                return events
            asked["pageToken"] = page.page_token


async def measure(task: Task) -> dict[str, Phase]:
    phases = {}
    async with asyncpg.create_pool(task.postgres, min_size=AT_ONCE, max_size=AT_ONCE) as pool:
        await pool.execute(SCHEMA)
        clients = [await open_connection(task.base_url) for _ in task.calendars]
        for name in task.phases:
            lap = Lap()
            jobs = zip(clients, task.calendars, strict=True)
            done = await asyncio.gather(
                *(sync_calendar(client, pool, key, task.page_size) for client, key in jobs)
            )
            phases[name] = lap.done(sum(done))
    return phases


def main() -> None:
    task = task_from_arguments()
    gc.disable()
    report(uvloop.run(measure(task)), task, ROWS)


if __name__ == "__main__":
    main()
