"""How long the questions take that are asked all the time, over a million calendars: `python -m bench.scale`.

Usage: python -m bench.scale [--calendars 1000000] [--times 20]      on SQLite and on a PostgreSQL of its own
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Connection

from bench.many_rows import HOUR_MS, NOW_MS, fill
from bench.mirror import fresh_database
from bench.round import memory
from calferry.ports import Store
from calferry.store import channels, due, due_scan, migrate
from calferry.store.postgres import PostgresStore
from calferry.store.sqlite import SqliteStore
from calferry.store.sync_states import LeaseTerms
from tests.harness.postgres import server

LEASE = LeaseTerms("bench", "boot", NOW_MS)
QUESTIONS: dict[str, Callable[[Connection], Any]] = {
    "what is due": lambda tx: due_scan.now(tx, NOW_MS, LEASE, per_account=5, at_most=200),
    "when the next is due": lambda tx: due_scan.next_at(tx, NOW_MS),
    "channels to renew": lambda tx: due.renewable_channels(tx, NOW_MS, NOW_MS + HOUR_MS, 100),
    "whose notification this is": lambda tx: channels.load_all_for_push(tx, ["chn_777"]),
}


async def measure(store: Store, calendars: int, times: int) -> dict[str, float]:
    """Milliseconds of each question, the median."""
    await store.write(migrate.upgrade)
    await store.write(lambda tx: fill(tx, calendars))
    found = {}
    for name, question in QUESTIONS.items():
        took = []
        for _ in range(times + 1):
            began = time.perf_counter()
            answer = await store.read(question)
            took.append((time.perf_counter() - began) * 1000)
        assert answer, name
        found[name] = median(took[1:])
    await store.close()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.scale")
    parser.add_argument("--calendars", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        on_sqlite = SqliteStore(Path(folder) / "many.sqlite3")
        sqlite = asyncio.run(measure(on_sqlite, options.calendars, options.times))
    with server(memory()) as address:
        on_postgres = PostgresStore(fresh_database(address))
        postgres = asyncio.run(measure(on_postgres, options.calendars, options.times))
    print(f"{options.calendars:,} calendars, medians of {options.times}\n")
    print("| question | SQLite, ms | PostgreSQL, ms |\n| --- | --- | --- |")
    for name in QUESTIONS:
        print(f"| {name} | {sqlite[name]:.2f} | {postgres[name]:.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
