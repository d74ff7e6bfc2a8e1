"""Holds many idle streams open at a real `calferry serve`: memory for each, and how long a change takes to all of them.

Everybody's event is renamed at the local Google, round after round. What counts is the time from the commit that stores a
change, which the change log notes, until the last reader has it.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select

from bench.percentiles import percentiles
from bench.server import PROJECT
from bench.site import Amounts, Service, pinned, serving, settings_from
from bench.usage import cpu_s, load, rss_kb
from calferry.bootstrap.database import open_store
from calferry.store.tables import changes, users

IDLE_S = 3.0
ROUND_S = 2.0


def measure(service: Service, asked: argparse.Namespace) -> dict[str, Any]:
    pid = service.process.pid
    plan = {
        "address": urlsplit(service.url).netloc,
        "tokens": [person.token for person in service.people],
        "streams": asked.streams,
    }
    time.sleep(asked.idle_s)
    before_kb = rss_kb(pid)
    command = [*pinned(asked.sender_core), sys.executable, "-m", "bench.listeners"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT
    ) as readers:
        assert readers.stdin is not None
        assert readers.stdout is not None
        readers.stdin.write(json.dumps(plan) + "\n")
        readers.stdin.flush()
        opened = json.loads(readers.stdout.readline())
        time.sleep(asked.idle_s)
        found = {"streams": opened["opened"], "seconds_to_open": opened["seconds"]}
        found["kb_of_a_stream"] = round((rss_kb(pid) - before_kb) / asked.streams, 1)
        used, at = cpu_s(pid), time.perf_counter()
        time.sleep(asked.idle_s)
        found["idle_cpu_share"] = round((cpu_s(pid) - used) / (time.perf_counter() - at), 3)
        heads = asyncio.run(heads_of(service))
        for turn in range(asked.rounds):
            for person in service.people:
                service.edit(person.google_ids[0], "event00000", f"Round {turn}")
            time.sleep(asked.round_s)
        readers.stdin.write("\n")
        readers.stdin.flush()
        arrivals = json.loads(readers.stdout.readline())["arrivals"]
    return found | asyncio.run(judged(service, asked, heads, arrivals))


async def heads_of(service: Service) -> dict[str, int]:
    store = await open_store(settings_from(service.environment).database_address, auto_migrate=False)
    try:
        return await store.read(
            lambda conn: {row.email: row.change_head for row in conn.execute(select(users))}
        )
    finally:
        await store.close()


async def judged(
    service: Service, asked: argparse.Namespace, heads: dict[str, int], arrivals: list[tuple[int, int, float]]
) -> dict[str, Any]:
    """Delays of every frame, and what is missing."""
    store = await open_store(settings_from(service.environment).database_address, auto_migrate=False)
    joined = select(users.c.email, changes.c.id, changes.c.at).join(users, users.c.id == changes.c.user_id)
    try:
        rows = await store.read(lambda conn: conn.execute(joined).all())
    finally:
        await store.close()
    emails = {person.email: number for number, person in enumerate(service.people)}
    at = {(emails[row.email], row.id): row.at for row in rows if row.id > heads[row.email]}
    streams = Counter(number % len(service.people) for number in range(asked.streams))
    wanted = sum(streams[person] for person, _ in at)
    delays = [seen * 1000 - at[person, number] for person, number, seen in arrivals]
    wrong = []
    if len(delays) != wanted or len(at) < len(service.people):
        wrong.append(f"{len(delays)} frames arrived where {wanted} were due")
    return {"changes": len(at), "frames": len(delays), "delay_ms": percentiles(delays), "wrong": wrong}


def read_options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.streams", description=__doc__)
    parser.add_argument("--database-url", default="", help="an SQLite file of its own without it")
    parser.add_argument("--streams", type=int, default=2_000)
    parser.add_argument("--people", type=int, default=40, help="who share the streams, 64 each at most (40)")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--idle-s", type=float, default=IDLE_S)
    parser.add_argument("--round-s", type=float, default=ROUND_S)
    parser.add_argument("--service-core", type=int, help="the core that the service alone uses (taskset)")
    parser.add_argument("--sender-core", type=int)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    asked = read_options(arguments)
    amounts = Amounts(asked.people, 1, 5)
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(amounts, Path(folder), asked.database_url, asked.service_core) as service,
    ):
        found = measure(service, asked)
        print(json.dumps(found | {"load_average": load()}), flush=True)
    return 1 if found["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
