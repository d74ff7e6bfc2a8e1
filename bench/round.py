"""One contestant's turn: its own process, its own directory, counted requests, a checked result."""

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.mirror import differing, fresh_database, mirror_fingerprints
from bench.options import Options
from bench.roster import Contestant
from bench.server import PROJECT, Server
from bench.task import PHASES, Outcome, Phase, Task

MEMORY = Path("/dev/shm")  # files here cost no disk, so that engines are compared and not disks
TURN_S = 600


@dataclass(frozen=True, slots=True)
class Turn:
    """`wrong` names what differs from the upstream; a turn with anything in it does not count."""

    phases: dict[str, Phase]
    requests: dict[str, int]
    wrong: list[str]


def take_turn(contestant: Contestant, server: Server, options: Options, postgres: str = "") -> Turn:
    """`postgres`: the address of a server, without a database's name, for those that need one."""
    with tempfile.TemporaryDirectory(prefix="calferry-bench-", dir=memory()) as directory:
        server.reset(options.latency_ms)
        expected = server.expected()
        database = fresh_database(postgres) if contestant.on_postgres else ""
        task = Task(server.base_url, sorted(expected), directory, postgres=database)
        outcome = run_contestant(contestant, task)
        requests = server.requests()
        wrong = differing(mirror_fingerprints(outcome.database, outcome.rows), expected)
    return Turn(outcome.phases, requests, wrong + wrong_counts(outcome, options))


def memory() -> Path | None:
    return MEMORY if MEMORY.is_dir() else None


def wrong_counts(outcome: Outcome, options: Options) -> list[str]:
    """Return a line for each phase that read another number of entries than there were."""
    each = dict(zip(PHASES, (options.events, options.changes, 0), strict=True))
    found = {name: (phase.events, each[name] * options.calendars) for name, phase in outcome.phases.items()}
    return [f"{name}: {read} entries, not {due}" for name, (read, due) in found.items() if read != due]


def run_contestant(contestant: Contestant, task: Task) -> Outcome:
    """Raise `RuntimeError` with the end of its messages if the contestant fails."""
    command = [
        sys.executable,
        "-m",
        f"bench.contestants.{contestant.module}",
        task.to_json(),
        *contestant.arguments,
    ]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=TURN_S, check=False, cwd=PROJECT)
    if ended.returncode:
        raise RuntimeError(f"{contestant.name} failed:\n{ended.stderr[-2000:]}")
    return Outcome.from_json(ended.stdout.splitlines()[-1])
