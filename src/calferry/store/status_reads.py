"""How each calendar of a user is doing. Every statement binds the user."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from calferry.core.channel_state import LIVE
from calferry.store.tables import accounts, calendars, channels, events, intents, quarantine, sync_states


@dataclass(frozen=True, slots=True)
class ChannelRow:
    state: str
    expires_at: int | None
    last_push_at: int | None
    pushes: int


@dataclass(frozen=True, slots=True)
class CalendarStatus:
    calendar_id: str
    account_status: str
    status: str
    selected: bool
    push: str
    dirty_seq: int
    clean_seq: int
    last_success_at: int | None
    last_attempt_at: int | None
    last_full_at: int | None
    next_due_at: int | None
    not_before_at: int | None
    failures: int
    last_error_code: str | None
    last_error_message: str | None
    last_error_at: int | None
    last_error_retryable: bool | None
    guarded_at: int | None
    verified_at: int | None
    verified_differences: int | None
    projection_id: int | None
    channel: ChannelRow | None = None
    quarantined: int = 0
    missing: int = 0
    pending_intents: int = 0


NOT_OF_THE_STATE = (
    "calendar_id",
    "account_status",
    "selected",
    "push",
    "projection_id",
    "channel",
    "quarantined",
    "missing",
    "pending_intents",
)
STATUS = (
    calendars.c.id.label("calendar_id"),
    accounts.c.status.label("account_status"),
    calendars.c.selected,
    calendars.c.push,
    calendars.c.projection_id,
    *(sync_states.c[name] for name in CalendarStatus.__slots__ if name not in NOT_OF_THE_STATE),
)


def statuses_of(conn: Connection, user_id: int) -> list[CalendarStatus]:
    """One entry per calendar, in the order of the calendar list's ids."""
    owned = (
        select(*STATUS)
        .join_from(calendars, sync_states, sync_states.c.id == calendars.c.id)
        .join(accounts, accounts.c.id == calendars.c.account_id)
        .where(
            calendars.c.user_id == user_id, calendars.c.removed_at.is_(None), accounts.c.status != "closing"
        )
        .order_by(calendars.c.account_id, calendars.c.id)
    )
    rows = conn.execute(owned).mappings().all()
    channel_by_id = live_channels(conn, user_id)
    quarantined = quarantined_by_calendar(conn, user_id)
    pending = pending_by_calendar(conn, user_id)
    return [
        CalendarStatus(
            **row,
            channel=channel_by_id.get(row["calendar_id"]),
            quarantined=quarantined.get(row["calendar_id"], 0),
            missing=missing_rows(conn, user_id, row["projection_id"]) if row["guarded_at"] else 0,
            pending_intents=pending.get(row["calendar_id"], 0),
        )
        for row in rows
    ]


def live_channels(conn: Connection, user_id: int) -> dict[str, ChannelRow]:
    """The channel of each calendar that lives longest."""
    owned = (
        select(
            channels.c.resource,
            channels.c.state,
            channels.c.expires_at,
            channels.c.last_push_at,
            channels.c.pushes,
        )
        .where(channels.c.user_id == user_id, channels.c.state.in_(LIVE))
        .order_by(channels.c.expires_at)
    )
    return {row.resource: ChannelRow(*row[1:]) for row in conn.execute(owned)}


def quarantined_by_calendar(conn: Connection, user_id: int) -> dict[str, int]:
    counted = (
        select(quarantine.c.calendar_id, func.count())
        .where(quarantine.c.user_id == user_id)
        .group_by(quarantine.c.calendar_id)
    )
    return {calendar_id: int(count) for calendar_id, count in conn.execute(counted)}


def pending_by_calendar(conn: Connection, user_id: int) -> dict[str, int]:
    counted = (
        select(intents.c.calendar_id, func.count())
        .where(intents.c.user_id == user_id, intents.c.status == "pending")
        .group_by(intents.c.calendar_id)
    )
    return {calendar_id: int(count) for calendar_id, count in conn.execute(counted)}


def missing_rows(conn: Connection, user_id: int, projection_id: int | None) -> int:
    """Rows that a guarded listing did not meet."""
    guarded = (
        select(func.count())
        .select_from(events)
        .where(
            events.c.user_id == user_id,
            events.c.projection_id == projection_id,
            events.c.missing_since.is_not(None),
        )
    )
    return int(conn.execute(guarded).scalar_one())
