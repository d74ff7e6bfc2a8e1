"""Notifications on their way into the store.

Messages of one channel that wait for their turn share one write, which begins after the last of them came: a flood
for two hundred calendars is two hundred writes a round. What the store refuses is kept and written when it answers.
"""

import asyncio
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import SQLAlchemyError

from calferry.google import Notification
from calferry.store.push_recovery import spread_push_covered
from calferry.sync.engine import Engine
from calferry.sync.watch import receive
from calferry.web.service import Service

log = structlog.get_logger(__name__)

STORED_WITHIN_S = 4.5
WRITERS = 4
WAITING_MAX = 50_000
RETRY_S = 1.0
SPREAD_MS = 15 * 60_000

Key = tuple[str, str, str | None, str]


@dataclass(slots=True)
class Counters:
    """Since the process began."""

    received: int = 0
    late: int = 0
    """Answered before their mark was stored."""
    dropped: int = 0
    """More waited than is kept; every push-covered calendar is polled soon instead."""
    by_verdict: dict[str, int] = field(default_factory=dict)


class Pushes:
    """Takes notifications; never fails and never makes a sender wait longer than five seconds."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._waiting: dict[Key, tuple[Notification, asyncio.Future[None]]] = {}
        self._writers = 0
        self._recovering = False
        self._lost = False
        self.counters = Counters()

    async def take(self, notification: Notification) -> None:
        """Return when the mark is stored, or when waiting any longer would keep Google waiting."""
        self.counters.received += 1
        stored = self._enqueue(notification)
        if stored is None:
            self.counters.dropped += 1
            self._lost = True
            self._recover()
            return
        if self._recovering:
            self.counters.late += 1
            return
        done, _ = await asyncio.wait({stored}, timeout=STORED_WITHIN_S)
        if not done:
            self.counters.late += 1
            self._lost = True

    def _enqueue(self, notification: Notification) -> asyncio.Future[None] | None:
        key = key_of(notification)
        known = self._waiting.get(key)
        if known is not None:
            return known[1]
        if len(self._waiting) >= WAITING_MAX:
            return None
        stored = asyncio.get_running_loop().create_future()
        self._waiting[key] = notification, stored
        if self._writers < WRITERS and not self._recovering:
            self._writers += 1
            self._service.spawn(self._write_waiting())
        return stored

    async def _write_waiting(self) -> None:
        try:
            while self._waiting and not self._recovering:
                key = next(iter(self._waiting))
                notification, stored = self._waiting.pop(key)
                if not await self._write(notification):
                    self._keep(key, notification, stored)
                elif not stored.done():
                    stored.set_result(None)
        finally:
            self._writers -= 1
        if self._lost and not self._waiting:
            self._recover()

    async def _write(self, notification: Notification) -> bool:
        """Whether the store took it. A message that nothing can be made of counts as taken."""
        try:
            verdict = await receive(self._service.engine, notification)
        except (SQLAlchemyError, OSError):
            return False
        except Exception:
            log.exception("notification_failed")
            return True
        self.counters.by_verdict[verdict] = self.counters.by_verdict.get(verdict, 0) + 1
        return True

    def _keep(self, key: Key, notification: Notification, stored: asyncio.Future[None]) -> None:
        """Answer now, write later."""
        self.counters.late += 1
        self._lost = True
        if not stored.done():
            stored.set_result(None)
        fresh = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, (notification, fresh))
        self._recover()

    def _recover(self) -> None:
        if not self._recovering:
            self._recovering = True
            self._service.spawn(self._recovery())

    async def _recovery(self) -> None:
        """Wait for the store; then write what was kept and bring every push-covered calendar's poll forward."""
        engine = self._service.engine
        try:
            while not await bring_polls_forward(engine):
                await engine.clock.sleep(RETRY_S)
            self._lost = False
        finally:
            self._recovering = False
        log.warning("notifications_were_late", late=self.counters.late, dropped=self.counters.dropped)
        if self._waiting and self._writers < WRITERS:
            self._writers += 1
            self._service.spawn(self._write_waiting())


async def bring_polls_forward(engine: Engine) -> bool:
    """Poll what push was to cover, spread over a quarter of an hour. False while the store does not answer."""
    now_ms = engine.clock.now_ms()
    try:
        await engine.store.write(
            lambda conn: spread_push_covered(conn, now_ms, lambda: int(engine.dice.uniform(0, SPREAD_MS)))
        )
    except (SQLAlchemyError, OSError):
        return False
    return True


def key_of(notification: Notification) -> Key:
    return (
        notification.channel_id,
        notification.resource_id,
        notification.channel_token,
        notification.resource_state,
    )
