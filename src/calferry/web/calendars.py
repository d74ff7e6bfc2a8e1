"""Calendars of the connected accounts, and which of them are mirrored."""

from typing import Any, cast

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel, StrictBool, model_validator
from sqlalchemy import Connection

from calferry.core.health import Health
from calferry.core.model import Mode
from calferry.core.sync_state import effective_mode
from calferry.store import account_reads, calendars, channels, sync_states
from calferry.store.account_reads import CalendarRow
from calferry.sync import change_mode, pause
from calferry.web.authentication import CallerDep
from calferry.web.frames import instant
from calferry.web.problems import Problem, not_found, responses
from calferry.web.request_body import RequestBody
from calferry.web.service import ServiceDep
from calferry.web.told_status import health_from

router = APIRouter(prefix="/calendar/calendars", tags=["calendars"])


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
    paused: bool
    mode: str
    """What the calendar is mirrored as. Of one whose mode was changed, readers see the old mode until everything is
    stored in the new one; a `freeBusyReader` calendar is always `instances`."""
    time_zone: str | None
    background_color: str | None
    foreground_color: str | None
    push: str
    health: Health
    """`ok`; `syncing`; `never_synced`: its first sync is still to come; `not_selected`; `failing`: the last run did;
    `halted`: paused; `blocked`: consent is needed; or what is wrong with its account."""
    last_synced_at: str | None


class Calendars(BaseModel):
    calendars: list[Calendar]


class CalendarChange(RequestBody):
    """What is null or left out stays as it is."""

    selected: StrictBool | None = None
    """Whether to mirror the calendar."""
    paused: StrictBool | None = None
    """A paused calendar stays readable; Google is asked nothing about it until it is resumed."""
    mode: Mode | None = None
    """`series`: recurring events with their exceptions; `instances`: what Google expands of them, three months back and
    a year ahead."""

    @model_validator(mode="after")
    def names_something(self) -> "CalendarChange":
        if all(value is None for _, value in self):
            raise ValueError(f"it has to name what to change: {' or '.join(type(self).model_fields)}")
        return self


@router.get("", responses=responses(401))
async def list_calendars(caller: CallerDep, service: ServiceDep) -> Calendars:
    """The calendars of the connected accounts, which of them are mirrored, and how they are doing."""
    rows = await service.engine.store.read(lambda conn: account_reads.calendars_of(conn, caller.user_id))
    return Calendars(calendars=[calendar_from(row) for row in rows])


@router.patch("/{calendar_id}", responses=responses(400, 401, 403, 404, 409))
async def change_calendar(
    calendar_id: str, wanted: CalendarChange, caller: CallerDep, service: ServiceDep
) -> Calendar:
    """Start or stop mirroring, pause and resume it, or mirror in another mode.

    What was mirrored stays readable when mirroring stops or pauses; its push channel is stopped soon. A resumed calendar
    is synced at once, from where it was paused. In another mode everything
    is listed anew beside what readers see, and they move over when it is complete. Refused as a whole where a part of it
    cannot be.
    """
    engine = service.engine

    def store(conn: Connection) -> CalendarRow | None:
        row = account_reads.calendar_of(conn, caller.user_id, calendar_id)
        if row is None:
            return None
        apply(conn, row, wanted, engine.clock.now_ms())
        return account_reads.calendar_of(conn, caller.user_id, calendar_id)

    row = await engine.store.write(store)
    if row is None:
        raise not_found("There is no such calendar among yours.")
    engine.signals.wake("due")
    return calendar_from(row)


def apply(conn: Connection, row: CalendarRow, wanted: CalendarChange, now_ms: int) -> None:
    """Write what differs. Raises the 409 `Problem` of a mode that the calendar cannot have."""
    if wanted.mode is not None:
        if effective_mode(wanted.mode, row.access_role) != wanted.mode:
            detail = "Of this calendar you may only see when it is busy: its mode is instances and cannot be changed."
            raise Problem(409, "mode_fixed", detail)
        change_mode.want(conn, row.id, wanted.mode, now_ms)
    if wanted.paused is not None:
        pause.pause(conn, row.id) if wanted.paused else pause.resume(conn, row.id, now_ms)
    if wanted.selected is None or wanted.selected == row.selected:
        return
    calendars.change(conn, row.id, selected=wanted.selected)
    if wanted.selected:
        sync_states.mark(conn, [row.id], now_ms)
    else:
        channels.drain(conn, row.id)


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
        paused=row.sync_status == "halted",
        mode=effective_mode(cast(Mode, row.mode), row.access_role),
        time_zone=row.time_zone,
        background_color=text_of(entry, "backgroundColor"),
        foreground_color=text_of(entry, "foregroundColor"),
        push=row.push,
        health=health_from(row, row.sync_status),
        last_synced_at=instant(row.last_success_at),
    )


def entry_of(raw: str) -> dict[str, Any]:
    try:
        entry = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return {}
    return entry if isinstance(entry, dict) else {}


def text_of(entry: dict[str, Any], field: str) -> str | None:
    value = entry.get(field)
    return value if isinstance(value, str) else None
