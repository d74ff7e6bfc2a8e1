"""Writing what a calendar list says."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from calferry.core.calendar_list import KnownCalendar, Listing
from calferry.core.google_calendar import CalendarListEntry
from calferry.core.model import CalendarId
from calferry.core.sync_state import SyncState
from calferry.store import calendars as calendar_rows
from calferry.store import changes, channels, sync_states
from calferry.store.tables import calendars
from calferry.store.tables import sync_states as states

KNOWN = select(*(calendars.c[name] for name in KnownCalendar.__slots__)).where(
    calendars.c.account_id == bindparam("account_id")
)
INSERT = calendars.insert()


def known(connection: Connection, account_id: str) -> dict[str, KnownCalendar]:
    """The account's calendars by Google's id."""
    rows = connection.execute(KNOWN, {"account_id": account_id})
    return {row.google_id: KnownCalendar(*row) for row in rows}


def apply(
    connection: Connection, state: SyncState, listing: Listing, fresh_ids: Sequence[str], now_ms: int
) -> None:
    """Carry out the decisions; every calendar that comes or goes is one entry of the change log."""
    for calendar_id, entry in zip(fresh_ids, listing.added, strict=False):
        insert(connection, state, calendar_id, entry, now_ms)
        log(connection, state, calendar_id, "calendar_added", now_ms)
    for calendar_id, entry in listing.updated:
        overwrite(connection, calendar_id, entry, now_ms)
    for calendar_id, entry in listing.revived:
        overwrite(connection, calendar_id, entry, now_ms)
        revive(connection, calendar_id, now_ms)
        log(connection, state, calendar_id, "calendar_added", now_ms)
    for calendar_id in listing.removed:
        remove(connection, calendar_id, now_ms)
        log(connection, state, calendar_id, "calendar_removed", now_ms)
    if listing.missing:
        connection.execute(
            update(calendars)
            .where(calendars.c.id.in_(listing.missing))
            .values(missing_since=func.coalesce(calendars.c.missing_since, now_ms))
        )


def columns(entry: CalendarListEntry) -> dict[str, Any]:
    return {
        "summary": entry.summary,
        "time_zone": entry.time_zone,
        "access_role": entry.access_role,
        "is_primary": entry.is_primary,
        "is_hidden": entry.is_hidden,
        "raw": entry.raw,
        "missing_since": None,
    }


def insert(
    connection: Connection, state: SyncState, calendar_id: str, entry: CalendarListEntry, now_ms: int
) -> None:
    values = columns(entry) | {
        "id": calendar_id,
        "user_id": state.user_id,
        "account_id": state.account_id,
        "google_id": entry.google_id,
        "mode": "series",
        "push": "unknown",
        "created_at": now_ms,
    }
    connection.execute(INSERT, values)
    sync_states.create(connection, calendar_id, state.user_id, state.account_id, "events", None)


ROLE_AND_ZONE = select(calendars.c.access_role, calendars.c.time_zone).where(
    calendars.c.id == bindparam("calendar_id")
)


def overwrite(connection: Connection, calendar_id: str, entry: CalendarListEntry, now_ms: int) -> None:
    """Take over an entry. A role or zone that differs from what pages were read under lists everything anew."""
    before = connection.execute(ROLE_AND_ZONE, {"calendar_id": calendar_id}).one()
    calendar_rows.change(connection, calendar_id, **columns(entry))
    if (before.access_role, before.time_zone) != (entry.access_role, entry.time_zone):
        sync_states.invalidate(connection, [calendar_id], now_ms)


REMOVE_STATE = (
    update(states)
    .where(states.c.id == bindparam("state_id"))
    .values({**sync_states.NO_LEASE, "status": "removed", "next_due_at": None, "fence": states.c.fence + 1})
)


def remove(connection: Connection, calendar_id: str, now_ms: int) -> None:
    """No longer listed: nothing is run or watched any more; the rows stay until they are purged."""
    calendar_rows.change(connection, calendar_id, removed_at=now_ms, push="unknown")
    connection.execute(REMOVE_STATE, {"state_id": calendar_id})
    channels.drain(connection, calendar_id)


def revive(connection: Connection, calendar_id: str, now_ms: int) -> None:
    """The calendar is listed again: same id of ours, and a full run."""
    calendar_rows.change(connection, calendar_id, removed_at=None)
    sync_states.invalidate(connection, [calendar_id], now_ms)
    connection.execute(
        update(states).where(states.c.id == calendar_id).values({**sync_states.NO_ERROR, "status": "idle"})
    )


def log(connection: Connection, state: SyncState, calendar_id: str, kind: str, now_ms: int) -> None:
    changes.append(connection, state.user_id, CalendarId(calendar_id), [(None, kind)], now_ms)
