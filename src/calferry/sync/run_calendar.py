"""One run of one calendar: take the lease, walk one pass page by page, leave the state in order."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

import structlog
from sqlalchemy import Connection

from calferry.core import failure as failures
from calferry.core.calendar_facts import must_begin_again
from calferry.core.failure import Cause, Decision, LeaseLost, SourceFailure
from calferry.core.model import Envelope, Page, Pass
from calferry.core.series import SeriesTruth
from calferry.core.sync_state import runs_in_one_go
from calferry.ports import RunEnd
from calferry.store import sync_states
from calferry.sync import begin as beginning
from calferry.sync import lease
from calferry.sync.after_failure import settle_failure
from calferry.sync.begin import Begun, Refusal
from calferry.sync.commit import Committed, PageTerms, commit_page
from calferry.sync.engine import Engine
from calferry.sync.fetch import Pages
from calferry.sync.poll_time import next_poll_at
from calferry.sync.report import Report
from calferry.sync.series_truth import settle

PASSES_PER_RUN_MAX = 4
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RunTerms:
    """How far a run goes: `page_limit` pages, or until `stop_at_ms`, after the page in hand.

    `full` lists everything whatever the tokens say; `confirmed` says that a person asked for it, so that what is
    missing again may go. A calendar whose last success is not older than `fresh_since_ms`, and that has nothing
    left to do, is not run.
    """

    page_limit: int | None = None
    stop_at_ms: int | None = None
    full: bool = False
    confirmed: bool = False
    fresh_since_ms: int | None = None


class CalendarRun:
    """The state of a run in this process; everything that must survive is in the store."""

    def __init__(self, engine: Engine, begun: Begun, terms: RunTerms, watch: lease.LeaseWatch) -> None:
        self.engine = engine
        self.begun = begun
        self.terms = terms
        self.watch = watch
        self.source = engine.source(begun.calendar.account_id)
        self.tally = Report("done")
        self.pages_left = None if runs_in_one_go(begun.state) else terms.page_limit

    async def go(self) -> Report:
        """Walk passes until one is complete, the terms are used up, or a failure ends the run."""
        for _ in range(PASSES_PER_RUN_MAX):
            pages = Pages(self.engine, self.source, self.begun.calendar.google_id, self.begun.walk.request)
            try:
                report = await self.walk(pages)
            except SourceFailure as failure:
                report = await self.after(failure)
            finally:
                self.count(requests=pages.requests)
                await pages.close()
            if report is not None:
                return report
        return await self.fail(
            SourceFailure(Cause.BAD_ANSWER, "Google keeps asking for a full sync", reason="full_sync_loop")
        )

    async def walk(self, pages: Pages) -> Report | None:
        """Store page after page. None: the pass was given up, and another one has begun."""
        walk, settled = self.begun.walk, set[str]()
        while True:
            page = await pages.next(walk)
            if must_begin_again(self.begun.calendar.envelope, page.envelope, walk):
                await self.reshape(page.envelope)
                return None
            truths = await self.settle(walk, page, settled)
            stopping = self.is_stopping()
            if page.next_page_token is not None and not stopping:
                pages.ask_ahead(page.next_page_token)
            done = await self.commit(walk, page, truths)
            # Megabytes, of no more use while the next page is waited for.
            del page, truths
            walk = done.walk
            if done.finished:
                return replace(self.tally, covers=walk.dirty_seq)
            if walk.page_token is None:
                raise SourceFailure(
                    Cause.BAD_ANSWER, "the last page has no sync token", reason="no_sync_token"
                )
            if stopping:
                return await self.pause()

    async def settle(self, walk: Pass, page: Page, settled: set[str]) -> list[SeriesTruth]:
        return await settle(self.engine, self.source, self.begun.calendar.google_id, walk, page, settled)

    async def reshape(self, told: Envelope) -> None:
        """The calendar has another role or zone now: what was listed so far does not fit."""
        begun, now_ms = self.begun, self.engine.clock.now_ms()
        self.begun = await self.engine.store.write(lambda tx: beginning.reshape(tx, begun, told, now_ms))

    def is_stopping(self) -> bool:
        """Whether the page in hand is the last one of this run."""
        if self.pages_left is not None:
            self.pages_left -= 1
            if self.pages_left <= 0:
                return True
        stop_at = self.terms.stop_at_ms
        return self.watch.lost or (stop_at is not None and self.engine.clock.now_ms() >= stop_at)

    async def commit(self, walk: Pass, page: Page, truths: Sequence[SeriesTruth]) -> Committed:
        page_terms = PageTerms(
            now_ms=self.engine.clock.now_ms(),
            poll_at=next_poll_at(self.engine, self.begun.calendar),
            confirmed=self.terms.confirmed,
        )
        begun = self.begun
        done = await self.engine.store.write(
            lambda tx: commit_page(tx, begun, walk, page, truths, page_terms)
        )
        self.count(events=len(page.items), changes=done.changes, pages=1, requests=len(truths))
        self.engine.signals.wake(f"user:{begun.calendar.user_id}")
        return done

    async def pause(self) -> Report:
        """Stop between pages: the page token is stored, and the calendar stays due."""
        state = self.begun.state
        now_ms = self.engine.clock.now_ms()
        values = {**sync_states.release_values(now_ms, now_ms), "next_due_at": now_ms}
        await self.engine.store.write(lambda tx: sync_states.change(tx, state.id, state.fence, values))
        return replace(self.tally, outcome="incomplete")

    async def after(self, failure: SourceFailure) -> Report | None:
        """Begin another pass where that mends it (None), or end the run."""
        state = self.begun.state
        decision = failures.decide(
            failure,
            full=self.begun.walk.request.full,
            failures=state.failures,
            restarts=state.pass_restarts,
        )
        if decision.next not in ("full_sync", "restart_pass"):
            return await self.fail(failure, decision)
        now_ms = self.engine.clock.now_ms()
        begun, forget = self.begun, decision.next == "full_sync"
        self.begun = await self.engine.store.write(
            lambda tx: beginning.restart(tx, begun, now_ms, forget_token=forget)
        )
        return None

    async def fail(self, failure: SourceFailure, decision: Decision | None = None) -> Report:
        decision = decision or failures.decide(
            failure, full=True, failures=self.begun.state.failures, restarts=99
        )
        await settle_failure(self.engine, self.begun, decision)
        return replace(self.tally, outcome="failed", error=decision.info)

    def count(self, events: int = 0, changes: int = 0, pages: int = 0, requests: int = 0) -> None:
        self.tally = replace(
            self.tally,
            events=self.tally.events + events,
            changes=self.tally.changes + changes,
            pages=self.tally.pages + pages,
            requests=self.tally.requests + requests,
        )


async def run_calendar(
    engine: Engine,
    calendar_id: str,
    *,
    page_limit: int | None = None,
    stop_at_ms: int | None = None,
    full: bool = False,
    confirmed: bool = False,
) -> Report:
    """Run one calendar once, as `RunTerms` says."""
    return await run_terms(engine, calendar_id, RunTerms(page_limit, stop_at_ms, full, confirmed))


async def run_terms(engine: Engine, calendar_id: str, terms: RunTerms) -> Report:
    """Run one calendar once. Takes the lease or returns at once with outcome `held` or `refused`.

    Google's failures end in the report and in the state row, never as an exception.
    """
    with engine.observer.run("events", calendar_id) as ended:
        report = await run_leased(engine, calendar_id, terms)
        ended(RunEnd(report.outcome, report.covers, None if report.error is None else report.error.code))
        if report.outcome != "held":
            log.info(
                "calendar_synced" if report.error is None else "calendar_not_synced",
                calendar=calendar_id,
                outcome=report.outcome,
                pages=report.pages,
                changes=report.changes,
                error=report.error and f"{report.error.code} {report.error.message}",
            )
        return report


async def run_leased(engine: Engine, calendar_id: str, terms: RunTerms) -> Report:
    fresh_since_ms = terms.fresh_since_ms

    def begin(tx: Connection) -> Begun | Refusal | Literal["fresh"]:
        # The time is read here: one read before waiting for the writer lets two runs begin within a second.
        now_ms = engine.clock.now_ms()
        if fresh_since_ms is not None and sync_states.is_fresh(tx, calendar_id, fresh_since_ms):
            return "fresh"
        return beginning.begin(tx, calendar_id, lease.terms(engine), now_ms, full=terms.full)

    begun = await engine.store.write(begin)
    if begun == "fresh":
        return Report("done")
    if begun == "held":
        return Report("held")
    if begun == "unknown":
        return Report("refused", error=failures.UNKNOWN_CALENDAR)
    if begun == "blocked":
        return Report("refused", error=failures.DEAD_GRANT)
    return await finish(engine, begun, terms)


async def finish(engine: Engine, begun: Begun, terms: RunTerms) -> Report:
    """Walk under the lease. Whoever loses it writes nothing more, not even why."""
    async with lease.kept(engine, begun.state.id, begun.state.fence) as watch:
        run = CalendarRun(engine, begun, terms, watch)
        try:
            report = await go_or_note(run)
        except LeaseLost:
            return replace(run.tally, outcome="held")
    return replace(report, requests=run.tally.requests)


async def go_or_note(run: CalendarRun) -> Report:
    """Whatever is not Google's failure is ours: noted on the state row, and logged. Raises `LeaseLost`."""
    try:
        return await run.go()
    except LeaseLost:
        raise
    except asyncio.CancelledError:
        with suppress(LeaseLost):
            await run.pause()
        raise
    except Exception:
        log.exception("run failed", calendar_id=run.begun.calendar.id)
        decision = Decision("later", failures.backoff_ms(run.begun.state.failures), failures.OURS)
        await settle_failure(run.engine, run.begun, decision)
        return Report("failed", error=failures.OURS)
