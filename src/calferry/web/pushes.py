"""Notifications on their way into the store.

A message that comes while an equal one of its channel waits shares that one's write, which begins after both came.
What the store refuses is kept and written when it answers.
"""

import asyncio
from dataclasses import dataclass, replace
from typing import Literal

import structlog

from calferry.core import channel_state
from calferry.google import Notification
from calferry.store.grouped import GroupedStore
from calferry.store.push_recovery import spread_push_covered
from calferry.store.unavailable import UNAVAILABLE
from calferry.sync.engine import Engine
from calferry.sync.push_messages import receive
from calferry.web.service import Service

log = structlog.get_logger(__name__)

STORED_WITHIN_S = 4.5
WAITING_MAX = 50_000
RETRY_S = 1.0
SPREAD_MS = 15 * 60_000

Verdict = channel_state.Verdict | Literal["failed"]
"""`failed`: nothing could be made of it."""
Key = tuple[str, str, str | None, str]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message, when it came (lease time), and what its senders wait for."""

    notification: Notification
    received_ms: int
    stored: "asyncio.Future[Verdict | None]"


@dataclass(slots=True)
class Counters:
    """Since the process began."""

    late: int = 0
    """Answered before their mark was stored."""
    dropped: int = 0
    """More waited than is kept; every push-covered calendar is polled soon instead."""


class Pushes:
    """Takes notifications; never fails and never keeps a sender waiting for five seconds."""

    def __init__(self, service: Service, gather_s: float = 0.0) -> None:
        self._spawn = service.spawn
        self._engine = replace(service.engine, store=GroupedStore(service.engine.store, gather_s))
        self._waiting: dict[Key, Waiting] = {}
        self._running: set[Key] = set()
        self._recovering = False
        self.counters = Counters()

    @property
    def is_taking(self) -> bool:
        """Whether any message is on its way into the store."""
        return bool(self._running or self._waiting)

    async def take(self, notification: Notification | None) -> None:
        """Return when the mark is stored, or when waiting any longer would keep Google waiting. None: what came was no
        message."""
        if notification is None:
            self._engine.observer.notified("malformed")
            return
        stored = self._enqueue(notification)
        if stored is None:
            self.counters.dropped += 1
            self._engine.observer.notified("dropped")
            self._recover()
            return
        if not self._recovering:
            done, _ = await asyncio.wait({stored}, timeout=STORED_WITHIN_S)
            verdict = stored.result() if done else None
            if verdict is not None:
                self._engine.observer.notified(verdict)
                return
            self._recover()
        self.counters.late += 1
        self._engine.observer.notified("late")

    def _enqueue(self, notification: Notification) -> "asyncio.Future[Verdict | None] | None":
        key = key_of(notification)
        known = self._waiting.get(key)
        if known is not None:
            return known.stored
        if len(self._waiting) + len(self._running) >= WAITING_MAX:
            return None
        stored = asyncio.get_running_loop().create_future()
        self._waiting[key] = Waiting(notification, self._engine.clock.lease_ms(), stored)
        self._start(key)
        return stored

    def _start(self, key: Key) -> None:
        """One write of a key at a time, and none while the store is known to be down."""
        if not self._recovering and key not in self._running and key in self._waiting:
            self._running.add(key)
            self._spawn(self._store(key, self._waiting.pop(key)))

    async def _store(self, key: Key, waiting: Waiting) -> None:
        try:
            verdict = await self._write(waiting)
        finally:
            self._running.discard(key)
        if verdict is None:
            again = replace(waiting, stored=asyncio.get_running_loop().create_future())
            self._waiting.setdefault(key, again)
            self._recover()
        if not waiting.stored.done():
            waiting.stored.set_result(verdict)
        self._start(key)

    async def _write(self, waiting: Waiting) -> Verdict | None:
        """What became of it; None if the store did not take it."""
        try:
            return await receive(self._engine, waiting.notification, waiting.received_ms)
        except UNAVAILABLE:
            return None
        except Exception:
            log.exception("notification_failed")
            return "failed"

    def _recover(self) -> None:
        if not self._recovering:
            self._recovering = True
            self._spawn(self._recovery())

    async def _recovery(self) -> None:
        """Wait for the store; then bring every push-covered calendar's poll forward and write what was kept."""
        while not await bring_polls_forward(self._engine):
            await self._engine.clock.sleep(RETRY_S)
        self._recovering = False
        log.warning("notifications_were_late", late=self.counters.late, dropped=self.counters.dropped)
        for key in list(self._waiting):
            self._start(key)


async def bring_polls_forward(engine: Engine) -> bool:
    """Poll what push was to cover, spread over a quarter of an hour. False while the store does not answer."""
    now_ms = engine.clock.now_ms()
    try:
        await engine.store.write(
            lambda conn: spread_push_covered(conn, now_ms, lambda: int(engine.dice.uniform(0, SPREAD_MS)))
        )
    except UNAVAILABLE:
        return False
    return True


def key_of(notification: Notification) -> Key:
    return (
        notification.channel_id,
        notification.resource_id,
        notification.channel_token,
        notification.resource_state,
    )
