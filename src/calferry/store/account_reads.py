"""Accounts and calendars as their owner sees them. Every statement binds the user."""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from calferry.store.tables import accounts, calendars, sync_states


@dataclass(frozen=True, slots=True)
class AccountRow:
    id: str
    email: str
    google_sub: str | None
    status: str
    status_reason: str | None
    scopes: str
    has_refresh_token: bool
    created_at: int


@dataclass(frozen=True, slots=True)
class CalendarRow:
    id: str
    google_id: str
    account_id: str
    summary: str
    access_role: str
    is_primary: bool
    is_hidden: bool
    selected: bool
    mode: str
    time_zone: str | None
    push: str
    raw: str
    account_status: str
    sync_status: str | None
    last_success_at: int | None
    last_error_code: str | None


ACCOUNT = (
    accounts.c.id,
    accounts.c.email,
    accounts.c.google_sub,
    accounts.c.status,
    accounts.c.status_reason,
    accounts.c.scopes,
    accounts.c.refresh_token.is_not(None).label("has_refresh_token"),
    accounts.c.created_at,
)
CALENDAR = (
    calendars.c.id,
    calendars.c.google_id,
    calendars.c.account_id,
    calendars.c.summary,
    calendars.c.access_role,
    calendars.c.is_primary,
    calendars.c.is_hidden,
    calendars.c.selected,
    calendars.c.mode,
    calendars.c.time_zone,
    calendars.c.push,
    calendars.c.raw,
    accounts.c.status.label("account_status"),
    sync_states.c.status.label("sync_status"),
    sync_states.c.last_success_at,
    sync_states.c.last_error_code,
)
CALENDAR_SOURCE = calendars.join(accounts, accounts.c.id == calendars.c.account_id).outerjoin(
    sync_states, sync_states.c.id == calendars.c.id
)

# What most requests look at is built once: building it costs more than running it.
ACCOUNT_OF = select(*ACCOUNT).where(
    accounts.c.user_id == bindparam("user_id"),
    accounts.c.id == bindparam("account_id"),
    accounts.c.status != "closing",
)
CALENDAR_OF = (
    select(*CALENDAR)
    .select_from(CALENDAR_SOURCE)
    .where(
        calendars.c.user_id == bindparam("user_id"),
        calendars.c.id == bindparam("calendar_id"),
        calendars.c.removed_at.is_(None),
    )
)


def accounts_of(conn: Connection, user_id: int) -> list[AccountRow]:
    """Oldest first; an account that is being disconnected is gone already."""
    owned = (
        select(*ACCOUNT)
        .where(accounts.c.user_id == user_id, accounts.c.status != "closing")
        .order_by(accounts.c.created_at, accounts.c.id)
    )
    return [AccountRow(**row) for row in conn.execute(owned).mappings()]


def account_of(conn: Connection, user_id: int, account_id: str) -> AccountRow | None:
    row = conn.execute(ACCOUNT_OF, {"user_id": user_id, "account_id": account_id}).mappings().first()
    return None if row is None else AccountRow(**row)


def account_of_sub(conn: Connection, google_sub: str) -> tuple[int, AccountRow] | None:
    """The user and account of a Google account, whoever owns it: for sign-in alone."""
    found = (
        select(accounts.c.user_id, *ACCOUNT)
        .where(accounts.c.google_sub == google_sub, accounts.c.status != "closing")
        .order_by(accounts.c.created_at)
    )
    row = conn.execute(found).mappings().first()
    if row is None:
        return None
    values = dict(row)
    return int(values.pop("user_id")), AccountRow(**values)


def calendars_of(conn: Connection, user_id: int) -> list[CalendarRow]:
    """Primary ones first, then by title."""
    owned = (
        select(*CALENDAR)
        .select_from(CALENDAR_SOURCE)
        .where(
            calendars.c.user_id == user_id, calendars.c.removed_at.is_(None), accounts.c.status != "closing"
        )
        .order_by(calendars.c.account_id, calendars.c.is_primary.desc(), calendars.c.summary, calendars.c.id)
    )
    return [CalendarRow(**row) for row in conn.execute(owned).mappings()]


def calendar_of(conn: Connection, user_id: int, calendar_id: str) -> CalendarRow | None:
    row = conn.execute(CALENDAR_OF, {"user_id": user_id, "calendar_id": calendar_id}).mappings().first()
    return None if row is None else CalendarRow(**row)
