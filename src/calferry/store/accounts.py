"""Accounts: one Google account of a user, and the grant it gave."""

from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, or_, select, update

from calferry.store.sync_states import LeaseTerms, bound, one_of
from calferry.store.tables import accounts

LOAD = select(accounts).where(accounts.c.id == bindparam("account_id"))
# Asked before every request to Google.
USABLE_GRANT = select(accounts.c.grant_number).where(
    accounts.c.id == bindparam("account_id"), one_of(accounts.c.status, ("active", "partial"))
)


def load(connection: Connection, account_id: str) -> Any | None:
    return connection.execute(LOAD, {"account_id": account_id}).one_or_none()


def usable_grant(connection: Connection, account_id: str) -> int | None:
    """The number of the account's grant; None when the account is gone or cannot be used."""
    return connection.execute(USABLE_GRANT, {"account_id": account_id}).scalar_one_or_none()


def change(connection: Connection, account_id: str, **values: Any) -> None:
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(values))


TAKE_REFRESH = (
    update(accounts)
    .where(
        accounts.c.id == bindparam("account_id"),
        or_(
            accounts.c.refresh_owner.is_(None),
            accounts.c.refresh_boot != bindparam("boot"),
            accounts.c.refresh_until <= bound("lease_now"),
        ),
    )
    .values(refresh_owner=bindparam("owner"), refresh_boot=bindparam("boot"), refresh_until=bound("until"))
    .returning(accounts)
)


def take_refresh(connection: Connection, account_id: str, lease: LeaseTerms) -> Any | None:
    """Take the right to refresh this account's token; the row, or None while somebody else refreshes."""
    return connection.execute(TAKE_REFRESH, {"account_id": account_id, **lease.terms}).one_or_none()


def keep_refresh(connection: Connection, account_id: str, lease: LeaseTerms) -> None:
    """Heartbeat of a refresh that takes long; does nothing once somebody else has the right."""
    connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id, accounts.c.refresh_owner == lease.owner)
        .values(refresh_until=lease.until, refresh_boot=lease.boot)
    )


def finish_refresh(
    connection: Connection, account_id: str, owner: str, grant_number: int, values: dict[str, Any]
) -> bool:
    """Give the right back, and apply the outcome if the account still holds the grant that was sent."""
    connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id, accounts.c.refresh_owner == owner)
        .values(refresh_owner=None, refresh_until=None, refresh_boot=None)
    )
    if not values:
        return False
    return with_grant(connection, account_id, grant_number, values)


def with_grant(connection: Connection, account_id: str, grant_number: int, values: dict[str, Any]) -> bool:
    """Write only if the account still holds this grant; tells whether it does. The first reason given stays.

    An account that is being disconnected stays so, whatever becomes of its grant.
    """
    if values.get("status_reason") is not None:
        values = values | {"status_reason": func.coalesce(accounts.c.status_reason, values["status_reason"])}
    same_grant = and_(accounts.c.id == account_id, accounts.c.grant_number == grant_number)
    if "status" in values:
        same_grant = and_(same_grant, accounts.c.status != "closing")
    found = connection.execute(update(accounts).where(same_grant).values(values))
    return found.rowcount == 1
