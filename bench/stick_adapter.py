"""Lets an outside harness measure calferry: `stick_adapter.py BASE_URL @FILE_WITH_CALENDAR_IDS`.

The environment may name BENCH_WORKDIR and BENCH_PHASES (of full, incremental and nochange). The last line of standard
output is one JSON object with the figures of each phase and where the mirror stands.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import uvloop

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.contestants.calferry_service import ROWS, ConnectedAccount, connected_account
from bench.contestants.stopwatch import Lap

Figures = dict[str, Any]


def calendar_ids(argument: str) -> list[str]:
    text = Path(argument[1:]).read_text() if argument.startswith("@") else argument
    return text.strip().split(",")


async def measure_phase(account: ConnectedAccount) -> Figures:
    await account.rest()
    lap = Lap()
    totals = await account.sync()
    phase = lap.done(totals.events)
    return {
        "events": phase.events,
        "requests": totals.requests,
        "seconds": phase.seconds,
        "cpu_s": phase.cpu_s,
        "peak_rss_mb": phase.peak_mb,
    }


async def measure(base_url: str, wanted: list[str], database: Path, phases: list[str]) -> dict[str, Figures]:
    async with connected_account(base_url, f"sqlite:///{database}", wanted) as account:
        return {phase: await measure_phase(account) for phase in phases}


def main() -> None:
    base_url, wanted = sys.argv[1].rstrip("/"), calendar_ids(sys.argv[2])
    directory = Path(os.environ.get("BENCH_WORKDIR", ".")).resolve()
    phases = os.environ.get("BENCH_PHASES", "full,incremental,nochange").split(",")
    database = directory / "calferry.sqlite3"
    found = uvloop.run(measure(base_url, wanted, database, phases))
    first = found[phases[0]]
    headline = {name: first[name] for name in ("events", "seconds", "cpu_s", "peak_rss_mb")}
    store = {"kind": "sqlite", "path": str(database), "sql": " ".join(ROWS.split())}
    print(json.dumps({"name": "calferry", **headline, "phases": found, "store": store}), flush=True)


if __name__ == "__main__":
    main()
