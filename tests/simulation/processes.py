"""Processes of the service that can be killed at any wait: the shipped engine behind ports that may fail."""

import asyncio
import json
import random
from collections.abc import Callable, Coroutine
from contextvars import ContextVar, copy_context
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote

from calferry import google
from calferry.duties.purge import Keeping
from calferry.emulator import Request
from calferry.jobs.scheduler import Scheduler
from calferry.jobs.timers import timers_for
from calferry.store import leftovers
from calferry.sync.engine import Intervals
from calferry.web.pushes import Pushes
from calferry.web.sync_work import Works
from tests.harness.ports import VirtualClock
from tests.harness.service import Service
from tests.harness.wire import received
from tests.simulation.disk import Disk, StoreDown
from tests.simulation.faults import Unreachable, Weather
from tests.simulation.invariants import Invariants
from tests.simulation.trace import Trace

T = TypeVar("T")

KEEPING = Keeping(tombstones_ms=240_000, changes_ms=90_000)
OFTEN = tuple(replace(timer, every_s=min(max(timer.every_s, 25.0), 60.0)) for timer in timers_for(KEEPING))
INTERVALS = Intervals(poll_with_push_s=120.0, poll_without_push_s=40.0, calendar_list_s=100.0)
UNTOUCHED_STEPS = 10**9
REFRESH_LEASE_S = 30.0

current: ContextVar["Process | None"] = ContextVar("process", default=None)


class Crash(BaseException):
    """The process is no more. Nothing that is written catches it."""


def is_crash(error: BaseException | None) -> bool:
    """Whether that is how a crash comes out of a task, or of a group of tasks."""
    if isinstance(error, BaseExceptionGroup):
        return any(is_crash(inner) for inner in error.exceptions)
    return isinstance(error, Crash)


