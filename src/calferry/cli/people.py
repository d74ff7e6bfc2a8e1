"""From an address on the command line to the rows that belong to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, func, or_, select

from calferry.cli.endings import CommandFailed
from calferry.ports import Store
from calferry.settings import Settings
from calferry.store import account_reads, users
from calferry.store.account_reads import CalendarRow
from calferry.store.tables import accounts
from calferry.store.tables import users as users_table

UNKNOWN = (
    "Nobody known here has the address {email}: sign in on the page, or use `calferry accounts add {email}`."
)


def nothing_in(settings: Settings, what: str) -> str:
    """A sentence for an installation without accounts; somebody else's settings lead to another database."""
    place = settings.database_address.removeprefix("sqlite:///")
    return f"No {what} is known in {place}: sign in on the page, or use `calferry accounts add EMAIL`."


@dataclass(frozen=True, slots=True)
class Account:
    """One connected Google account."""

    id: str
    user_id: int
    email: str
    status: str


def accounts_of_address(connection: Connection, email: str | None) -> list[Account]:
    """The accounts of that Google address, and those of the user who signs in with it; None: everybody's."""
    statement = (
        select(accounts.c.id, accounts.c.user_id, accounts.c.email, accounts.c.status)
        .join(users_table, users_table.c.id == accounts.c.user_id)
        .where(accounts.c.status != "closing")
        .order_by(accounts.c.email, accounts.c.id)
    )
    if email is not None:
        address = email.lower()
        mine = or_(func.lower(accounts.c.email) == address, func.lower(users_table.c.email) == address)
        statement = statement.where(mine)
    return [Account(*row) for row in connection.execute(statement)]


async def known_accounts(store: Store, email: str) -> list[Account]:
    """Raises CommandFailed when there are none."""
    found = await store.read(lambda connection: accounts_of_address(connection, email))
    if not found:
        raise CommandFailed(UNKNOWN.format(email=email))
    return found


async def known_user(store: Store, email: str) -> users.User:
    """Raises CommandFailed when nobody has that address."""
    user = await store.read(lambda connection: users.by_email(connection, email))
    if user is None:
        raise CommandFailed(UNKNOWN.format(email=email))
    return user


async def calendars_of_accounts(store: Store, found: list[Account]) -> list[CalendarRow]:
    """Every calendar of these accounts."""
    account_ids = {account.id for account in found}
    calendars: list[CalendarRow] = []
    for user_id in sorted({account.user_id for account in found}):
        owned = await store.read(partial(account_reads.calendars_of, user_id=user_id))
        calendars += [calendar for calendar in owned if calendar.account_id in account_ids]
    return calendars


def choose(known: Sequence[CalendarRow], named: Sequence[str]) -> list[CalendarRow]:
    """The calendars named, else those selected, else all. Raises CommandFailed for one that nobody has."""
    if not named:
        return [calendar for calendar in known if calendar.selected] or list(known)
    unknown = [name for name in named if not any(name in names_of(calendar) for calendar in known)]
    if unknown:
        raise CommandFailed(
            f"There is no calendar {', '.join(unknown)} in this account; `calferry status --json` names them all."
        )
    return [calendar for calendar in known if names_of(calendar) & set(named)]


def names_of(calendar: CalendarRow) -> set[str]:
    """What a calendar may be called on the command line."""
    return {calendar.id, calendar.google_id} | ({"primary"} if calendar.is_primary else set())
