"""A page is one transaction: its rows, the cursor it earned and its change-log entries."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from calferry.core import calendar_facts, plan, sync_state
from calferry.core.limits import SWEEP_GUARD_WAIT_MS
from calferry.core.model import Page, Pass, StoredEvent
from calferry.core.plan import PagePlan
from calferry.core.series import SeriesTruth, series_of, still_there
from calferry.core.sweep import Sweep, SweepTerms, has_waited, plan_sweep
from calferry.store import calendars, changes, events, quarantine, sync_states
from calferry.store.dialect import REFUSALS, Row
from calferry.store.events import Writer
from calferry.store.sync_states import Done, Listed
from calferry.sync.begin import Begun
from calferry.sync.switch import switch


@dataclass(frozen=True, slots=True)
class PageTerms:
    """What the commit of a page needs besides the page. Times are UTC milliseconds."""

    now_ms: int
    poll_at: int | None
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Committed:
    """`walk` is the pass as it stands now; `finished` tells that its sync token is stored."""

    walk: Pass
    changes: int
    finished: bool


def commit_page(
    connection: Connection,
    begun: Begun,
    walk: Pass,
    page: Page,
    truths: Sequence[SeriesTruth],
    terms: PageTerms,
) -> Committed:
    """Store one page. Raises `LeaseLost` when another run has taken over; then nothing is stored."""
    if page.items or walk.request.full:
        sync_states.lock(connection, begun.state.id, begun.state.fence)
    planned, vanished = plan_rows(connection, walk, page, truths)
    finished = page.next_page_token is None and page.next_sync_token is not None
    swept = None
    if finished and walk.request.full and not walk.fresh:
        swept = sweep(connection, begun, walk, planned, terms)
    gone = [*planned.leave, *vanished.live, *(swept.remove if swept else ())]
    if page.items or gone:
        read = [item.event_id for item in page.items]
        read += [item.event_id for truth in truths for item in truth.items]
        quarantine.release(connection, walk.projection_id, [*read, *gone])
    count = write_rows(connection, begun, walk, planned, gone, terms)
    events.release(connection, walk.projection_id, vanished.cancelled)
    if swept is not None and swept.hold:
        events.mark_missing(connection, walk.projection_id, walk.generation, terms.now_ms)
    elif swept is not None:
        events.release_unseen(connection, walk.projection_id, walk.generation)
        quarantine.release_unseen(connection, walk.projection_id, walk.generation)
    keep_poison(connection, begun, walk, planned, terms)
    walk = replace(walk, page_token=page.next_page_token, pages=walk.pages + 1, unread=planned.unread)
    torn = any(truth.in_pieces for truth in truths)
    store_cursor(connection, begun, walk, page, swept or Sweep([], hold=False), terms, torn=torn)
    count += compare_calendar(connection, begun, walk, page, terms, finished=finished)
    return Committed(walk, count, finished)


def plan_rows(
    connection: Connection, walk: Pass, page: Page, truths: Sequence[SeriesTruth]
) -> "tuple[PagePlan, Vanished]":
    """Plan the page together with what single series were listed to be; also ids those series no longer have."""
    page = replace(page, items=still_there(page.items, truths)) if truths else page
    listed = [item for truth in truths for item in truth.items]
    unread = [item for truth in truths for item in truth.unreadable]
    whole = page
    if listed or unread:
        whole = replace(page, items=[*page.items, *listed], unreadable=[*page.unreadable, *unread])
    ids = [item.event_id for item in whole.items if not walk.fresh or item.status == "cancelled"]
    stored = events.of_ids(connection, walk.projection_id, ids) if ids else {}
    planned = plan.plan_page(walk, whole, stored)
    expanded = expanded_singles(connection, walk, whole)
    if not truths:
        return planned, Vanished(expanded, [])
    children = events.of_series(connection, walk.projection_id, [truth.series_id for truth in truths])
    vanished = vanished_children(children, truths)
    return planned, Vanished([*vanished.live, *expanded], vanished.cancelled)


def expanded_singles(connection: Connection, walk: Pass, page: Page) -> list[str]:
    """Single events of an `instances` projection that have become series: Google sends their instances only."""
    if walk.request.mode != "instances":
        return []
    ids = series_of(page.items) - {item.event_id for item in page.items}
    stored = events.of_ids(connection, walk.projection_id, ids) if ids else {}
    return [event_id for event_id, row in stored.items() if row.status != "cancelled"]


@dataclass(frozen=True, slots=True)
class Vanished:
    """Ids of exceptions that their series no longer has: events, and cancelled occurrences."""

    live: list[str]
    cancelled: list[str]


def vanished_children(children: dict[str, StoredEvent], truths: Sequence[SeriesTruth]) -> Vanished:
    """Rows that the listing of their series does not hold; none where it holds something without a name."""
    listed = {truth.series_id: truth.ids for truth in truths}
    unlisted = {
        event_id: row
        for event_id, row in children.items()
        if not listed[str(row.series_id)].intersection((event_id, None))
    }
    cancelled = [event_id for event_id, row in unlisted.items() if row.status == "cancelled"]
    return Vanished([event_id for event_id in unlisted if event_id not in cancelled], cancelled)


def sweep(connection: Connection, begun: Begun, walk: Pass, planned: PagePlan, terms: PageTerms) -> Sweep:
    """Which rows the listing, complete with this page, did not meet; none go if an item had no readable id."""
    if planned.unread:
        return Sweep([], hold=True)
    unseen = events.unseen(connection, walk.projection_id, walk.generation)
    for event_id in [*planned.seen, *(write.item.event_id for write in planned.writes)]:
        unseen.pop(event_id, None)
    row = sync_states.facts(connection, begun.state.id)
    return plan_sweep(unseen, SweepTerms(row.pass_live, row.guarded_at, terms.now_ms, terms.confirmed))


def write_rows(
    connection: Connection, begun: Begun, walk: Pass, planned: PagePlan, gone: list[str], terms: PageTerms
) -> int:
    """Write rows and their change-log entries; returns how many entries."""
    user_id, calendar_id, now_ms = begun.calendar.user_id, begun.calendar.id, terms.now_ms
    writer = Writer(user_id, walk.projection_id, walk.generation, now_ms)
    drafts = [writer.row(write.item, write.last_raw) for write in planned.writes]
    news = []
    if is_visible(begun, walk):
        news = [
            (write.item.event_id, write.kind, now_ms, write.moved) for write in planned.writes if write.kind
        ]
        news += [(event_id, "cancelled", now_ms, False) for event_id in gone]
    # From here on whoever else writes for the same person waits until this transaction ends: nothing is left to prepare.
    first = changes.reserve(connection, user_id, len(news)) if news else 0
    numbers = iter(range(first, first + len(news)))
    told = [next(numbers) if news and write.kind else 0 for write in planned.writes]
    rows = [(*draft, number) for draft, number in zip(drafts, told, strict=True)]
    refused = write_each(connection, planned, rows, new=walk.fresh)
    planned.quarantine += refused
    planned.seen += [item.event_id for item in refused]
    events.stamp(connection, walk.projection_id, planned.seen, walk.generation)
    numbered = [(next(numbers, 0), event_id) for event_id in gone]
    events.cancel(connection, walk.projection_id, numbered, now_ms)
    changes.write(connection, [(user_id, calendar_id, *entry, first + n) for n, entry in enumerate(news)])
    return len(news)


def write_each(connection: Connection, planned: PagePlan, rows: list[Row], *, new: bool) -> "list[Refused]":
    """Write all rows at once; if the database refuses one, each by itself, and return those it refuses."""
    if not rows:
        return []
    try:
        events.write(connection, rows, new=new)
        return []
    except REFUSALS:
        return [
            Refused(write.item.event_id, str(refusal), write.item.raw)
            for write, row in zip(planned.writes, rows, strict=True)
            if (refusal := write_one(connection, row)) is not None
        ]


def write_one(connection: Connection, row: Row) -> Exception | None:
    try:
        events.write(connection, [row])
    except REFUSALS as refusal:
        return refusal
    return None


@dataclass(frozen=True, slots=True)
class Refused:
    """An item that was readable, but not for the database."""

    event_id: str
    reason: str
    raw: bytes


def is_visible(begun: Begun, walk: Pass) -> bool:
    """Whether readers see the projection now; one that is built beside it is silent until the switch."""
    return begun.calendar.active.projection_id in (None, walk.projection_id)


def keep_poison(
    connection: Connection, begun: Begun, walk: Pass, planned: PagePlan, terms: PageTerms
) -> None:
    calendar, items = begun.calendar, planned.quarantine
    quarantine.put(
        connection, calendar.user_id, calendar.id, walk.projection_id, items, walk.generation, terms.now_ms
    )


def store_cursor(
    connection: Connection,
    begun: Begun,
    walk: Pass,
    page: Page,
    swept: Sweep,
    terms: PageTerms,
    *,
    torn: bool,
) -> None:
    """The page token with its question, or the sync token that the pass earned.

    A listing of a single series that was `torn` leaves the same doubt as a pass of several pages.
    """
    state = begun.state
    if page.next_page_token is not None or page.next_sync_token is None:
        values: dict[str, Any] = {
            "page_token": page.next_page_token,
            "page_request": sync_state.write_request(walk.request) if page.next_page_token else None,
            "page_dirty_seq": walk.dirty_seq,
            "pass_projection_id": walk.projection_id,
            "pass_pages": walk.pages,
            "pass_unread": walk.unread,
        }
        sync_states.change(connection, state.id, state.fence, values)
        return
    guarded_at = guard_time(connection, state.guarded_at, walk, swept, terms)
    done = Done(
        now_ms=terms.now_ms,
        token=page.next_sync_token,
        clean_seq=walk.dirty_seq,
        poll_at=next_poll(terms.poll_at, guarded_at),
        resumed=walk.resumed,
        listed=Listed(walk.generation, guarded_at) if walk.request.full else None,
        pages=max(walk.pages, 2) if torn else walk.pages,
    )
    sync_states.finish(connection, state.id, state.fence, done)
    if guarded_at != state.guarded_at and not walk.request.full:
        sync_states.change(connection, state.id, state.fence, {"guarded_at": guarded_at})


def next_poll(poll_at: int | None, guarded_at: int | None) -> int | None:
    """No later than the full listing that is waited for."""
    if poll_at is None or guarded_at is None:
        return poll_at
    return min(poll_at, guarded_at + SWEEP_GUARD_WAIT_MS)


def guard_time(
    connection: Connection, guarded_at: int | None, walk: Pass, swept: Sweep, terms: PageTerms
) -> int | None:
    """Since when another full listing is waited for: one that confirms a sweep, or reads what had no readable id.

    None once nothing is waited for; what cannot be read twice is waited for again only while rows are missing, each of
    which it may be.
    """
    if not walk.request.full:
        return terms.now_ms if guarded_at is None and walk.unread else guarded_at
    if guarded_at is None:
        return terms.now_ms if walk.unread or swept.hold else None
    if not swept.hold or (walk.unread and not events.has_missing(connection, walk.projection_id)):
        return None
    return terms.now_ms if has_waited(guarded_at, terms.now_ms) or swept.remove else guarded_at


def compare_calendar(
    connection: Connection, begun: Begun, walk: Pass, page: Page, terms: PageTerms, *, finished: bool
) -> int:
    """Take over what the envelope says, and switch readers when a new projection is complete."""
    calendar = begun.calendar
    switched = 0
    if finished and not is_visible(begun, walk):
        switched = switch(connection, begun, walk, terms.now_ms, confirmed=terms.confirmed)
    facts = calendar_facts.compare_facts(calendar.envelope, page.envelope, calendar.summary)
    if facts.values:
        calendars.change(connection, calendar.id, **facts.values)
    return switched
