"""What channels are about: the events of a calendar, or an account's list of calendars.

Both are named as their sync states are: by the calendar's id, and by the account's.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, case, exists, func, select

from calferry.core.model import AccountId
from calferry.store import accounts as account_rows
from calferry.store import calendars as calendar_rows
from calferry.store.due import RUNNABLE, WORKING_ACCOUNT
from calferry.store.tables import accounts, calendars, sync_states


@dataclass(frozen=True, slots=True)
class Watched:
    """A resource that exists; times are UTC milliseconds."""

    id: str
    user_id: int
    account_id: AccountId
    google_id: str | None
    """None: the calendar list."""
    is_wanted: bool
    """Whether it is mirrored; a calendar list is while any of its calendars is."""
    is_usable: bool
    """Whether its account works and nothing holds it up."""
    push: str
    push_checked_at: int | None

    @property
    def is_list(self) -> bool:
        return self.google_id is None


IS_LIST = sync_states.c.kind == "calendar_list"
MIRRORED = exists().where(
    calendars.c.account_id == accounts.c.id, calendars.c.selected, calendars.c.removed_at.is_(None)
)
of_calendar = calendars.alias("of_calendar")
LOAD = (
    select(
        sync_states.c.id,
        sync_states.c.user_id,
        sync_states.c.account_id,
        of_calendar.c.google_id,
        case((IS_LIST, MIRRORED), else_=of_calendar.c.selected),
        accounts.c.status.in_(WORKING_ACCOUNT) & sync_states.c.status.in_(RUNNABLE),
        func.coalesce(of_calendar.c.push, "unknown"),
        case((IS_LIST, accounts.c.list_push_checked_at), else_=of_calendar.c.push_checked_at),
    )
    .select_from(
        sync_states.join(accounts, accounts.c.id == sync_states.c.account_id).outerjoin(
            of_calendar, of_calendar.c.id == sync_states.c.id
        )
    )
    .where(sync_states.c.id == bindparam("resource"))
)


def load(connection: Connection, resource: str) -> Watched | None:
    """None when it is gone, or has left the list."""
    row = connection.execute(LOAD, {"resource": resource}).one_or_none()
    return None if row is None else Watched(*row)


def note_push(connection: Connection, watched: Watched, push: str | None, checked_at: int | None) -> None:
    """Remember whether Google lets us watch it, and when it last refused. `push` None: as it was."""
    if watched.is_list:
        account_rows.change(connection, watched.id, list_push_checked_at=checked_at)
        return
    values = {"push_checked_at": checked_at} | ({} if push is None else {"push": push})
    calendar_rows.change(connection, watched.id, **values)
