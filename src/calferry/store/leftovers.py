"""What crashes leave behind: expired leases, channels half opened or half closed."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, union, update

from calferry.core.limits import CHANNEL_REGISTERING_MS
from calferry.core.scopes import status_for
from calferry.store.due import LEASE_NOW, is_over
from calferry.store.sync_states import NO_LEASE, LeaseTerms, bound, one_of, resume_account
from calferry.store.tables import accounts, channels, intents, subscriptions, sync_states


@dataclass(frozen=True, slots=True)
class DrainingChannel:
    """A channel that Google may still deliver to and that is to be stopped."""

    id: str
    account_id: str
    resource_id: str | None
    expires_at: int | None
    stop_attempts: int


# Every process runs these every minute, and building them costs more than running them.
FREE_EXPIRED = (
    update(sync_states)
    .where(sync_states.c.lease_owner.is_not(None), is_over(LEASE_NOW))
    .where(one_of(sync_states.c.status, ("idle", "syncing")))
    .values({**NO_LEASE, "status": "idle", "next_due_at": bound("now")})
)
DISABLED = (
    select(accounts.c.id, accounts.c.scopes)
    .join(sync_states, sync_states.c.id == accounts.c.id)
    .where(accounts.c.status == "calendar_disabled", sync_states.c.last_error_at < bound("blocked_before"))
)
OLDER = bound("older_than")
DRAIN_HALF_OPEN = (
    update(channels)
    .where(
        channels.c.state == "registering",
        or_(
            channels.c.created_at < OLDER,
            channels.c.created_at > OLDER + 2 * CHANNEL_REGISTERING_MS,
        ),
    )
    .values(state="draining")
)
DRAINING = (
    select(*(channels.c[name] for name in DrainingChannel.__slots__))
    .where(channels.c.state == "draining")
    .order_by(channels.c.stop_attempts, channels.c.id)
    .limit(bound("at_most"))
)


SYNCING, REFRESHING = sync_states.c.lease_owner, accounts.c.refresh_owner
SENDING, DELIVERING = intents.c.lease_owner, subscriptions.c.lease_owner
LEASE_OWNERS = union(
    *(select(owner).where(owner.is_not(None)) for owner in (SYNCING, REFRESHING, SENDING, DELIVERING))
)
GONE: Any = bindparam("owners", expanding=True)
FREE_LEASES_OF = (
    update(sync_states).where(SYNCING.in_(GONE)).values(lease_until=0),
    update(accounts).where(REFRESHING.in_(GONE)).values(refresh_until=0),
    update(intents).where(SENDING.in_(GONE)).values(lease_until=0),
    update(subscriptions).where(DELIVERING.in_(GONE)).values(lease_until=0),
)


def free_expired_leases(connection: Connection, lease: LeaseTerms, now_ms: int) -> int:
    """Leases whose holder is gone: their resources are due now. Returns how many."""
    terms = {"now": now_ms, "lease_now": lease.now, "boot": lease.boot}
    return connection.execute(FREE_EXPIRED, terms).rowcount


def retry_disabled_accounts(connection: Connection, blocked_before_ms: int, now_ms: int) -> int:
    """Accounts for which Google Calendar was switched off may have it now. Returns how many are tried again."""
    rows = list(connection.execute(DISABLED, {"blocked_before": blocked_before_ms}))
    for row in rows:
        values = {"status": status_for(row.scopes.split()), "status_reason": None}
        connection.execute(update(accounts).where(accounts.c.id == row.id).values(values))
        resume_account(connection, row.id, now_ms)
    return len(rows)


def lease_owners(connection: Connection) -> list[str]:
    """Who holds a lease of any kind."""
    return sorted(connection.execute(LEASE_OWNERS).scalars())


def free_leases_of(connection: Connection, owners: list[str]) -> None:
    """End the leases of processes that are known to be gone. Their fences still stand against them."""
    for statement in FREE_LEASES_OF:
        connection.execute(statement, {"owners": owners})


def drain_half_open_channels(connection: Connection, older_than_ms: int) -> int:
    """Channels whose opening was never finished count as open and are to be stopped. Returns how many.

    One that was begun in the future is left from a clock that was set back.
    """
    return connection.execute(DRAIN_HALF_OPEN, {"older_than": older_than_ms}).rowcount


def draining_channels(connection: Connection, at_most: int) -> list[DrainingChannel]:
    return [DrainingChannel(*row) for row in connection.execute(DRAINING, {"at_most": at_most})]


def count_stop_attempt(connection: Connection, channel_id: str) -> None:
    connection.execute(
        update(channels).where(channels.c.id == channel_id).values(stop_attempts=channels.c.stop_attempts + 1)
    )
