"""Erasing what belongs to an account, and people who have none left."""

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, or_, select, update

from calferry.core.model import CalendarId
from calferry.store import audit, changes
from calferry.store.tables import (
    accounts,
    api_tokens,
    calendar_feeds,
    calendars,
    channels,
    conflicts,
    deliveries,
    events,
    intents,
    projections,
    quarantine,
    quota_spent,
    sessions,
    sign_ins,
    subscription_secrets,
    subscriptions,
    sync_requests,
    sync_states,
    users,
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
    for table in (quarantine, intents, conflicts, deliveries, calendar_feeds):
        connection.execute(delete(table).where(table.c.calendar_id == calendar_id))
    connection.execute(delete(projections).where(projections.c.calendar_id == calendar_id))
    connection.execute(delete(log).where(log.c.calendar_id == calendar_id))
    connection.execute(delete(calendars).where(calendars.c.id == calendar_id))


def erase_account(connection: Connection, account_id: str, now_ms: int) -> None:
    """Erase the account itself. Who has none left is remembered for a while, to connect another one."""
    owner = connection.execute(select(accounts.c.user_id).where(accounts.c.id == account_id)).scalar()
    for table in (channels, sign_ins, deliveries):
        connection.execute(delete(table).where(table.c.account_id == account_id))
    connection.execute(delete(quota_spent).where(quota_spent.c.scope == account_id))
    gone = connection.execute(delete(accounts).where(accounts.c.id == account_id)).rowcount
    if not gone:
        return
    audit.add(connection, "account_erased", now_ms, user_id=owner, subject=account_id)
    has_left = and_(users.c.id == owner, ~has_account())
    connection.execute(update(users).where(has_left).values(left_at=now_ms))


def has_account() -> ColumnElement[bool]:
    return exists().where(accounts.c.user_id == users.c.id)


def people_who_left(connection: Connection, before_ms: int) -> list[int]:
    """Who has had no account since then."""
    statement = select(users.c.id).where(users.c.left_at < before_ms, ~has_account())
    return list(connection.execute(statement).scalars())


OF_THE_PERSON = (
    sessions,
    api_tokens,
    sign_ins,
    sync_requests,
    calendar_feeds,
    subscriptions,
    subscription_secrets,
    deliveries,
)


def erase_person(connection: Connection, user_id: int, now_ms: int) -> bool:
    """End every session and token and forget who it was. The number stays taken: it must never be somebody else's.

    Nothing happens to who has an account again.
    """
    erased = {"email": f"erased:{user_id}", "google_sub": None, "left_at": None, "sync_accepted_at": None}
    nobody = and_(users.c.id == user_id, ~has_account())
    if connection.execute(update(users).where(nobody).values(erased)).rowcount == 0:
        return False
    for table in (*OF_THE_PERSON, log):
        connection.execute(delete(table).where(table.c.user_id == user_id))
    audit.add(connection, "person_erased", now_ms, user_id=user_id)
    return True
