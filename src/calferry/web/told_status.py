"""What is told of a calendar's sync, over HTTP and on the command line."""

from typing import Protocol

from pydantic import BaseModel

from calferry.core.health import Health, health_of
from calferry.store.status_reads import CalendarStatus, ChannelRow
from calferry.web.frames import instant


class LastError(BaseModel):
    code: str
    message: str
    retryable: bool
    at: str | None


class Channel(BaseModel):
    state: str
    expires_at: str | None
    last_push_at: str | None
    pushes: int


class Status(BaseModel):
    calendar_id: str
    health: Health
    """The word for people; the same as at `/calendar/calendars`."""
    status: str
    """What the engine is at: `idle`, `syncing`, `blocked` (consent needed), `halted` (paused) or `removed`."""
    selected: bool
    up_to_date: bool
    """Whether a finished sync covers every change that we were told of."""
    last_synced_at: str | None
    last_attempt_at: str | None
    last_full_sync_at: str | None
    last_error: LastError | None
    failures: int
    next_due_at: str | None
    """Null for a calendar that is not selected: nothing is read of it."""
    not_before: str | None
    push: str
    channel: Channel | None
    pending_intents: int
    quarantined: int
    missing: int
    """Events that a full listing did not show; they stay until a second one agrees."""
    verified_at: str | None
    """When the mirror was last compared with Google, event by event. Null: not yet."""
    verified_differences: int | None
    """How many events differed then, 0 for none; they have been listed anew since."""


class SyncStatus(BaseModel):
    calendars: list[Status]


def status_from(row: CalendarStatus) -> Status:
    return Status(
        calendar_id=row.calendar_id,
        health=health_from(row, row.status),
        status=row.status,
        selected=row.selected,
        up_to_date=row.last_success_at is not None and row.clean_seq >= row.dirty_seq,
        last_synced_at=instant(row.last_success_at),
        last_attempt_at=instant(row.last_attempt_at),
        last_full_sync_at=instant(row.last_full_at),
        last_error=error_from(row),
        failures=row.failures,
        next_due_at=instant(row.next_due_at) if row.selected else None,
        not_before=instant(row.not_before_at),
        push=row.push,
        channel=channel_from(row.channel),
        pending_intents=row.pending_intents,
        quarantined=row.quarantined,
        missing=row.missing,
        verified_at=instant(row.verified_at),
        verified_differences=row.verified_differences,
    )


class Facts(Protocol):
    """What rows of calendars tell of their health, but for the sync status."""

    @property
    def account_status(self) -> str: ...
    @property
    def selected(self) -> bool: ...
    @property
    def last_error_code(self) -> str | None: ...
    @property
    def last_success_at(self) -> int | None: ...


def health_from(row: Facts, sync_status: str | None) -> Health:
    return health_of(
        account_status=row.account_status,
        selected=row.selected,
        sync_status=sync_status,
        failed=row.last_error_code is not None,
        synced=row.last_success_at is not None,
    )


def error_from(row: CalendarStatus) -> LastError | None:
    if row.last_error_code is None:
        return None
    return LastError(
        code=row.last_error_code,
        message=row.last_error_message or "",
        retryable=bool(row.last_error_retryable),
        at=instant(row.last_error_at),
    )


def channel_from(row: ChannelRow | None) -> Channel | None:
    if row is None:
        return None
    return Channel(
        state=row.state,
        expires_at=instant(row.expires_at),
        last_push_at=instant(row.last_push_at),
        pushes=row.pushes,
    )
