"""Accepted requests to sync: what their streams are answered from, whichever process ran the sync."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from sqlalchemy import BigInteger, Connection, Integer, and_, bindparam, or_, select, update

from calferry.core.failure import DEAD_GRANT, HALTED, UNKNOWN_CALENDAR, FailureInfo
from calferry.core.limits import SYNC_COOLDOWN_MS
from calferry.store import calendars as calendar_rows
from calferry.store import sync_states
from calferry.store.tables import calendars, changes, events, sync_requests, users
from calferry.store.tables import sync_states as states

BACKOFF_WORTH_WAITING_MS = 15_000


@dataclass(frozen=True, slots=True)
class TooSoon:
    """The cooldown is not over; whole seconds to wait, 1 to 5."""

    retry_after_s: int


@dataclass(frozen=True, slots=True)
class Asked:
    """One calendar of a request: the dirty number to become clean of, and the failures counted before."""

    mark: int
    failed_runs: int


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """`asked` is in the order of the request; None for a calendar that is not the user's."""

    id: str
    user_id: int
    head: int
    accepted_at: int
    deadline_at: int
    completed_at: int | None
    asked: dict[str, Asked | None]

    @property
    def marks(self) -> dict[str, int]:
        return {calendar_id: asked.mark for calendar_id, asked in self.asked.items() if asked is not None}


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of a calendar, with the event as it is now (Google's JSON text)."""

    number: int
    calendar_id: str
    event_id: str
    raw: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a calendar of the request is. `error` is set exactly when it has failed."""

    state: Literal["working", "clean", "failed"]
    pages: int
    push: str
    error: FailureInfo | None = None
    last_success_at: int | None = None


@dataclass(frozen=True, slots=True)
class StreamSnapshot:
    """One consistent look: the next entries after a position, and where each calendar stands.

    When `more` is False, every entry that the calendars' progress counts is among those already given.
    """

    entries: list[Entry]
    more: bool
    progress: dict[str, Progress]


HEAD = select(users.c.change_head).where(users.c.id == bindparam("user_id"))
INSERT = sync_requests.insert()


def accept(
    connection: Connection,
    request_id: str,
    user_id: int,
    calendar_ids: Sequence[str],
    now_ms: int,
    deadline_ms: int,
) -> SyncRequest | TooSoon:
    """Accept a request: use up the cooldown, mark and select the user's calendars, remember the log's head.

    One that names no calendar of the user's syncs nothing: it has to wait like any other, but uses up nothing.
    """
    owned = own_calendars(connection, user_id, calendar_ids)
    sync_states.hold(connection, *owned)
    waits = cooldown_left(connection, user_id, now_ms, take=bool(owned))
    if waits is not None:
        return waits
    calendar_rows.select_for_sync(connection, owned)
    marks = sync_states.mark(connection, owned, now_ms)
    failed = failed_runs(connection, owned)
    asked = {
        calendar_id: Asked(marks[calendar_id], failed[calendar_id]) if calendar_id in marks else None
        for calendar_id in calendar_ids
    }
    head = connection.execute(HEAD, {"user_id": user_id}).scalar_one()
    row = {
        "id": request_id,
        "user_id": user_id,
        "calendars": msgspec.json.encode(asked).decode(),
        "head": head,
        "accepted_at": now_ms,
        "deadline_at": deadline_ms,
    }
    connection.execute(INSERT, row)
    return SyncRequest(request_id, user_id, head, now_ms, deadline_ms, None, asked)


LAST, NOW = users.c.sync_accepted_at, bindparam("now", type_=BigInteger)
COOLED = update(users).where(
    users.c.id == bindparam("asked_by"),
    or_(LAST.is_(None), LAST <= NOW - SYNC_COOLDOWN_MS, LAST > NOW + SYNC_COOLDOWN_MS),
)
ACCEPTED_AT = select(LAST).where(users.c.id == bindparam("asked_by"))
TAKE, LOOK = COOLED.values(sync_accepted_at=NOW), COOLED.values(sync_accepted_at=LAST)


def cooldown_left(connection: Connection, user_id: int, now_ms: int, *, take: bool) -> TooSoon | None:
    """Look whether the cooldown is over, and take it; a time far ahead is left from a clock that was set back.

    A little ahead is somebody who asked later and was served first.
    """
    terms = {"asked_by": user_id, "now": now_ms}
    if connection.execute(TAKE if take else LOOK, terms).rowcount == 1:
        return None
    accepted_at = connection.execute(ACCEPTED_AT, {"asked_by": user_id}).scalar_one()
    left_ms = accepted_at + SYNC_COOLDOWN_MS - now_ms
    return TooSoon(min(5, max(1, -(-left_ms // 1000))))


OWN = select(calendars.c.id).where(
    calendars.c.user_id == bindparam("user_id"),
    calendars.c.id.in_(bindparam("calendar_ids", expanding=True)),
    calendars.c.removed_at.is_(None),
)


def own_calendars(connection: Connection, user_id: int, calendar_ids: Sequence[str]) -> list[str]:
    asked = {"user_id": user_id, "calendar_ids": list(calendar_ids)}
    return list(connection.execute(OWN, asked).scalars())


FAILED_RUNS = select(states.c.id, states.c.failed_runs).where(
    states.c.id.in_(bindparam("calendar_ids", expanding=True))
)


def failed_runs(connection: Connection, calendar_ids: Sequence[str]) -> dict[str, int]:
    asked = {"calendar_ids": list(calendar_ids)}
    return {row.id: row.failed_runs for row in connection.execute(FAILED_RUNS, asked)}


LOAD = select(sync_requests).where(
    sync_requests.c.id == bindparam("request_id"), sync_requests.c.user_id == bindparam("user_id")
)


def load(connection: Connection, request_id: str, user_id: int) -> SyncRequest | None:
    """The request, if it is this user's."""
    row = connection.execute(LOAD, {"request_id": request_id, "user_id": user_id}).one_or_none()
    if row is None:
        return None
    asked = msgspec.json.decode(row.calendars, type=dict[str, Asked | None])
    return SyncRequest(
        row.id, row.user_id, row.head, row.accepted_at, row.deadline_at, row.completed_at, asked
    )


COMPLETE = update(sync_requests).where(sync_requests.c.id == bindparam("request_id"))


def complete(connection: Connection, request_id: str, now_ms: int) -> None:
    connection.execute(COMPLETE, {"request_id": request_id, "completed_at": now_ms})


def stream_state(
    connection: Connection, request: SyncRequest, position: int, now_ms: int, *, limit: int
) -> StreamSnapshot:
    """Look at the request in one snapshot: at most `limit` entries after `position`."""
    owned = [calendar_id for calendar_id, asked in request.asked.items() if asked is not None]
    entries = entries_after(connection, request.user_id, owned, position, limit)
    progress = {
        row.id: progress_of(row, asked, now_ms)
        for row in state_rows(connection, owned)
        if (asked := request.asked[row.id]) is not None
    }
    for calendar_id in request.asked:
        progress.setdefault(calendar_id, Progress("failed", 0, "unknown", UNKNOWN_CALENDAR))
    return StreamSnapshot(entries, len(entries) == limit, progress)


# Every stream asks these at every change, so they are built once: building them costs more than running them.
AS_IT_IS_NOW = changes.join(calendars, calendars.c.id == changes.c.calendar_id).join(
    events,
    and_(
        events.c.projection_id == calendars.c.projection_id,
        events.c.event_id == changes.c.event_id,
        events.c.change_id == changes.c.id,
    ),
)
ENTRIES_AFTER = (
    select(changes.c.id, changes.c.calendar_id, changes.c.event_id, events.c.raw)
    .select_from(AS_IT_IS_NOW)
    .where(
        changes.c.user_id == bindparam("user_id"),
        changes.c.id > bindparam("position"),
        changes.c.calendar_id.in_(bindparam("calendar_ids", expanding=True)),
    )
    .order_by(changes.c.id)
    .limit(bindparam("at_most", type_=Integer))
)
STATE_ROWS = (
    select(states, calendars.c.push)
    .join(calendars, calendars.c.id == states.c.id)
    .where(states.c.id.in_(bindparam("calendar_ids", expanding=True)))
)


def entries_after(
    connection: Connection, user_id: int, calendar_ids: Sequence[str], position: int, limit: int
) -> list[Entry]:
    """Each event at its newest entry only, as it is now."""
    asked = {"user_id": user_id, "position": position, "calendar_ids": list(calendar_ids), "at_most": limit}
    return [Entry(*row) for row in connection.execute(ENTRIES_AFTER, asked)]


def state_rows(connection: Connection, calendar_ids: Sequence[str]) -> list[Any]:
    return list(connection.execute(STATE_ROWS, {"calendar_ids": list(calendar_ids)}))


def progress_of(row: Any, asked: Asked, now_ms: int) -> Progress:
    is_clean = row.clean_seq >= asked.mark and row.last_success_at is not None
    if is_clean and row.status != "removed":
        return Progress("clean", row.pass_pages, row.push, None, row.last_success_at)
    error = failure_of(row, asked, now_ms)
    return Progress("failed" if error else "working", row.pass_pages, row.push, error, row.last_success_at)


def failure_of(row: Any, asked: Asked, now_ms: int) -> FailureInfo | None:
    """Why the calendar is given up for this request; None while it may still become clean."""
    if row.status == "halted":
        return HALTED
    if row.status == "removed":
        return UNKNOWN_CALENDAR
    if row.status == "blocked":
        return last_error(row) or DEAD_GRANT
    waits = row.not_before_at is not None and row.not_before_at - now_ms > BACKOFF_WORTH_WAITING_MS
    if row.failed_runs > asked.failed_runs or waits:
        return last_error(row)
    return None


def last_error(row: Any) -> FailureInfo | None:
    if row.last_error_code is None:
        return None
    return FailureInfo(row.last_error_code, row.last_error_message or "", bool(row.last_error_retryable))
