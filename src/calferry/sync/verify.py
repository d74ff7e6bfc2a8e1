"""Comparing the mirror with Google, event by event."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b
from typing import Literal

import msgspec
from sqlalchemy import Connection

from calferry.core.failure import Cause, FailureInfo, SourceFailure
from calferry.core.model import ListRequest, ObservedEvent, Page, Pass, ProjectionId, StoredEvent
from calferry.core.plan import is_read_so, newest_of_each
from calferry.core.sync_state import page_size
from calferry.core.window import is_outside
from calferry.store import calendars, events, verification
from calferry.store.calendars import MirroredCalendar
from calferry.sync.engine import Engine
from calferry.sync.fetch import Pages

Kind = Literal["missing", "extra", "different"]


@dataclass(frozen=True, slots=True)
class Verification:
    """Event ids in order. `checked` counts what Google listed.

    `unsettled` are those that could not be judged, because they were being changed all the time or because of the
    `failure`; `set_aside` those that differ as the quarantine says, which is no defect of the mirror.
    """

    calendar_id: str
    checked: int = 0
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)
    set_aside: list[str] = field(default_factory=list)
    failure: FailureInfo | None = None

    @property
    def differences(self) -> int:
        return len(self.missing) + len(self.extra) + len(self.different)

    @property
    def equal(self) -> bool:
        return not (self.differences or self.unsettled)


@dataclass(frozen=True, slots=True)
class Doubt:
    """An event that is not the same on both sides: digests of what stood on each."""

    kind: Kind
    listed: bytes
    kept: bytes


@dataclass(frozen=True, slots=True)
class Look:
    """One look at both sides. They were not read at the same moment, so a doubt is not yet a difference."""

    calendar_id: str
    projection_id: ProjectionId | None
    checked: int
    doubts: Mapping[str, Doubt]
    set_aside: list[str]

    def verification(self, confirmed: Iterable[str]) -> Verification:
        """With these doubts as differences, and the others unsettled."""
        sure = set(confirmed)
        named = Verification(self.calendar_id, self.checked, set_aside=self.set_aside)
        lists = {"missing": named.missing, "extra": named.extra, "different": named.different}
        for event_id in sorted(self.doubts):
            (lists[self.doubts[event_id].kind] if event_id in sure else named.unsettled).append(event_id)
        return named


async def verify_calendar(engine: Engine, calendar_id: str) -> Verification:
    """One look; writes nothing. What changed at Google since the last run is a difference here.

    Raises `SourceFailure` when Google cannot be listed, `LookupError` for an unknown calendar.
    """
    look = await look_at(engine, calendar_id)
    return look.verification(look.doubts)


async def look_at(engine: Engine, calendar_id: str) -> Look:
    """List everything at Google and compare it, page by page, with the rows that readers see.

    Raises as `verify_calendar` does.
    """
    calendar = await engine.store.read(lambda tx: calendars.load(tx, calendar_id))
    if calendar is None:
        raise LookupError(calendar_id)
    mode = calendar.active.mode or calendar.active.wanted
    request = ListRequest(mode, page_size(mode), None, calendar.active.window)
    comparison = Comparison(calendar, request)
    walk: Pass | None = Pass(request, calendar.active.projection_id or ProjectionId(0), 0, 0)
    pages = Pages(engine, engine.source(calendar.account_id), calendar.google_id, request)
    while walk is not None:
        page = await pages.next(walk)
        await engine.store.read(partial(comparison.add, page=page))
        walk = after(walk, page)
    return await engine.store.read(comparison.end)


def after(walk: Pass, page: Page) -> Pass | None:
    """The walk as it goes on; None at its end. Raises `SourceFailure` for a listing that breaks off."""
    if page.next_page_token is not None:
        return replace(walk, page_token=page.next_page_token, pages=walk.pages + 1)
    if page.next_sync_token is None:
        raise SourceFailure(Cause.BAD_ANSWER, "Google's listing broke off", reason="no_sync_token")
    return None


class Comparison:
    """Grows page by page. What a page says of an event, a later one overrules. Keeps ids and digests alone."""

    def __init__(self, calendar: MirroredCalendar, request: ListRequest) -> None:
        self.calendar = calendar
        self.request = request
        self.live: set[str] = set()
        self.hidden: dict[str, str] = {}
        """Cancelled occurrences with their series."""
        self.unreadable: set[str | None] = set()
        """Ids of what cannot be read; None stands for what has no readable id."""
        self.doubts: dict[str, Doubt] = {}

    def add(self, connection: Connection, page: Page) -> None:
        items = list(newest_of_each(page.items))
        rows = self.rows(connection, [item.event_id for item in items])
        for item in items:
            self.forget(item.event_id)
            if self.counts(item, page.envelope.time_zone):
                self.note(item, rows.get(item.event_id))
        self.unreadable |= {item.event_id for item in page.unreadable}

    def rows(self, connection: Connection, event_ids: list[str]) -> dict[str, StoredEvent]:
        projection_id = self.calendar.active.projection_id
        return {} if projection_id is None else events.of_ids(connection, projection_id, event_ids)

    def forget(self, event_id: str) -> None:
        self.live.discard(event_id)
        self.hidden.pop(event_id, None)
        self.doubts.pop(event_id, None)

    def counts(self, item: ObservedEvent, time_zone: str | None) -> bool:
        """Whether it shows something to readers: an event inside the window, or an occurrence that is cancelled."""
        window = self.request.window
        if window is not None and is_outside(item, window, time_zone):
            return False
        return item.status != "cancelled" or (self.request.mode == "series" and item.series_id is not None)

    def note(self, item: ObservedEvent, row: StoredEvent | None) -> None:
        if item.status != "cancelled":
            self.live.add(item.event_id)
        elif item.series_id is not None:
            self.hidden[item.event_id] = item.series_id
        kind = kind_of(item, row)
        if kind is not None:
            self.doubts[item.event_id] = Doubt(kind, digest(item.raw), digest(row))

    def end(self, connection: Connection) -> Look:
        """A cancelled occurrence says nothing once its series is gone; the mirror need not keep it."""
        for event_id, series_id in list(self.hidden.items()):
            if series_id not in self.live:
                self.forget(event_id)
        projection_id = self.calendar.active.projection_id
        known = set(self.unreadable)
        if projection_id is not None:
            extra = self.note_extra(connection, projection_id)
            known |= verification.set_aside(connection, projection_id)
            # What has no readable id may be any of them.
            known |= set(extra if None in known else ())
        doubts = {event_id: doubt for event_id, doubt in self.doubts.items() if event_id not in known}
        set_aside = sorted(self.doubts.keys() - doubts.keys())
        return Look(self.calendar.id, projection_id, len(self.live) + len(self.hidden), doubts, set_aside)

    def note_extra(self, connection: Connection, projection_id: ProjectionId) -> list[str]:
        living = self.live if self.request.mode == "series" else set[str]()
        beside = verification.beside(connection, projection_id, self.live | self.hidden.keys(), living)
        for event_id, row in events.of_ids(connection, projection_id, beside).items():
            self.doubts[event_id] = Doubt("extra", b"", digest(row))
        return beside


def kind_of(item: ObservedEvent, row: StoredEvent | None) -> Kind | None:
    """What is wrong with the row of a listed item; None when nothing is."""
    if row is None or (row.status == "cancelled" and item.status != "cancelled"):
        return "missing"
    is_as_listed = row.status == item.status and is_read_so(item, row) and same(item.raw, row.raw)
    return None if is_as_listed else "different"


def same(one: bytes, other: str) -> bool:
    """Compare as JSON; text that cannot be read as JSON has to be the same text."""
    try:
        return one.decode() == other or bool(msgspec.json.decode(one) == msgspec.json.decode(other))
    except (msgspec.DecodeError, RecursionError):
        return False


def digest(version: bytes | StoredEvent | None) -> bytes:
    """Sixteen bytes that are the same for the same version only."""
    content = version if isinstance(version, bytes) else msgspec.json.encode(version)
    return blake2b(content, digest_size=16).digest()
