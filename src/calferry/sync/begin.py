"""The first transaction of a run: take the lease and decide which pass it walks."""

from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import Connection

from calferry.core import sync_state
from calferry.core.calendar_facts import compare_facts
from calferry.core.model import Envelope, Mode, Pass, ProjectionId, Window
from calferry.core.sync_state import SyncState
from calferry.core.window import window_at
from calferry.store import calendars, events, sync_states
from calferry.store.calendars import MirroredCalendar
from calferry.store.sync_states import LeaseTerms

Refusal = Literal["unknown", "blocked", "held"]
USABLE = frozenset({"active", "partial"})


@dataclass(frozen=True, slots=True)
class Begun:
    """A run that holds its lease."""

    calendar: MirroredCalendar
    state: SyncState
    walk: Pass


def begin(
    connection: Connection, calendar_id: str, lease: LeaseTerms, now_ms: int, *, full: bool
) -> Begun | Refusal:
    """Take the lease and choose the pass; a full listing gets its generation here, before its first request."""
    sync_states.hold(connection, calendar_id)
    calendar = calendars.load(connection, calendar_id)
    if calendar is None:
        return "unknown"
    if calendar.account_status not in USABLE:
        return "blocked"
    state = sync_states.take(connection, calendar_id, lease, now_ms)
    if state is None:
        return "held"
    walk = choose(connection, calendar, state, now_ms, full=full)
    return Begun(calendar, state, walk)


def choose(
    connection: Connection, calendar: MirroredCalendar, state: SyncState, now_ms: int, *, full: bool
) -> Pass:
    active = calendar.active
    choice = sync_state.choose_pass(state, active, now_ms, full=full)
    if choice == "resume":
        return sync_state.resume(state)
    if choice == "incremental":
        return sync_state.incremental(state, active)
    if choice == "full" and active.projection_id is not None:
        return start_listing(connection, state, active.projection_id, active.wanted, active.window)
    window = None
    if active.wanted == "instances":
        window = window_at(now_ms, spread_ms=sync_state.window_spread(state.id))
    projection_id = calendars.open_projection(connection, calendar, active.wanted, window, now_ms)
    if active.projection_id is None:
        calendars.activate(connection, calendar.id, projection_id, now_ms)
    return start_listing(connection, state, projection_id, active.wanted, window)


def start_listing(
    connection: Connection, state: SyncState, projection_id: ProjectionId, mode: Mode, window: Window | None
) -> Pass:
    fresh = events.is_empty(connection, projection_id)
    walk = replace(sync_state.listing(state, projection_id, mode, window), fresh=fresh)
    sync_states.change(
        connection,
        state.id,
        state.fence,
        {
            **sync_states.NO_PASS,
            "pass_generation": walk.generation,
            "pass_projection_id": projection_id,
            "pass_pages": 0,
            "pass_unread": False,
            "pass_fresh": fresh,
            "pass_live": 0 if fresh else events.count_live(connection, projection_id),
        },
    )
    return walk


def restart(connection: Connection, begun: Begun, now_ms: int, *, forget_token: bool) -> Begun:
    """Begin the pass again within the run: from the sync token, or from nothing when that is dead."""
    state = replace(
        begun.state,
        page_token=None,
        page_request=None,
        pass_generation=max(begun.state.pass_generation, begun.walk.generation),
        pass_restarts=begun.state.pass_restarts + (0 if forget_token else 1),
        sync_token=None if forget_token else begun.state.sync_token,
    )
    sync_states.change(
        connection,
        state.id,
        state.fence,
        {**sync_states.NO_PASS, "sync_token": state.sync_token, "pass_restarts": state.pass_restarts},
    )
    calendar = calendars.load(connection, state.id) or begun.calendar
    return Begun(calendar, state, choose(connection, calendar, state, now_ms, full=False))


def reshape(connection: Connection, begun: Begun, told: Envelope, now_ms: int) -> Begun:
    """List everything anew under what a page says of its calendar; in another mode beside what readers see."""
    calendar = begun.calendar
    facts = compare_facts(calendar.envelope, told, calendar.summary)
    if facts.values:
        calendars.change(connection, calendar.id, **facts.values)
    return restart(connection, begun, now_ms, forget_token=True)
