"""Erasing what belongs to an account."""

from sqlalchemy import Connection, delete, or_, select

from calferry.core.model import CalendarId
from calferry.store import changes
from calferry.store.tables import (
    accounts,
    calendars,
    channels,
    conflicts,
    events,
    intents,
    projections,
    quarantine,
    sync_states,
)
from calferry.store.tables import changes as log


def erase_mirror(connection: Connection, account_id: str, now_ms: int) -> None:
    """Erase calendars, events, states and channels of the account; the log says that each calendar is gone.

    Channels that Google has yet to be told to stop are kept, until it has.
    """
    rows = connection.execute(
        select(calendars.c.id, calendars.c.user_id).where(calendars.c.account_id == account_id)
    ).all()
    for row in rows:
        erase_calendar(connection, row.id)
        changes.append(connection, row.user_id, CalendarId(row.id), [(None, "calendar_removed")], now_ms)
    connection.execute(delete(sync_states).where(sync_states.c.account_id == account_id))
    settled = or_(channels.c.state != "draining", channels.c.resource_id.is_(None))
    connection.execute(delete(channels).where(channels.c.account_id == account_id, settled))


def erase_calendar(connection: Connection, calendar_id: str) -> None:
    """Everything of one calendar, its entries in the log too."""
    own = select(projections.c.id).where(projections.c.calendar_id == calendar_id)
    connection.execute(delete(events).where(events.c.projection_id.in_(own)))
    for table in (quarantine, intents, conflicts):
        connection.execute(delete(table).where(table.c.calendar_id == calendar_id))
    connection.execute(delete(projections).where(projections.c.calendar_id == calendar_id))
    connection.execute(delete(log).where(log.c.calendar_id == calendar_id))
    connection.execute(delete(calendars).where(calendars.c.id == calendar_id))


def erase_account(connection: Connection, account_id: str) -> None:
    connection.execute(delete(channels).where(channels.c.account_id == account_id))
    connection.execute(delete(accounts).where(accounts.c.id == account_id))
