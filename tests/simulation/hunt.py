"""Running seeds on a spoilt engine until one fails, in a process that has not imported the engine yet."""

import gc
import sys
from collections.abc import Iterable
from functools import cache
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from tests.harness.copies import Copies

OUTSIDE = [
    "aiohttp",
    "alembic",
    "asyncpg",
    "fastapi",
    "fastapi.openapi.models",
    "icalendar",
    "isal.igzip",
    "joserfc.jwt",
    "msgspec",
    "prometheus_client",
    "pydantic.v1",
    "pydantic_settings",
    "pytest",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "sqlite3",
    "structlog",
    "uvloop",
]
"""What the engine is built on: one process imports it once, and every hunt begins as a copy of that."""


class Find(NamedTuple):
    """A seed that failed, how many commits that took, and what it has found."""

    seed: int
    commits: int
    violation: str


def hunt_in(root: Path, seeds: Iterable[int], wanted: int) -> list[Find]:
    """Run these seeds, in this order, until so many have failed; those that did."""
    ours, theirs = Pipe(duplex=False)
    hunter = hunters().start(search, (str(root), list(seeds), wanted, theirs), daemon=True)
    theirs.close()
    try:
        return [Find(*find) for find in ours.recv()]
    except EOFError:
        raise RuntimeError("the hunt ended without a word; it may have said why above") from None
    finally:
        hunter.join()
        ours.close()


@cache
def hunters() -> Copies:
    return Copies(OUTSIDE)


def search(root: str, seeds: list[int], wanted: int, answer: "Connection[list[Find], None]") -> None:
    gc.disable()
    assert "calferry" not in sys.modules, "the engine as it is was imported before the spoilt one"
    sys.path.insert(0, root)
    from tests.simulation.run import simulate

    finds: list[Find] = []
    for seed in seeds:
        outcome = simulate(str(seed))
        if outcome.violation is not None:
            finds.append(Find(seed, outcome.commits, str(outcome.violation)))
        if len(finds) == wanted:
            break
    answer.send(finds)
