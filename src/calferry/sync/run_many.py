"""Several calendars at once, each until it is clean, has failed, or the time is over."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from calferry.core.failure import DEAD_GRANT, HALTED, UNKNOWN_CALENDAR, FailureInfo
from calferry.core.limits import CALENDARS_AT_ONCE, RUN_SPACING_MS
from calferry.core.waiting import growing_waits
from calferry.store import sync_states
from calferry.sync.engine import Engine
from calferry.sync.report import Report
from calferry.sync.run_calendar import RunTerms, run_terms

BACKOFF_WORTH_WAITING_MS = 15_000
LOOK_AGAIN_S = 0.25
LOOK_AGAIN_MAX_S = 2.0

After = Callable[[str, Report], Awaitable[None]]


async def run_many(
    engine: Engine,
    calendar_ids: Sequence[str],
    *,
    at_once: int = CALENDARS_AT_ONCE,
    page_limit: int | None = None,
    stop_at_ms: int | None = None,
    start_until_ms: int | None = None,
    marks: Mapping[str, int] | None = None,
    fresh_since_ms: int | None = None,
    after: After | None = None,
) -> dict[str, Report]:
    """Run the calendars, at most `at_once` at the same time; calendars left out by time have no report.

    `page_limit` and `stop_at_ms` end a run after the page in hand; no calendar is begun after `start_until_ms`.
    `marks` are the dirty numbers to become clean of (none: one finished pass will do). A calendar that somebody
    else has brought up to date since `fresh_since_ms` is not run again. `after` is called with each calendar's
    report.
    """
    places = asyncio.Semaphore(at_once)
    run = RunTerms(page_limit, stop_at_ms, fresh_since_ms=fresh_since_ms)
    reports: dict[str, Report] = {}

    async def one(calendar_id: str) -> None:
        async with places:
            if start_until_ms is not None and engine.clock.now_ms() >= start_until_ms:
                return
            mark = None if marks is None else marks.get(calendar_id)
            report = await run_until_clean(engine, calendar_id, run, mark)
            if after is not None:
                await after(calendar_id, report)
            reports[calendar_id] = report

    async with asyncio.TaskGroup() as group:
        for calendar_id in calendar_ids:
            group.create_task(one(calendar_id))
    return reports


async def run_until_clean(
    engine: Engine, calendar_id: str, terms: RunTerms, mark: int | None = None
) -> Report:
    """Run one calendar until it is clean of `mark`; a lease held elsewhere and a short backoff are waited for."""
    total, waits = Report("done"), growing_waits(LOOK_AGAIN_S, LOOK_AGAIN_MAX_S)
    while True:
        report = await run_terms(engine, calendar_id, terms)
        total = added(total, report)
        if mark is None and report.outcome == "done":
            return total
        row = await engine.store.read(lambda tx: sync_states.find(tx, calendar_id))
        if row is None or report.outcome in ("failed", "refused", "incomplete"):
            return total
        if is_clean(row, mark, report):
            return replace(total, outcome="done")
        refusal = refusal_of(row, engine.clock.now_ms()) if report.outcome == "held" else None
        if refusal is not None:
            return replace(total, outcome="failed", error=refusal)
        if terms.stop_at_ms is not None and engine.clock.now_ms() >= terms.stop_at_ms:
            return replace(total, outcome="incomplete")
        await engine.clock.sleep(next(waits) if report.outcome == "held" else RUN_SPACING_MS / 1000)


def added(total: Report, report: Report) -> Report:
    return Report(
        report.outcome,
        total.events + report.events,
        total.changes + report.changes,
        total.pages + report.pages,
        total.requests + report.requests,
        report.error,
    )


def is_clean(row: Any, mark: int | None, report: Report) -> bool:
    if mark is None:
        return report.outcome == "done"
    return row.last_success_at is not None and row.clean_seq >= mark


def refusal_of(row: Any, now_ms: int) -> FailureInfo | None:
    """Why a calendar will not run soon; None when it is only busy."""
    if row.status == "blocked":
        return DEAD_GRANT
    if row.status == "halted":
        return HALTED
    if row.status == "removed":
        return UNKNOWN_CALENDAR
    if row.not_before_at is not None and row.not_before_at - now_ms > BACKOFF_WORTH_WAITING_MS:
        return FailureInfo(
            row.last_error_code or "502", row.last_error_message or "", bool(row.last_error_retryable)
        )
    return None
