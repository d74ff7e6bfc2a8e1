"""Comparing the mirror with Google, event by event."""

from dataclasses import dataclass, field

import msgspec
from sqlalchemy import Connection, select

from calferry.core.failure import Cause, SourceFailure
from calferry.core.limits import PAGES_PER_PASS_MAX
from calferry.core.model import ListRequest, ObservedEvent
from calferry.core.sync_state import page_size
from calferry.core.window import is_outside
from calferry.store import calendars
from calferry.store.calendars import MirroredCalendar
from calferry.store.tables import events
from calferry.sync.engine import Engine

NAMED_MAX = 20


@dataclass(frozen=True, slots=True)
class Verification:
    """`missing`, `extra` and `different` name event ids, `checked` counts what Google listed."""

    calendar_id: str
    checked: int = 0
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        return not (self.missing or self.extra or self.different)


async def verify_calendar(engine: Engine, calendar_id: str) -> Verification:
    """List everything at Google and compare it with the rows that readers see; writes nothing.

    Raises `SourceFailure` when Google cannot be listed, `LookupError` for an unknown calendar.
    """
    calendar = await engine.store.read(lambda tx: calendars.load(tx, calendar_id))
    if calendar is None:
        raise LookupError(calendar_id)
    truth = await list_everything(engine, calendar)
    stored = await engine.store.read(lambda tx: rows_of(tx, calendar))
    return compare(calendar_id, truth, stored)


async def list_everything(engine: Engine, calendar: MirroredCalendar) -> dict[str, bytes]:
    """What counts of Google's listing, by id: live events, and cancelled occurrences of living series."""
    mode = calendar.active.mode or calendar.active.wanted
    request = ListRequest(mode, page_size(mode), None, calendar.active.window)
    source, truth, page_token = engine.source(calendar.account_id), dict[str, ObservedEvent](), None
    for _ in range(PAGES_PER_PASS_MAX):
        page = await source.events_page(calendar.google_id, request, page_token)
        for item in page.items:
            truth.pop(item.event_id, None)
            if counts(item, request, page.envelope.time_zone):
                truth[item.event_id] = item
        page_token = page.next_page_token
        if page_token is None:
            return without_dead_series(truth)
    raise SourceFailure(Cause.TOO_LARGE, "the listing did not end", reason="too_many_pages")


def without_dead_series(listed: dict[str, ObservedEvent]) -> dict[str, bytes]:
    """A cancelled occurrence says nothing once its series is gone; the mirror need not keep it."""
    live = {event_id for event_id, item in listed.items() if item.status != "cancelled"}
    return {
        event_id: item.raw for event_id, item in listed.items() if event_id in live or item.series_id in live
    }


def counts(item: ObservedEvent, request: ListRequest, time_zone: str | None) -> bool:
    if request.window is not None and is_outside(item, request.window, time_zone):
        return False
    return item.status != "cancelled" or (request.mode == "series" and item.series_id is not None)


@dataclass(frozen=True, slots=True)
class Kept:
    """The JSON of a row, and whether the row says that the event is live."""

    raw: str
    is_live: bool
    series_id: str | None


def rows_of(connection: Connection, calendar: MirroredCalendar) -> dict[str, Kept]:
    instances = calendar.active.mode == "instances"
    statement = select(events.c.event_id, events.c.raw, events.c.status, events.c.series_id).where(
        events.c.projection_id == calendar.active.projection_id
    )
    return {
        row.event_id: Kept(row.raw, row.status != "cancelled", row.series_id)
        for row in connection.execute(statement)
        if row.status != "cancelled" or (row.series_id is not None and not instances)
    }


def compare(calendar_id: str, truth: dict[str, bytes], stored: dict[str, Kept]) -> Verification:
    """Ids in order, at most twenty of each kind.

    A cancelled occurrence that Google has forgotten with its series is no difference; one that hides a living
    occurrence is.
    """
    missing = sorted(truth.keys() - stored.keys())
    extra = sorted(event_id for event_id in stored.keys() - truth.keys() if is_extra(stored[event_id], truth))
    different = sorted(
        event_id
        for event_id in truth.keys() & stored.keys()
        if not same(truth[event_id], stored[event_id].raw)
    )
    return Verification(
        calendar_id, len(truth), missing[:NAMED_MAX], extra[:NAMED_MAX], different[:NAMED_MAX]
    )


def is_extra(kept: Kept, truth: dict[str, bytes]) -> bool:
    return kept.is_live or kept.series_id in truth


def same(one: bytes, other: str) -> bool:
    """Compare as JSON; text that cannot be read as JSON has to be the same text."""
    try:
        return one.decode() == other or bool(msgspec.json.decode(one) == msgspec.json.decode(other))
    except (msgspec.DecodeError, RecursionError):
        return False
