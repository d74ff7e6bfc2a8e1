"""The state of one resource's sync, and which pass comes next."""

from dataclasses import dataclass
from typing import Any, Literal
from zlib import crc32

import msgspec

from calferry.core.limits import (
    INSTANCES_PAGE_SIZE,
    PASS_RESTARTS_BEFORE_ONE_GO,
    SERIES_PAGE_SIZE,
    WEEK_MS,
)
from calferry.core.model import ListRequest, Mode, Pass, ProjectionId, UserId, Window
from calferry.core.sweep import has_waited
from calferry.core.window import is_outgrown

Status = Literal["idle", "syncing", "blocked", "halted", "removed"]

RUNNABLE: frozenset[Status] = frozenset({"idle", "syncing"})

# What moves a state, and where to. An absent pair is illegal and changes nothing.
TRANSITIONS: dict[tuple[Status, str], Status] = {
    ("idle", "lease_taken"): "syncing",
    ("syncing", "lease_taken"): "syncing",
    ("syncing", "released"): "idle",
    ("idle", "account_stopped"): "blocked",
    ("syncing", "account_stopped"): "blocked",
    ("blocked", "account_stopped"): "blocked",
    ("blocked", "account_resumed"): "idle",
    ("idle", "halted"): "halted",
    ("syncing", "halted"): "halted",
    ("blocked", "halted"): "halted",
    ("halted", "resumed"): "idle",
    ("idle", "calendar_removed"): "removed",
    ("syncing", "calendar_removed"): "removed",
    ("blocked", "calendar_removed"): "removed",
    ("halted", "calendar_removed"): "removed",
    ("removed", "calendar_returned"): "idle",
}


class IllegalTransition(Exception):
    """The state does not allow what was asked."""


def moved(status: Status, event: str) -> Status:
    """The status after `event`. Raises `IllegalTransition` where the table has no entry."""
    try:
        return TRANSITIONS[status, event]
    except KeyError:
        raise IllegalTransition(f"{event} does not happen to a calendar that is {status}") from None


@dataclass(frozen=True, slots=True)
class SyncState:
    """What a run reads when it takes its lease."""

    id: str
    user_id: UserId
    account_id: str
    fence: int
    sync_token: str | None
    page_token: str | None
    page_request: str | None
    page_dirty_seq: int | None
    pass_generation: int
    pass_projection_id: ProjectionId | None
    pass_pages: int
    pass_restarts: int
    pass_unread: bool
    pass_fresh: bool
    dirty_seq: int
    failures: int
    guarded_at: int | None
    last_full_at: int | None
    last_pass_pages: int = 1

    @property
    def was_read_in_pieces(self) -> bool:
        """Whether the last finished pass had more than one page, and Google could change between them."""
        return self.last_pass_pages > 1


@dataclass(frozen=True, slots=True)
class Active:
    """The projection that readers see, and what the calendar wants to be mirrored as."""

    projection_id: ProjectionId | None
    mode: Mode | None
    window: Window | None
    wanted: Mode


Choice = Literal["resume", "incremental", "full", "rebuild"]


def choose_pass(state: SyncState, active: Active, now_ms: int, *, full: bool) -> Choice:
    """Which pass a run begins.

    `resume` continues the stored page token, `incremental` asks for changes, `full` lists everything into the
    active projection, `rebuild` lists everything into a new projection beside it.
    """
    if active.projection_id is None or active.mode != active.wanted or has_moved_on(state, active, now_ms):
        return "resume" if not full and is_building(state, active) else "rebuild"
    if state.page_token is not None and not full:
        return "resume"
    if full or state.sync_token is None or has_waited(state.guarded_at, now_ms):
        return "full"
    return "incremental"


def has_moved_on(state: SyncState, active: Active, now_ms: int) -> bool:
    """Whether the window has to be rolled forward, as it is once a week."""
    if active.window is None:
        return False
    return is_outgrown(active.window, now_ms, spread_ms=window_spread(state.id))


def window_spread(state_id: str) -> int:
    """When in the week a calendar rolls its window forward: the same milliseconds each time, by its id."""
    return crc32(state_id.encode()) % WEEK_MS


def is_building(state: SyncState, active: Active) -> bool:
    """Whether the stored page token belongs to the projection that is to replace the active one."""
    if state.page_token is None or state.page_request is None:
        return False
    beside = state.pass_projection_id not in (None, active.projection_id)
    return beside and read_request(state.page_request).mode == active.wanted


def resume(state: SyncState) -> Pass:
    """The pass that the stored page token belongs to, with the question it was asked under."""
    if state.page_request is None or state.pass_projection_id is None:
        raise IllegalTransition("there is no stored page to go on from")
    request = read_request(state.page_request)
    return Pass(
        request=request,
        projection_id=state.pass_projection_id,
        generation=state.pass_generation,
        dirty_seq=state.page_dirty_seq or 0,
        page_token=state.page_token,
        resumed=True,
        pages=state.pass_pages,
        unread=state.pass_unread,
        fresh=state.pass_fresh and request.full,
        after_pieces=state.was_read_in_pieces and not request.full,
    )


def incremental(state: SyncState, active: Active) -> Pass:
    """The pass that asks for what changed since the stored sync token."""
    if active.projection_id is None or active.mode is None:
        raise IllegalTransition("there is no projection to bring up to date")
    return Pass(
        request=ListRequest(active.mode, page_size(active.mode), state.sync_token, active.window),
        projection_id=active.projection_id,
        generation=state.pass_generation,
        dirty_seq=state.dirty_seq,
        after_pieces=state.was_read_in_pieces,
    )


def listing(state: SyncState, projection_id: ProjectionId, mode: Mode, window: Window | None) -> Pass:
    """A full listing under a generation of its own."""
    return Pass(
        request=ListRequest(mode, page_size(mode), None, window),
        projection_id=projection_id,
        generation=state.pass_generation + 1,
        dirty_seq=state.dirty_seq,
    )


def page_size(mode: Mode) -> int:
    return INSTANCES_PAGE_SIZE if mode == "instances" else SERIES_PAGE_SIZE


def runs_in_one_go(state: SyncState) -> bool:
    """A pass whose page token died twice is not cut into short runs again."""
    return state.pass_restarts >= PASS_RESTARTS_BEFORE_ONE_GO


def effective_mode(wanted: Mode, access_role: str | None) -> Mode:
    """Google expands a calendar of which we may only see free and busy, whatever was asked."""
    return "instances" if access_role == "freeBusyReader" else wanted


def write_request(request: ListRequest) -> str:
    """The question as text, to be stored beside the page token that belongs to it."""
    return msgspec.json.encode(request).decode()


def read_request(text: str) -> ListRequest:
    return msgspec.json.decode(text, type=ListRequest)


def as_state(row: Any) -> SyncState:
    """A row of `sync_states` as a value."""
    return SyncState(**{name: getattr(row, name) for name in SyncState.__slots__})
