"""One seed, one history: `python -m tests.simulation.run --seed 17` replays it and prints what happened."""

import argparse
import asyncio
import random
import sys
from collections import Counter
from collections.abc import Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import structlog

from calferry.core.failure import LATER_BY_CAUSE_MS
from calferry.store.tables import calendars
from calferry.sync.accounts import connect
from calferry.sync.run_calendar import run_calendar
from calferry.sync.verify import verify_calendar
from sqlalchemy import select
from tests.harness.virtual_loop import VirtualLoop
from tests.simulation.disk import the_disk
from tests.simulation.edits import Editor
from tests.simulation.faults import Weather
from tests.simulation.invariants import Invariants
from tests.simulation.processes import UNTOUCHED_STEPS, Crash, Machine, task_factory
from tests.simulation.scale import scaled
from tests.simulation.trace import Trace, Violation
from tests.simulation.world import SimulatedGoogle

DEADLINE_S = 420.0
LOOK_AGAIN_S = 4.0
REQUESTS_MAX = 6_000
BOUNDS = {
    "INSTANCES_PAGE_SIZE": 5,
    "BACKOFF_MAX_MS": 40_000,
    "WAIT_MAX_MS": 160_000,
    "LATER_BY_CAUSE_MS": dict.fromkeys(LATER_BY_CAUSE_MS, 30_000),
    "SWEEP_GUARD_WAIT_MS": 60_000,
    "SCAN_EVERY_S": 4.0,
    "SLICE_MS": 5_000,
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


class Simulation:
    """The run of one seed."""

    def __init__(self, seed: str, trace: Trace) -> None:
        self.seed = seed
        self.trace = trace
        self.dice = random.Random(f"{seed}/driver")
        disk = the_disk()
        disk.format()
        self.google = SimulatedGoogle(random.Random(f"{seed}/world"), trace)
        self.editor = Editor(self.google, random.Random(f"{seed}/edits"))
        self.weather = Weather(self.google, trace, random.Random(f"{seed}/weather"))
        self.checks = Invariants(disk, self.google, trace)
        self.checks.excused = self.weather.excused
        self.machine = Machine(seed, disk, self.weather, self.checks, trace)
        self.disk = disk

    async def run(self) -> None:
        self.editor.fill(self.dice.choice((2, 8, 25)))
        self.google.refresh()
        self.start_process(first=True)
        for email in self.google.world.people:
            await self.sign_in(email)
        await self.storm()
        await self.quiet()
        self.stop()

    def is_over(self) -> bool:
        if self.google.api_requests() > REQUESTS_MAX:
            self.trace.violated("INV-6", f"more than {REQUESTS_MAX} requests")
        return self.trace.violation is not None

    def start_process(self, *, first: bool = False) -> None:
        crashing = not first and self.dice.random() < 0.8
        self.machine.start(self.dice.randrange(1, 400) if crashing else UNTOUCHED_STEPS)

    async def sign_in(self, email: str) -> None:
        """The person connects the account; in fine weather, and on a process that lives."""
        process = self.machine.any()
        if process is None:
            process = self.machine.start()
        await process.spawn(connect(process.engine, self.google.grant(email)), "connect")

    async def storm(self) -> None:
        """Edits, faults and crashes for a while."""
        self.weather.brew()
        processes = self.dice.choice((1, 1, 2, 3))
        ends_at = self.machine.time() + self.dice.uniform(30.0, 120.0)
        pace_s = self.dice.choice((0.5, 2.0, 6.0))
        for process in self.machine.living.values():
            process.crash_at = self.dice.randrange(1, 400)
        while self.machine.time() < ends_at and not self.is_over():
            if len(self.machine.living) < processes and self.dice.random() < 0.5:
                self.start_process()
            self.act()
            await asyncio.sleep(self.dice.expovariate(1 / pace_s))

    def act(self) -> None:
        chance = self.dice.random()
        if chance < 0.55:
            self.editor.edit()
        elif chance < 0.75:
            self.select_calendars()
        elif chance < 0.78:
            self.freeze()
        elif chance < 0.81:
            self.weather.is_down = not self.weather.is_down
        self.deliver(self.dice.random())

    def select_calendars(self) -> None:
        """People ask for some of their calendars."""
        with self.disk.raw:
            ids = [
                row[0]
                for row in self.disk.raw.execute("SELECT id FROM calendars WHERE NOT selected ORDER BY id")
            ]
        chosen = [calendar_id for calendar_id in ids if self.dice.random() < 0.5]
        process = self.machine.any()
        if chosen and process:
            process.spawn(process.engine.store.write(lambda tx: mark_selected(tx, chosen, process)), "select")

    def freeze(self) -> None:
        """A process stops for longer than a lease lasts, and wakes up believing that nothing happened."""
        process = self.machine.any()
        if process:
            process.frozen_until = self.machine.time() + self.dice.choice((3.0, 35.0, 50.0))
            self.trace.note(f"{process.name} freezes")
            self.trace.hit("freeze")

    def deliver(self, chance: float) -> None:
        """Some of the notifications that wait; others are lost."""
        for delivery in self.google.emulator.take_deliveries():
            process = self.machine.any()
            if process is None or chance < 0.3:
                self.trace.hit("push lost")
                continue
            process.spawn(push(process, delivery), "push")
            if chance > 0.9:
                self.trace.hit("push twice")
                process.spawn(push(process, delivery), "push")

    async def quiet(self) -> None:
        """Nothing goes wrong any more: everything must come right before the deadline."""
        self.trace.note("quiet")
        self.weather.calm()
        for process in self.machine.living.values():
            process.crash_at, process.frozen_until = UNTOUCHED_STEPS, 0.0
        if not self.machine.living:
            self.machine.start()
        ends_at = self.machine.time() + DEADLINE_S
        problem = "nothing was looked at"
        while self.machine.time() < ends_at and not self.is_over():
            self.google.emulator.take_deliveries()
            problem = self.difference()
            if not problem:
                await self.check_rest()
                return
            await asyncio.sleep(LOOK_AGAIN_S)
        self.trace.violated("INV-1", problem)

    def difference(self) -> str:
        """What keeps the mirror from being complete; empty when nothing does."""
        self.disk.raw.execute("UPDATE calendars SET selected = 1 WHERE selected = 0")
        self.disk.raw.execute(
            "UPDATE sync_states SET next_due_at = 0 WHERE next_due_at IS NULL AND status = 'idle' AND kind = 'events'"
        )
        self.checks.calendars = {row[0]: row for row in ()} or self.checks.calendars
        for email in self.google.world.people:
            ours = {
                c.google_id for c in self.checks.calendars.values() if c.email == email and not c.removed_at
            }
            if ours != self.google.listed(email):
                return f"{email} has {sorted(self.google.listed(email))}, we know {sorted(ours)}"
        return next(filter(None, map(self.difference_of, self.checks.calendars.values())), "")

    def difference_of(self, calendar: Any) -> str:
        if calendar.removed_at is not None:
            return ""
        state = self.checks.states[calendar.id]
        if calendar.projection_id is None or state.sync_token is None:
            return f"{calendar.google_id} has not been synced"
        if state.dirty_seq != state.clean_seq or state.lease_owner is not None:
            return f"{calendar.google_id} is not clean"
        view = self.google.view(calendar.google_id, calendar.window)
        rows = self.checks.rows.get(calendar.projection_id, {})
        shown = {event_id: row.number for event_id, row in rows.items() if row.is_live}
        live = view.live(self.google.emulator.now())
        for event_id in self.weather.excused.get(calendar.google_id, ()):
            shown.pop(event_id, None)
            live.pop(event_id, None)
        if shown != live:
            return f"{calendar.google_id} differs: {sorted(shown.items() ^ live.items())[:4]}"
        return ""

    async def check_rest(self) -> None:
        """Once everything is right, another sync changes nothing, and the engine itself finds no difference."""
        process = self.machine.any()
        assert process is not None
        for calendar in list(self.checks.calendars.values()):
            if calendar.removed_at is None:
                await process.spawn(self.check_calendar(process, calendar), "last checks")

    async def check_calendar(self, process: Any, calendar: Any) -> None:
        heads = dict(self.checks.heads)
        await process.engine.clock.sleep(2.0)
        report = await run_calendar(process.engine, calendar.id)
        excused = calendar.google_id in self.weather.excused
        if report.outcome != "held" and (report.changes or self.checks.heads != heads) and not excused:
            self.trace.violated("INV-1", f"another sync of {calendar.google_id} changed something: {report}")
        verification = await verify_calendar(process.engine, calendar.id)
        if not verification.equal and not excused:
            self.trace.violated("INV-1", f"verification: {verification}")

    def stop(self) -> None:
        for process in list(self.machine.living.values()):
            process.end()


def mark_selected(connection: Any, calendar_ids: list[str], process: Any) -> None:
    from calferry.store import sync_states
    from calferry.store.calendars import select_for_sync

    select_for_sync(connection, calendar_ids)
    sync_states.mark(connection, calendar_ids, process.engine.clock.now_ms())


async def push(process: Any, delivery: Any) -> None:
    from calferry import google
    from calferry.sync.watch import receive

    notification = google.read_notification(delivery.headers)
    assert notification is not None
    await receive(process.engine, notification)


@contextmanager
def logging_to(trace: Trace) -> Iterator[None]:
    """Whatever the engine logs as an error is a violation: nothing unforeseen may happen to it."""

    def note(_: Any, level: str, event: MutableMapping[str, Any]) -> str:
        if level in ("error", "exception", "critical"):
            error = sys.exc_info()[1]
            trace.violated("no surprises", f"{event.get('event')}: {error!r}")
            if trace.echo:
                import traceback

                traceback.print_exc()
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[note])
    try:
        yield
    finally:
        structlog.configure(**before)


