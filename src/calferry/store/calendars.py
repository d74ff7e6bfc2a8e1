"""Calendars of an account, and the projections that readers see of them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from calferry.core.model import AccountId, CalendarId, Envelope, Mode, ProjectionId, UserId, Window
from calferry.core.sync_state import Active, effective_mode
from calferry.store.tables import accounts, calendars, projections


@dataclass(frozen=True, slots=True)
class MirroredCalendar:
    """What a run needs to know of its calendar."""

    id: CalendarId
    user_id: UserId
    account_id: AccountId
    google_id: str
    account_status: str
    grant_number: int
    selected: bool
    push: str
    summary: str
    envelope: Envelope
    active: Active


LOAD = (
    select(
        calendars,
        accounts.c.status.label("account_status"),
        accounts.c.grant_number,
        projections.c.mode.label("active_mode"),
        projections.c.window_start_at,
        projections.c.window_end_at,
    )
    .select_from(
        calendars.join(accounts, accounts.c.id == calendars.c.account_id).outerjoin(
            projections, projections.c.id == calendars.c.projection_id
        )
    )
    .where(calendars.c.id == bindparam("calendar_id"))
)


def load(connection: Connection, calendar_id: str) -> MirroredCalendar | None:
    """The calendar with its account and active projection; None when there is no such calendar."""
    row = connection.execute(LOAD, {"calendar_id": calendar_id}).one_or_none()
    return None if row is None else as_calendar(row)


def as_calendar(row: Any) -> MirroredCalendar:
    window = None
    if row.window_start_at is not None:
        window = Window(row.window_start_at, row.window_end_at)
    return MirroredCalendar(
        id=row.id,
        user_id=row.user_id,
        account_id=row.account_id,
        google_id=row.google_id,
        account_status=row.account_status,
        grant_number=row.grant_number,
        selected=row.selected,
        push=row.push,
        summary=row.summary,
        envelope=Envelope(row.access_role, row.time_zone, row.title, row.default_reminders),
        active=Active(row.projection_id, row.active_mode, window, effective_mode(row.mode, row.access_role)),
    )


CHANGE = update(calendars).where(calendars.c.id == bindparam("calendar_id"))


def change(connection: Connection, calendar_id: str, **values: Any) -> None:
    connection.execute(CHANGE, {"calendar_id": calendar_id, **values})


OPEN = projections.insert().returning(projections.c.id)


def open_projection(
    connection: Connection, calendar: MirroredCalendar, mode: Mode, window: Window | None, now_ms: int
) -> ProjectionId:
    """A new, empty projection of the calendar."""
    row = {
        "user_id": calendar.user_id,
        "calendar_id": calendar.id,
        "mode": mode,
        "window_start_at": window.start_at if window else None,
        "window_end_at": window.end_at if window else None,
        "created_at": now_ms,
    }
    return ProjectionId(connection.execute(OPEN, row).scalar_one())


END_OTHERS = update(projections).where(
    projections.c.calendar_id == bindparam("shown_calendar"),
    projections.c.id != bindparam("shown"),
    projections.c.ended_at.is_(None),
)


def activate(connection: Connection, calendar_id: str, projection_id: ProjectionId, now_ms: int) -> None:
    """Readers see this projection from now on; the others of the calendar have ended."""
    change(connection, calendar_id, projection_id=projection_id)
    shown = {"shown_calendar": calendar_id, "shown": projection_id}
    connection.execute(END_OTHERS, {**shown, "ended_at": now_ms})


def set_mode(connection: Connection, calendar_id: str, mode: Mode) -> None:
    change(connection, calendar_id, mode=mode)


SELECT_FOR_SYNC = (
    update(calendars)
    .where(
        calendars.c.id.in_(bindparam("calendar_ids", expanding=True)),
        calendars.c.selected.is_(False),
    )
    .values(selected=True)
)


def select_for_sync(connection: Connection, calendar_ids: list[str]) -> None:
    """From now on these calendars are mirrored."""
    connection.execute(SELECT_FOR_SYNC, {"calendar_ids": calendar_ids})