class Process:
    """One life of one process."""

    def __init__(self, place: "Machine", name: str, crash_at: int) -> None:
        self.machine = place
        self.name = name
        self.crash_at = crash_at
        self.trace = place.trace
        self.dice = random.Random(f"{place.seed}/{name}")
        self.steps = 0
        self.is_dead = False
        self.frozen_until = -1e9
        self.tasks: list[asyncio.Task[Any]] = []
        self.context = copy_context()
        self.context.run(current.set, self)
        self.service = Service(
            place.google,
            Clock(self),
            self.dice,
            store=Store(self),
            owner=name,
            transport=Transport(self),
            intervals=INTERVALS,
        )
        self.engine = self.service.engine
        self.works = Works()
        self.web: Any = SimpleNamespace(engine=self.engine, spawn=lambda work: self.spawn(work, "work"))
        self.pushes = Pushes(self.web)

    def start(self) -> None:
        self.trace.note(f"{self.name} starts")
        self.spawn(self.run(), f"{self.name} scheduler")

    async def run(self) -> None:
        try:
            if self.machine.dice.random() < 0.5:
                await self.engine.store.write(self.free_leases_of_the_dead)
        except StoreDown:
            self.trace.note(f"{self.name} cannot start")
            self.end()
            return
        try:
            await self.keep_duties()
            await Scheduler(self.engine, timers=OFTEN).run()
        except StoreDown as error:
            self.trace.violated("no surprises", f"the scheduler of {self.name} ended: {error}")

    async def keep_duties(self) -> None:
        """Without a scheduler only cron calls and requests make a calendar run."""
        if self.machine.has_scheduler:
            return
        idle = Scheduler(self.engine, concurrency=0, timers=OFTEN)
        duties = self.spawn(idle.run(), f"{self.name} duties")
        while not self.machine.has_scheduler:
            await self.engine.clock.sleep(2.0)
        idle.stop()
        await duties

    def free_leases_of_the_dead(self, connection: Any) -> None:
        dead = [name for name in leftovers.lease_owners(connection) if name not in self.machine.living]
        leftovers.free_leases_of(connection, dead)

    def spawn(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """A task that dies with the process."""
        return asyncio.get_running_loop().create_task(work, name=name, context=self.context.copy())

    async def step(self, what: str, longest_s: float = 0.02) -> None:
        """A wait: time passes, and the process may die before or after."""
        self.check()
        self.steps += 1
        if self.steps == self.crash_at:
            self.crash(what)
        await asyncio.sleep(self.delay_s(longest_s))
        while (left_s := self.frozen_until - self.machine.time()) > 0:
            await self.machine.pause(left_s)
        self.check()

    def delay_s(self, longest_s: float) -> float:
        chance = self.dice.random()
        if chance < 0.5:
            return 0.0
        return self.dice.random() * longest_s * (20 if chance > 0.97 else 1)

    def check(self) -> None:
        if self.is_dead:
            raise Crash

    def crash(self, what: str) -> None:
        """End every task of the process; raises `Crash` in the one that is running."""
        self.trace.note(f"{self.name} crashes at step {self.steps}: {what}")
        self.trace.hit("crash")
        self.trace.hit(f"crash {what.partition(':')[0]}")
        self.end()
        raise Crash

    def end(self) -> None:
        self.is_dead = True
        this = asyncio.current_task()
        for task in self.tasks:
            if task is not this and not task.done():
                task.cancel()
        self.machine.died(self)


class Machine:
    """The processes, the disk under them, and the one clock they share."""

    def __init__(self, seed: str, disk: Disk, weather: Weather, checks: Invariants, trace: Trace) -> None:
        self.seed = seed
        self.disk = disk
        self.weather = weather
        self.google = weather.google
        self.checks = checks
        self.trace = trace
        self.dice = random.Random(f"{seed}/machine")
        self.skew_ms = 0
        self.has_scheduler = True
        self.is_store_down = False
        self.store_down_at = -1e9
        """When it was down last."""
        self.living: dict[str, Process] = {}
        self.lives = 0
        self.answered: dict[str, tuple[Process, float, float]] = {}
        """Channels of which a process was told that they are open: when it asked for them, and when it was told."""
        self.refreshing: dict[str, tuple[Process, float]] = {}

    def time(self) -> float:
        return asyncio.get_running_loop().time()

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def start(self, crash_at: int = UNTOUCHED_STEPS) -> Process:
        """A new process on the old disk, which dies at that step."""
        self.lives += 1
        process = Process(self, f"p{self.lives}", crash_at)
        self.living[process.name] = process
        process.start()
        return process

    def is_well(self, name: str) -> bool:
        """Whether that process lives, and has not lately been frozen or without its store."""
        has_store = not self.is_store_down and self.time() - self.store_down_at > 60.0
        return has_store and self.is_awake(name)

    def is_awake(self, name: str) -> bool:
        """Whether that process lives, and has not been frozen lately."""
        process = self.living.get(name)
        return process is not None and self.time() - process.frozen_until > 60.0

    def check_store(self) -> None:
        """Raises `StoreDown`."""
        if self.is_store_down:
            self.trace.hit("store down")
            raise StoreDown

    def died(self, process: Process) -> None:
        self.living.pop(process.name, None)

    def any(self) -> Process | None:
        """One of the living."""
        return self.dice.choice(list(self.living.values())) if self.living else None


def task_factory(
    loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **options: Any
) -> asyncio.Task[Any]:
    """Tasks know the process that they belong to, and the process knows them."""
    context = options.get("context")
    process = current.get() if context is None else context.get(current)
    task = asyncio.Task(work, loop=loop, **options)
    if process is not None:
        if len(process.tasks) > 100:
            process.tasks = [known for known in process.tasks if not known.done()]
        process.tasks.append(task)
        if process.is_dead:
            task.cancel()
    return task


class Clock(VirtualClock):
    """The machine's clock, seen from one process."""

    def __init__(self, process: Process) -> None:
        super().__init__()
        self.process = process

    def now_ms(self) -> int:
        return super().now_ms() + self.process.machine.skew_ms

    async def sleep(self, seconds: float) -> None:
        await self.process.step("sleep", 0.0)
        await asyncio.sleep(seconds)
        self.process.check()


class Store:
    """The disk, seen from one process: it may die before a transaction, or after it without learning of it."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.disk = process.machine.disk

    async def read(self, work: Callable[[Any], T]) -> T:
        await self.process.step("read")
        self.process.machine.check_store()
        return self.disk.transact(work)

    async def write(self, work: Callable[[Any], T]) -> T:
        process = self.process
        await process.step("before commit")
        process.machine.check_store()
        result = self.disk.transact(work)
        process.machine.checks.after_commit(process.name, process.machine.skew_ms)
        await process.step("after commit")
        return result

    async def close(self) -> None:
        """The disk stays."""


class Transport:
    """The way to Google, seen from one process."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.machine = process.machine

    async def send(self, request: google.WireRequest) -> google.WireResponse:
        try:
            async with asyncio.timeout(request.timeout_s):
                return await self.exchange(request)
        except TimeoutError:
            raise google.Unreachable("no answer in time", kind="timeout") from None

    async def exchange(self, request: google.WireRequest) -> google.WireResponse:
        name = request.url.rpartition("/")[2].partition("?")[0]
        await self.process.step(f"before request: {name}", 0.3)
        if self.machine.weather.is_down:
            self.machine.trace.hit("fault down")
            raise Unreachable
        if name == "token":
            return await self.refresh(request)
        self.machine.checks.check_grant(request.headers.get("Authorization", "").removeprefix("Bearer "))
        return await self.answer(name, request)

    async def refresh(self, request: google.WireRequest) -> google.WireResponse:
        """One refresh of a grant at a time, on all processes together."""
        token = parse_qs((request.body or b"").decode())["refresh_token"][0]
        other, since = self.machine.refreshing.get(token, (self.process, -1e9))
        both_well = self.machine.is_well(other.name) and self.machine.is_well(self.process.name)
        if both_well and self.machine.time() - since < REFRESH_LEASE_S:
            self.machine.trace.violated("INV-21", f"{self.process.name} refreshes while {other.name} does")
        self.machine.refreshing[token] = (self.process, self.machine.time())
        try:
            return await self.answer("token", request)
        finally:
            self.machine.refreshing.pop(token, None)

    async def answer(self, name: str, request: google.WireRequest) -> google.WireResponse:
        asked_at = self.machine.time()
        asked = Request.of(request.method, request.url, request.headers, request.body or b"")
        response = self.machine.weather.answer(asked)
        asked_for = question(request.url)
        self.machine.trace.note(f"{self.process.name} {request.method} {asked_for} {response.status}")
        await asyncio.sleep(response.delay_s)
        await self.process.step(f"after request: {name}", 0.3)
        answer = received(response, request.max_body_bytes)
        if name == "watch" and answer.status == 200 and b'"resourceId"' in answer.body:
            channel_id = json.loads(request.body or b"")["id"]
            self.machine.answered[channel_id] = (self.process, asked_at, self.machine.time())
        return answer


def question(url: str) -> str:
    """A request in few words: which method, of which calendar, from which token."""
    path, _, query = url.partition("?")
    parts = [unquote(part) for part in path.split("/")]
    words = [parts[-1], parts[-2] if parts[-1] == "events" else ""]
    words += [name for name in ("syncToken", "pageToken", "iCalUID", "singleEvents") if f"{name}=" in query]
    return " ".join(word for word in words if word)
