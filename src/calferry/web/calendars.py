"""Calendars of the connected accounts, and which of them are mirrored."""

from typing import Any

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import Connection

from calferry.store import account_reads, calendars, channels, sync_states
from calferry.store.account_reads import CalendarRow
from calferry.web.authentication import CallerDep
from calferry.web.frames import instant
from calferry.web.problems import not_found, responses
from calferry.web.service import ServiceDep

router = APIRouter(prefix="/calendar/calendars", tags=["calendars"])

HEALTH_BY_ACCOUNT = {
    "needs_reauth": "needs_reauth",
    "calendar_disabled": "calendar_disabled",
    "paused": "paused",
}


NO_CHANNEL = ""
"""The id of no channel: nothing is kept."""


class Calendar(BaseModel):
    id: str
    google_id: str
    account_id: str
    summary: str
    access_role: str
    primary: bool
    hidden: bool
    selected: bool
    """Whether the calendar is mirrored."""
    mode: str
    time_zone: str | None
    background_color: str | None
    foreground_color: str | None
    push: str
    health: str
    """`ok`, `never_synced`, `failing`, `halted`, or what is wrong with its account."""
    last_synced_at: str | None


class Calendars(BaseModel):
    calendars: list[Calendar]


class CalendarChange(BaseModel):
    selected: bool


@router.get("", responses=responses(401))
async def list_calendars(caller: CallerDep, service: ServiceDep) -> Calendars:
    rows = await service.engine.store.read(lambda conn: account_reads.calendars_of(conn, caller.user_id))
    return Calendars(calendars=[calendar_from(row) for row in rows])


@router.patch("/{calendar_id}", responses=responses(400, 401, 403, 404))
async def change_calendar(
    calendar_id: str, change: CalendarChange, caller: CallerDep, service: ServiceDep
) -> Calendar:
    """Start or stop mirroring. What was mirrored stays readable; its push channel is stopped soon."""
    engine = service.engine

    def store(conn: Connection) -> CalendarRow | None:
        row = account_reads.calendar_of(conn, caller.user_id, calendar_id)
        if row is None or row.selected == change.selected:
            return row
        calendars.change(conn, calendar_id, selected=change.selected)
        if change.selected:
            sync_states.mark(conn, [calendar_id], engine.clock.now_ms())
        else:
            channels.drain_others(conn, calendar_id, NO_CHANNEL)
        return account_reads.calendar_of(conn, caller.user_id, calendar_id)

    row = await engine.store.write(store)
    if row is None:
        raise not_found("There is no such calendar among yours.")
    engine.signals.wake("due")
    return calendar_from(row)


def calendar_from(row: CalendarRow) -> Calendar:
    entry = entry_of(row.raw)
    return Calendar(
        id=row.id,
        google_id=row.google_id,
        account_id=row.account_id,
        summary=row.summary,
        access_role=row.access_role,
        primary=row.is_primary,
        hidden=row.is_hidden,
        selected=row.selected,
        mode=row.mode,
        time_zone=row.time_zone,
        background_color=text_of(entry, "backgroundColor"),
        foreground_color=text_of(entry, "foregroundColor"),
        push=row.push,
        health=health_of(row),
        last_synced_at=instant(row.last_success_at),
    )


def health_of(row: CalendarRow) -> str:
    if row.account_status in HEALTH_BY_ACCOUNT:
        return HEALTH_BY_ACCOUNT[row.account_status]
    if row.sync_status == "halted":
        return "halted"
    if row.last_error_code is not None:
        return "failing"
    return "ok" if row.last_success_at is not None else "never_synced"


def entry_of(raw: str) -> dict[str, Any]:
    try:
        entry = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return {}
    return entry if isinstance(entry, dict) else {}


def text_of(entry: dict[str, Any], field: str) -> str | None:
    value = entry.get(field)
    return value if isinstance(value, str) else None
