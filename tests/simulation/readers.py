"""A program that asks for a sync and follows the stream, reconnecting when a process dies under it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from calferry.core.limits import SYNC_COOLDOWN_MS, SYNC_TIMEOUT_S
from calferry.store import sync_requests
from calferry.store.sync_requests import SyncRequest, TooSoon
from calferry.web.stream_position import StreamPosition
from calferry.web.sync import find_resumed
from calferry.web.sync_stream import SyncStream
from tests.simulation.disk import is_store_down
from tests.simulation.invariants import Invariants
from tests.simulation.processes import Crash, Machine, Process
from tests.simulation.trace import Trace

RECONNECTS_MAX = 20


class OpenStream(SyncStream):
    """The shipped stream for a reader who stays signed in."""

    async def is_worth_going_on(self, _: Any) -> bool:
        return True


@dataclass(slots=True)
class Reader:
    """`copies` holds what the reader has of each calendar: event ids and the version shown."""

    machine: Machine
    checks: Invariants
    trace: Trace
    user_id: int
    calendar_ids: tuple[str, ...]
    copies: dict[str, dict[str, int]] = field(default_factory=dict)
    asked_at: int = 0
    last_id: str | None = None
    request: SyncRequest | None = None
    events: int = 0
    synced: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    is_over: bool = False

    async def read(self) -> None:
        """Ask, and follow to the last frame; whenever the process is gone, ask another one to go on."""
        for _ in range(RECONNECTS_MAX):
            process = self.machine.any()
            if process is None:
                await self.machine.pause(5.0)
                continue
            try:
                await process.spawn(self.connect(process), "stream")
            except (Crash, BaseExceptionGroup):
                self.trace.hit("stream cut")
            except BaseException as error:
                if not process.is_dead and not is_store_down(error):
                    raise
                self.trace.note(f"stream cut: {type(error).__name__}")
            if self.is_over:
                return
            await self.machine.pause(2.0)

    async def connect(self, process: Process) -> None:
        caller: Any = SimpleNamespace(user_id=self.user_id)
        service: Any = process.web
        resumed = await find_resumed(service, caller, self.calendar_ids, self.last_id)
        if resumed is None:
            accepted = await process.engine.store.write(lambda tx: self.accept(tx, process))
            if isinstance(accepted, TooSoon):
                self.trace.hit("sync too soon")
                self.is_over = True
                return
            self.trace.hit("sync accepted")
            resumed = accepted, StreamPosition(accepted.head)
        request, position = resumed
        if position.end:
            self.is_over = True
            return
        work = process.works.begin(service, request)
        await OpenStream(service, caller, request, work, position).produce(self)  # type: ignore[arg-type]

    def accept(self, connection: Any, process: Process) -> SyncRequest | TooSoon:
        """One transaction: the request, and the reader's copy of what there is before it."""
        now_ms = process.engine.clock.now_ms()
        name, deadline_ms = process.engine.ids.new("sync"), now_ms + SYNC_TIMEOUT_S * 1000
        made = sync_requests.accept(connection, name, self.user_id, self.calendar_ids, now_ms, deadline_ms)
        if isinstance(made, SyncRequest):
            if any(asked is not None for asked in made.asked.values()):
                self.checks.check_cooldown(
                    self.user_id, self.machine.time() * 1000, self.machine.skew_ms, SYNC_COOLDOWN_MS
                )
            self.request, self.asked_at = made, self.machine.google.world.log.last
            self.copies = {calendar_id: self.checks.shown(calendar_id) for calendar_id in self.calendar_ids}
            self.events, self.synced, self.failed = 0, set(), set()
        return made

    async def put(self, chunk: bytes) -> None:
        """Take one frame."""
        fields = dict(line.split(": ", 1) for line in chunk.decode().strip().split("\n"))
        if self.is_over:
            self.checks.violated("INV-29", f"{fields} after the last frame")
        self.take(fields["event"], json.loads(fields["data"]))
        self.last_id = fields["id"]

    def take(self, event: str, body: dict[str, Any]) -> None:
        match event:
            case "events":
                self.take_events(body["calendar_id"], body["events"])
            case "sync_token":
                self.take_sync_token(body["calendar_id"])
            case "sync_error":
                self.trace.hit("stream error")
                self.failed.add(body.get("calendar_id", ""))
                self.is_over = body["code"] == "408" and "calendar_id" not in body
            case "complete":
                self.trace.hit("stream complete")
                self.is_over = True
                if (body["total_events"], body["calendars_synced"]) != (self.events, len(self.synced)):
                    self.checks.violated("INV-29", f"{body} after {self.events} events of {len(self.synced)}")

    def take_events(self, calendar_id: str, items: list[dict[str, Any]]) -> None:
        copy = self.copies[calendar_id]
        self.events += len(items)
        if calendar_id in self.synced:
            self.trace.hit("events after the token")
        for item in items:
            if item.get("status") == "cancelled":
                copy.pop(item["id"], None)
            else:
                copy[item["id"]] = (
                    int(item["etag"].strip('"')) // 2 if isinstance(item.get("etag"), str) else 0
                )

    def take_sync_token(self, calendar_id: str) -> None:
        """The calendar is stored: the reader has every change made before the request."""
        if calendar_id in self.synced:
            self.checks.violated("INV-29", f"two tokens of {calendar_id}")
        self.synced.add(calendar_id)
        self.checks.check_copy(calendar_id, self.copies[calendar_id], self.asked_at)


def chosen(calendar_ids: Iterable[str], chance: Any) -> tuple[str, ...]:
    """Some of the calendars, in order."""
    return tuple(calendar_id for calendar_id in calendar_ids if chance())
