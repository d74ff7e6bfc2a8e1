"""What may run, and what has been neglected: for the scan that starts runs, for duties and the cron routes."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    bindparam,
    func,
    or_,
    select,
)

from calferry.core.channel_state import LIVE
from calferry.core.limits import RUN_SPACING_MS, WAIT_MAX_MS
from calferry.store.sync_states import LeaseTerms, bound, one_of
from calferry.store.tables import accounts, calendars, channels, sync_states

WORKING_ACCOUNT = ("active", "partial")
RUNNABLE = ("idle", "syncing")


BOOT: Any = bindparam("boot", type_=String)
LEASE_NOW = LeaseTerms("", BOOT, bound("lease_now"))
"""What is known of a lease only when the statement runs."""


def is_ready(now_ms: int) -> ColumnElement[bool]:
    """Its account works and has quota, it did not run just now, and no backoff holds it.

    The lease is refused for the same reasons, so the worker would try in vain again and again. A time too far
    ahead is left from another clock.
    """
    return and_(
        one_of(accounts.c.status, WORKING_ACCOUNT),
        or_(
            accounts.c.quota_until.is_(None),
            accounts.c.quota_until <= now_ms,
            accounts.c.quota_until > now_ms + WAIT_MAX_MS,
        ),
        one_of(sync_states.c.status, RUNNABLE),
        or_(
            sync_states.c.last_attempt_at.is_(None),
            sync_states.c.last_attempt_at <= now_ms - RUN_SPACING_MS,
            sync_states.c.last_attempt_at > now_ms + RUN_SPACING_MS,
        ),
        or_(
            sync_states.c.not_before_at.is_(None),
            sync_states.c.not_before_at <= now_ms,
            sync_states.c.not_before_at > now_ms + WAIT_MAX_MS,
        ),
    )


def is_free(lease: LeaseTerms) -> ColumnElement[bool]:
    return or_(sync_states.c.lease_owner.is_(None), is_over(lease))


def is_over(lease: LeaseTerms) -> ColumnElement[bool]:
    """Its holder stopped renewing, or the machine was started again since."""
    return or_(sync_states.c.lease_until <= lease.now, sync_states.c.lease_boot != lease.boot)


def is_wanted() -> ColumnElement[bool]:
    return or_(
        sync_states.c.kind == "calendar_list", and_(calendars.c.selected, calendars.c.removed_at.is_(None))
    )


STALE = (
    select(calendars.c.id)
    .join(sync_states, sync_states.c.id == calendars.c.id)
    .join(accounts, accounts.c.id == calendars.c.account_id)
    .where(
        calendars.c.selected,
        calendars.c.removed_at.is_(None),
        ~one_of(accounts.c.status, ("paused", "closing")),
        sync_states.c.status != "halted",
        or_(
            sync_states.c.last_success_at.is_(None),
            sync_states.c.last_success_at < bound("older_than"),
            sync_states.c.page_token.is_not(None),
            sync_states.c.dirty_seq > sync_states.c.clean_seq,
        ),
    )
    .order_by(func.coalesce(sync_states.c.last_attempt_at, 0), calendars.c.id)
)


def stale(connection: Connection, older_than_ms: int) -> list[str]:
    """Mirrored calendars without a recent success, in the middle of a pass or marked; the longest neglected first."""
    return list(connection.execute(STALE, {"older_than": older_than_ms}).scalars())


def without_channel(connection: Connection, now_ms: int, checked_before_ms: int, at_most: int) -> list[str]:
    """Mirrored calendars that have no live channel; one that cannot be watched only after a while."""
    terms = {"now": now_ms, "checked_before": checked_before_ms, "at_most": at_most}
    return list(connection.execute(calendars_without_channel(), terms).scalars())


@cache
def calendars_without_channel() -> Select[Any]:
    live = select(channels.c.id).where(
        channels.c.resource == calendars.c.id,
        one_of(channels.c.state, LIVE),
        or_(channels.c.expires_at.is_(None), channels.c.expires_at > bound("now")),
    )
    return (
        select(calendars.c.id)
        .join(accounts, accounts.c.id == calendars.c.account_id)
        .join(sync_states, sync_states.c.id == calendars.c.id)
        .where(
            calendars.c.selected,
            calendars.c.removed_at.is_(None),
            one_of(accounts.c.status, WORKING_ACCOUNT),
            one_of(sync_states.c.status, RUNNABLE),
            or_(calendars.c.push_checked_at.is_(None), calendars.c.push_checked_at < bound("checked_before")),
            ~live.exists(),
        )
        .order_by(func.coalesce(calendars.c.push_checked_at, 0), calendars.c.id)
        .limit(bound("at_most"))
    )


def lists_without_channel(
    connection: Connection, now_ms: int, checked_before_ms: int, at_most: int
) -> list[str]:
    """Accounts with mirrored calendars whose calendar list has no live channel; after a refusal only after a while."""
    terms = {"now": now_ms, "checked_before": checked_before_ms, "at_most": at_most}
    return list(connection.execute(accounts_without_channel(), terms).scalars())


@cache
def accounts_without_channel() -> Select[Any]:
    live = select(channels.c.id).where(
        channels.c.resource == accounts.c.id,
        one_of(channels.c.state, LIVE),
        or_(channels.c.expires_at.is_(None), channels.c.expires_at > bound("now")),
    )
    mirrored = select(calendars.c.id).where(
        calendars.c.account_id == accounts.c.id, calendars.c.selected, calendars.c.removed_at.is_(None)
    )
    checked_at = accounts.c.list_push_checked_at
    return (
        select(accounts.c.id)
        .join(sync_states, sync_states.c.id == accounts.c.id)
        .where(
            one_of(accounts.c.status, WORKING_ACCOUNT),
            one_of(sync_states.c.status, RUNNABLE),
            or_(checked_at.is_(None), checked_at < bound("checked_before")),
            mirrored.exists(),
            ~live.exists(),
        )
        .order_by(func.coalesce(checked_at, 0), accounts.c.id)
        .limit(bound("at_most"))
    )


@dataclass(frozen=True, slots=True)
class Renewable:
    """A channel to be replaced; `is_list`: it is about an account's calendar list."""

    id: str
    is_list: bool


RENEWABLE = (
    select(channels.c.id, channels.c.resource == channels.c.account_id)
    .join(accounts, accounts.c.id == channels.c.account_id)
    .where(
        channels.c.state == "active",
        one_of(accounts.c.status, WORKING_ACCOUNT),
        or_(channels.c.renew_at <= bound("now"), channels.c.expires_at <= bound("expires_before")),
    )
    .order_by(channels.c.expires_at, channels.c.id)
    .limit(bound("at_most"))
)


def renewable_channels(
    connection: Connection, now_ms: int, expires_before_ms: int, at_most: int
) -> list[Renewable]:
    """Active channels whose renewal time has come, or that end soon; the first to end comes first."""
    terms = {"now": now_ms, "expires_before": expires_before_ms, "at_most": at_most}
    return [Renewable(*row) for row in connection.execute(RENEWABLE, terms)]
