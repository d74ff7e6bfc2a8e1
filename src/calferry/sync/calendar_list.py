"""The calendar list of an account: new, renamed, removed and returned calendars."""

from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from calferry.core import failure as failures
from calferry.core.calendar_list import Listing, plan_listing
from calferry.core.failure import Cause, FailureInfo, LeaseLost, SourceFailure
from calferry.core.google_calendar import CalendarListEntry
from calferry.core.limits import CALENDAR_LIST_FULL_MS
from calferry.core.model import AccountId
from calferry.core.sync_state import SyncState
from calferry.ports import RunEnd
from calferry.store import accounts, calendar_list, sync_states
from calferry.store.sync_states import Done, Listed
from calferry.sync import lease
from calferry.sync.engine import Engine
from calferry.sync.report import Outcome

PAGES_MAX = 200

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ListReport:
    """Numbers of calendars; `error` when the list could not be read, `held` while somebody else reads it."""

    added: int = 0
    updated: int = 0
    removed: int = 0
    held: bool = False
    error: FailureInfo | None = None
    covers: int | None = None
    """The dirty number that it has made clean."""

    @property
    def outcome(self) -> Outcome:
        if self.held:
            return "held"
        return "done" if self.error is None else "failed"


@dataclass(frozen=True, slots=True)
class Fetched:
    """The whole list, or what changed of it."""

    entries: list[CalendarListEntry]
    sync_token: str


async def refresh_calendar_list(engine: Engine, account_id: str, *, full: bool = False) -> ListReport:
    """Bring the account's calendars up to date, from its own sync token or, once a day, from everything."""
    with engine.observer.run("calendar_list", account_id) as ended:
        report = await refresh_leased(engine, account_id, full=full)
        ended(RunEnd(report.outcome, report.covers, None if report.error is None else report.error.code))
        if not report.held:
            log.info(
                "calendar_list_refreshed" if report.error is None else "calendar_list_not_refreshed",
                account=account_id,
                added=report.added,
                updated=report.updated,
                removed=report.removed,
                error=report.error and f"{report.error.code} {report.error.message}",
            )
        return report


async def refresh_leased(engine: Engine, account_id: str, *, full: bool) -> ListReport:
    account = await engine.store.read(lambda tx: accounts.load(tx, account_id))
    if account is None or account.status not in ("active", "partial"):
        return ListReport(error=failures.DEAD_GRANT)
    state = await engine.store.write(
        lambda tx: sync_states.take(tx, account_id, lease.terms(engine), engine.clock.now_ms())
    )
    if state is None:
        return ListReport(held=True)
    async with lease.kept(engine, account_id, state.fence):
        try:
            return await read_or_note(engine, state, account.grant_number, full=full)
        except LeaseLost:
            return ListReport(held=True)


async def read_or_note(engine: Engine, state: SyncState, grant_number: int, *, full: bool) -> ListReport:
    """Raises `LeaseLost`."""
    try:
        return await read_and_store(engine, state, full=full)
    except SourceFailure as failure:
        return await note_failure(engine, state, grant_number, failure)


async def read_and_store(engine: Engine, state: SyncState, *, full: bool) -> ListReport:
    now_ms = engine.clock.now_ms()
    token = None if full or is_listing_due(state, now_ms) else state.sync_token
    try:
        fetched = await fetch(engine, AccountId(state.account_id), token)
    except SourceFailure as failure:
        if failure.cause is not Cause.SYNC_TOKEN_EXPIRED or token is None:
            raise
        token = None
        fetched = await fetch(engine, AccountId(state.account_id), None)
    return await store_list(engine, state, fetched, full=token is None)


def is_listing_due(state: SyncState, now_ms: int) -> bool:
    """Whether a day has passed since everything was listed; a listing in the future is of a clock set back."""
    last = state.last_full_at
    return last is None or not 0 <= now_ms - last < CALENDAR_LIST_FULL_MS


async def fetch(engine: Engine, account_id: AccountId, sync_token: str | None) -> Fetched:
    """Every page. Raises `SourceFailure`, also for a list that never ends or has no sync token."""
    source, page_token = engine.source(account_id), None
    entries: list[CalendarListEntry] = []
    for _ in range(PAGES_MAX):
        page = await source.calendar_list_page(sync_token, page_token)
        entries.extend(page.entries)
        page_token = page.next_page_token
        if page_token is None and page.next_sync_token is not None:
            return Fetched(entries, page.next_sync_token)
        if page_token is None:
            break
    raise SourceFailure(
        Cause.BAD_ANSWER, "the calendar list came without its sync token", reason="no_sync_token"
    )


async def store_list(engine: Engine, state: SyncState, fetched: Fetched, *, full: bool) -> ListReport:
    now_ms = engine.clock.now_ms()
    jitter = engine.dice.uniform(1 - engine.intervals.jitter, 1 + engine.intervals.jitter)
    poll_at = now_ms + int(engine.intervals.calendar_list_s * jitter * 1000)
    fresh = [engine.ids.new("cal") for _ in fetched.entries]
    sync_token = fetched.sync_token

    def work(connection: Connection) -> Listing:
        sync_states.lock(connection, state.id, state.fence)
        known = calendar_list.known(connection, state.account_id)
        listing = plan_listing(fetched.entries, known, now_ms, full=full)
        calendar_list.apply(connection, state, listing, fresh, now_ms)
        listed = Listed(state.pass_generation) if full else None
        done = Done(now_ms, sync_token, state.dirty_seq, poll_at, listed=listed)
        sync_states.finish(connection, state.id, state.fence, done)
        return listing

    listing = await engine.store.write(work)
    engine.signals.wake(f"user:{state.user_id}")
    added, updated, removed = len(listing.added), len(listing.updated), len(listing.removed)
    return ListReport(added, updated, removed, covers=state.dirty_seq)


async def note_failure(
    engine: Engine, state: SyncState, grant_number: int, failure: SourceFailure
) -> ListReport:
    decision = failures.decide(failure, full=True, failures=state.failures, restarts=99)
    now_ms = engine.clock.now_ms()

    def work(connection: Connection) -> None:
        sync_states.change(
            connection,
            state.id,
            state.fence,
            sync_states.failed_values(now_ms, decision.info, decision.wait_ms),
        )
        if decision.account_status is not None:
            values = {"status": decision.account_status, "status_reason": decision.info.message}
            kept = accounts.with_grant(connection, state.account_id, grant_number, values)
            if kept and decision.account_status != "partial":
                sync_states.block_account(connection, state.account_id, decision.info, now_ms)

    await engine.store.write(work)
    return ListReport(error=decision.info)