def simulate(seed: str, *, echo: bool = False) -> Outcome:
    """Run one seed to its end, or to its first violation."""
    trace = Trace(echo=echo)
    dice = random.Random(f"{seed}/loop")
    page_size = random.Random(f"{seed}/bounds").choice((2, 3, 5, 9))
    guard = random.Random(f"{seed}/guard").choice((6, 50))
    with ExitStack() as stack:
        stack.enter_context(scaled(**BOUNDS, SERIES_PAGE_SIZE=page_size, SWEEP_GUARD_ROWS_MIN=guard))
        stack.enter_context(logging_to(trace))
        runner = stack.enter_context(asyncio.Runner(loop_factory=lambda: loop_for(dice, trace)))
        simulation = runner.run(begin(seed, trace))
        virtual_s = runner.get_loop().time()
    lines = list(trace.lines)
    return Outcome(seed, trace.hash, trace.violation, trace.hits, lines, simulation.checks.commits, virtual_s)


async def begin(seed: str, trace: Trace) -> Simulation:
    simulation = Simulation(seed, trace)
    await simulation.run()
    return simulation


def loop_for(dice: random.Random, trace: Trace) -> VirtualLoop:
    loop = VirtualLoop(dice)
    loop.set_task_factory(task_factory)

    def noted(_: Any, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not is_crash(error):
            trace.violated("no surprises", f"{context.get('message')}: {error!r}")

    loop.set_exception_handler(noted)
    return loop


def is_crash(error: BaseException | None) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return any(is_crash(inner) for inner in error.exceptions)
    return isinstance(error, Crash)


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
