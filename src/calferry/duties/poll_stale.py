"""Calendars whose time has come: for the scheduler, and for the cron route."""

from dataclasses import dataclass

from sqlalchemy import Connection

from calferry.core.limits import CRON_PAGES_PER_CALENDAR, CRON_STALE_MS, CRON_START_WINDOW_S
from calferry.store import due, due_scan
from calferry.store.due_scan import Due
from calferry.sync.engine import Engine
from calferry.sync.lease import terms
from calferry.sync.report import Report
from calferry.sync.run_many import run_many

DUE_AT_MOST = 200
CRON_END_S = 60


@dataclass(frozen=True, slots=True)
class CronSync:
    """Calendars that were to be synced, and how it went: `total` is the sum of the other three."""

    total: int
    successful: int
    incomplete: int
    failed: int


@dataclass(frozen=True, slots=True)
class DueNow:
    """`next_s`: in how many seconds something else comes due; None: nothing will by itself."""

    items: list[Due]
    next_s: float | None


async def due_now(engine: Engine, *, per_account: int, at_most: int = DUE_AT_MOST) -> DueNow:
    """Resources to run now, accounts taking turns; nothing of an account in trouble, in backoff or running."""
    now_ms, lease = engine.clock.now_ms(), terms(engine)

    def look(connection: Connection) -> tuple[list[Due], int | None]:
        items = due_scan.now(connection, now_ms, lease, per_account=per_account, at_most=at_most)
        return items, due_scan.next_at(connection, now_ms)

    items, next_at = await engine.store.read(look)
    return DueNow(items, None if next_at is None else (next_at - now_ms) / 1000)


async def is_due(engine: Engine, resource_id: str) -> bool:
    """Whether this resource is to be run now."""
    now_ms, lease = engine.clock.now_ms(), terms(engine)
    return await engine.store.read(lambda connection: due_scan.is_due(connection, resource_id, now_ms, lease))


async def sync_calendars(engine: Engine) -> CronSync:
    """Bring neglected calendars up to date, at most two pages of each; the rest stays due.

    Neglected: no success in five minutes, a pass not finished, or a mark not yet followed. No calendar is started
    after 50 s, and none that a call at the same time has taken care of.
    """
    now_ms = engine.clock.now_ms()
    stale_ms = now_ms - CRON_STALE_MS
    calendar_ids = await engine.store.read(lambda connection: due.stale(connection, stale_ms))
    reports = await run_many(
        engine,
        calendar_ids,
        page_limit=CRON_PAGES_PER_CALENDAR,
        start_until_ms=now_ms + CRON_START_WINDOW_S * 1000,
        stop_at_ms=now_ms + CRON_END_S * 1000,
        fresh_since_ms=stale_ms,
    )
    return summed(len(calendar_ids), [reports[known] for known in calendar_ids if known in reports])


def summed(total: int, reports: list[Report]) -> CronSync:
    """Count outcomes; what was not started, or is run elsewhere, is incomplete."""
    successful = sum(report.outcome == "done" for report in reports)
    failed = sum(report.outcome in ("failed", "refused") for report in reports)
    return CronSync(total, successful, total - successful - failed, failed)
