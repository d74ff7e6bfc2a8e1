"""Accounts: one Google account of a user, and the grant it gave."""

from typing import Any

from sqlalchemy import Connection, bindparam, func, or_, select, update

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


CHANGE = update(accounts).where(accounts.c.id == bindparam("account_id"))


def change(connection: Connection, account_id: str, **values: Any) -> None:
    connection.execute(CHANGE, {"account_id": account_id, **values})


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


GIVE_BACK = CHANGE.where(accounts.c.refresh_owner == bindparam("owner")).values(
    refresh_owner=None, refresh_until=None, refresh_boot=None
)


def finish_refresh(
    connection: Connection, account_id: str, owner: str, grant_number: int, values: dict[str, Any]
) -> bool:
    """Give the right back, and apply the outcome if the account still holds the grant that was sent."""
    connection.execute(GIVE_BACK, {"account_id": account_id, "owner": owner})
    if not values:
        return False
    return with_grant(connection, account_id, grant_number, values)


SAME_GRANT = CHANGE.where(accounts.c.grant_number == bound("held_grant"))
UNLESS_CLOSING = SAME_GRANT.where(accounts.c.status != "closing")


def with_grant(connection: Connection, account_id: str, grant_number: int, values: dict[str, Any]) -> bool:
    """Write only if the account still holds this grant; tells whether it does. The first reason given stays.

    An account that is being disconnected stays so, whatever becomes of its grant.
    """
    statement = UNLESS_CLOSING if "status" in values else SAME_GRANT
    if values.get("status_reason") is not None:
        reason = func.coalesce(accounts.c.status_reason, values["status_reason"])
        statement = statement.values(status_reason=reason)
        values = {name: value for name, value in values.items() if name != "status_reason"}
    held = {"account_id": account_id, "held_grant": grant_number}
    return connection.execute(statement, {**held, **values}).rowcount == 1
