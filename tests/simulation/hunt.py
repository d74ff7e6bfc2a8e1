"""Running seeds on a spoilt engine until one fails, in a process that has not imported the engine yet."""

import gc
import sys
from functools import cache
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

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
    "pydantic_settings",
    "pytest",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "structlog",
]
"""What the engine is built on: one process imports it once, and every hunt begins as a copy of that."""


def hunt_in(root: Path, count: int, likely: int) -> str:
    """What the first seed to fail has found; the likely one is tried before all others. Empty when all of them hold."""
    ours, theirs = Pipe(duplex=False)
    hunter = hunters().start(search, (str(root), count, likely, theirs), daemon=True)
    theirs.close()
    try:
        return str(ours.recv())
    except EOFError:
        raise RuntimeError("the hunt ended without a word; it may have said why above") from None
    finally:
        hunter.join()
        ours.close()


@cache
def hunters() -> Copies:
    return Copies(OUTSIDE)


def search(root: str, count: int, likely: int, answer: "Connection[str, str]") -> None:
    gc.disable()
    assert "calferry" not in sys.modules, "the engine as it is was imported before the spoilt one"
    sys.path.insert(0, root)
    from tests.simulation.run import simulate

    others = (seed for seed in range(count) if seed != likely)
    for seed in (likely, *others):
        outcome = simulate(str(seed))
        if outcome.violation is not None:
            answer.send(f"seed {seed}: {outcome.violation}")
            return
    answer.send("")
