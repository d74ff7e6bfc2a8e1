"""One seed, one history: `python -m tests.simulation.run --seed 17` replays it and prints what happened."""

import argparse
import asyncio
import gc
import random
import sys
import traceback
from collections import Counter
from collections.abc import Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import structlog

from calferry.core.failure import LATER_BY_CAUSE_MS
from calferry.sync import send_intent
from tests.harness.virtual_loop import VirtualLoop
from tests.simulation.disk import is_store_down
from tests.simulation.history import Simulation, noted
from tests.simulation.outbox import Watched
from tests.simulation.processes import task_factory
from tests.simulation.scale import scaled
from tests.simulation.trace import Trace, Violation

BOUNDS = {
    "INSTANCES_PAGE_SIZE": 5,
    "BACKOFF_MAX_MS": 40_000,
    "WAIT_MAX_MS": 160_000,
    "LATER_BY_CAUSE_MS": dict.fromkeys(LATER_BY_CAUSE_MS, 30_000),
    "SWEEP_GUARD_WAIT_MS": 60_000,
    "SCAN_EVERY_S": 4.0,
    "SLICE_MS": 5_000,
    "CALENDAR_LIST_FULL_MS": 150_000,
    "ENDS_SOON_MS": 10_000,
    "EVENTS_PER_FRAME_MAX": 3,
    "CHANNEL_REGISTERING_MS": 40_000,
    "INTENT_BACKOFF_MAX_MS": 40_000,
    "INTENTS_PENDING_MAX": 8,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended. `violation` is None when every invariant held."""

    seed: str
    hash: str
    violation: Violation | None
    hits: Counter[str]
    lines: list[str]
    commits: int
    virtual_s: float


@contextmanager
def logging_to(trace: Trace) -> Iterator[None]:
    """Whatever the engine logs as an error is a violation: nothing but the store may fail it."""

    def note(_: Any, level: str, event: MutableMapping[str, Any]) -> str:
        if level in ("error", "exception", "critical"):
            error = sys.exc_info()[1]
            if is_store_down(error):
                raise structlog.DropEvent
            trace.violated("no surprises", f"{event.get('event')}: {error!r}")
            if trace.echo:
                traceback.print_exc()
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[note])
    try:
        yield
    finally:
        structlog.configure(**before)


@contextmanager
def collecting_at_the_end() -> Iterator[None]:
    """A run makes little garbage that needs collecting; what was there before it need not be looked at again."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def simulate(seed: str, *, echo: bool = False) -> Outcome:
    """Run one seed to its end, or to its first violation."""
    trace = Trace(echo=echo)
    dice = random.Random(f"{seed}/loop")
    page_size = random.Random(f"{seed}/bounds").choice((2, 3, 5, 9))
    guard = random.Random(f"{seed}/guard").choice((6, 50))
    life_ms = random.Random(f"{seed}/life").choice((150_000, 604_800_000))
    with ExitStack() as stack:
        stack.enter_context(collecting_at_the_end())
        stack.enter_context(
            scaled(**BOUNDS, SERIES_PAGE_SIZE=page_size, SWEEP_GUARD_ROWS_MIN=guard, CHANNEL_LIFE_MS=life_ms)
        )
        stack.enter_context(patch.object(send_intent, "Delivery", Watched))
        stack.enter_context(logging_to(trace))
        runner = stack.enter_context(asyncio.Runner(loop_factory=lambda: loop_for(dice, trace)))
        simulation = runner.run(begin(seed, trace, guard))
        virtual_s = runner.get_loop().time()
    lines = list(trace.lines)
    return Outcome(seed, trace.hash, trace.violation, trace.hits, lines, simulation.checks.commits, virtual_s)


async def begin(seed: str, trace: Trace, guard: int) -> Simulation:
    simulation = Simulation(seed, trace, guard)
    try:
        await simulation.run()
    except Exception as error:  # noqa: BLE001 - whatever it is, the seed has found it
        trace.violated("no surprises", "".join(traceback.format_exception(error)[-6:]))
    return simulation


def loop_for(dice: random.Random, trace: Trace) -> VirtualLoop:
    loop = VirtualLoop(dice)
    loop.set_task_factory(task_factory)
    loop.set_exception_handler(noted(trace))
    return loop


def main() -> int:
    parser = argparse.ArgumentParser(description="Replay one seed.")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--quiet", action="store_true")
    options = parser.parse_args()
    failed = 0
    for n in range(options.count):
        seed = options.seed if options.count == 1 else str(int(options.seed) + n)
        outcome = simulate(seed, echo=not options.quiet)
        failed += outcome.violation is not None
        if outcome.violation or options.count == 1:
            print(
                seed,
                outcome.hash,
                outcome.violation or "held",
                f"{outcome.commits} commits, {outcome.virtual_s:.0f} s",
            )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
