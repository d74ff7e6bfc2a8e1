"""The work of an accepted sync request. It outlives the connection that asked for it."""

from dataclasses import dataclass, field

import structlog

from calferry.core.failure import OURS, FailureInfo
from calferry.core.limits import CALENDARS_AT_ONCE
from calferry.store import sync_requests
from calferry.store.sync_requests import SyncRequest
from calferry.sync.engine import Engine
from calferry.sync.report import Report
from calferry.sync.run_many import run_many
from calferry.sync.watch import ensure_channel
from calferry.web.service import Service

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Work:
    """Where the work of one request stands; read by its streams."""

    settled: set[str] = field(default_factory=set)
    """Calendars that ran and whose channel is active, or known to be impossible."""
    given_up: dict[str, FailureInfo] = field(default_factory=dict)
    """Calendars that this work will not bring to an end, and why."""
    over: bool = False

    def is_settled(self, calendar_id: str) -> bool:
        return self.over or calendar_id in self.settled


class Works:
    """The work under way in this process, by request."""

    def __init__(self) -> None:
        self._by_request: dict[str, Work] = {}

    def begin(self, service: Service, request: SyncRequest) -> Work:
        """The work of the request: the one under way, or a new one."""
        known = self._by_request.get(request.id)
        if known is not None:
            return known
        if request.completed_at is not None or service.engine.clock.now_ms() >= request.deadline_at:
            return Work(over=True)
        work = self._by_request[request.id] = Work()
        service.spawn(self._carry_out(service.engine, request, work))
        return work

    async def _carry_out(self, engine: Engine, request: SyncRequest, work: Work) -> None:
        try:
            await carry_out(engine, request, work)
        finally:
            work.over = True
            del self._by_request[request.id]
            engine.signals.wake(f"user:{request.user_id}")


async def carry_out(engine: Engine, request: SyncRequest, work: Work) -> None:
    """Run those calendars of the request that are still to be run, then see to the channel of each."""
    topic = f"user:{request.user_id}"

    async def see_to_channel(calendar_id: str) -> None:
        try:
            await ensure_channel(engine, calendar_id)
        except Exception:
            log.exception("channel_not_opened", calendar=calendar_id)
        work.settled.add(calendar_id)
        engine.signals.wake(topic)

    async def after(calendar_id: str, report: Report) -> None:
        engine.signals.wake(topic)
        if report.outcome == "done":
            await see_to_channel(calendar_id)
        elif report.outcome in ("failed", "refused"):
            work.given_up[calendar_id] = report.error or OURS

    clean, working = await look(engine, request)
    marks = {calendar_id: request.marks[calendar_id] for calendar_id in working}
    try:
        await run_many(
            engine,
            working,
            at_once=CALENDARS_AT_ONCE,
            stop_at_ms=request.deadline_at,
            marks=marks,
            after=after,
        )
        for calendar_id in clean:
            await see_to_channel(calendar_id)
    except Exception:
        log.exception("sync_request_failed", request=request.id)
        work.given_up.update(
            {calendar_id: OURS for calendar_id in working if calendar_id not in work.settled}
        )


async def look(engine: Engine, request: SyncRequest) -> tuple[list[str], list[str]]:
    """Calendars of the request that are clean already, and those still to be run: it may be an old request."""
    now_ms = engine.clock.now_ms()
    snapshot = await engine.store.read(
        lambda conn: sync_requests.stream_state(conn, request, request.head, now_ms, limit=0)
    )
    states = {calendar_id: snapshot.progress[calendar_id].state for calendar_id in request.marks}
    clean = [calendar_id for calendar_id, state in states.items() if state == "clean"]
    return clean, [calendar_id for calendar_id, state in states.items() if state == "working"]
