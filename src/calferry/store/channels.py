"""Push channels. A row is committed before Google is asked to open the channel."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from calferry.core.channel_state import LIVE, origins
from calferry.core.google_calendar import OpenedChannel
from calferry.store.dialect import among_bound, texts
from calferry.store.sync_states import bound, one_of
from calferry.store.tables import accounts, calendars, channels
from calferry.store.tables import sync_states as states

STOPPED_AGAIN_MAX = 5


@dataclass(frozen=True, slots=True)
class NewChannel:
    id: str
    user_id: int
    account_id: str
    resource: str
    token_hash: bytes


REGISTER = channels.insert()


def register(connection: Connection, new: NewChannel, now_ms: int) -> None:
    row = {
        "id": new.id,
        "user_id": new.user_id,
        "account_id": new.account_id,
        "resource": new.resource,
        "state": "registering",
        "token_hash": new.token_hash,
        "created_at": now_ms,
    }
    connection.execute(REGISTER, row)


def load(connection: Connection, channel_id: str) -> Any | None:
    return connection.execute(select(channels).where(channels.c.id == channel_id)).one_or_none()


# Every message asks these, so they are built once: building them costs more than running them.
WITH_ACCOUNT = (
    select(channels, accounts.c.status.label("account_status"), calendars.c.removed_at)
    .join(accounts, accounts.c.id == channels.c.account_id)
    .outerjoin(calendars, calendars.c.id == channels.c.resource)
)
NOTE_PUSH = (
    update(channels)
    .where(channels.c.id == bindparam("channel_id"))
    .values(
        resource_id=bindparam("sent_for"),
        last_push_at=bound("now"),
        pushes=channels.c.pushes + 1,
    )
)
LIVE_OF = (
    select(channels)
    .where(
        channels.c.resource == bindparam("resource"),
        one_of(channels.c.state, LIVE),
        (channels.c.expires_at.is_(None)) | (channels.c.expires_at > bound("now")),
    )
    .order_by(channels.c.created_at.desc())
)


@cache
def all_for_push(dialect: str) -> Any:
    return WITH_ACCOUNT.where(among_bound(dialect, channels.c.id, "ids"))


def load_all_for_push(connection: Connection, channel_ids: Iterable[str]) -> dict[str, Any]:
    """Channels by id, each with the status of its account and whether its calendar is still there."""
    dialect = connection.dialect.name
    rows = connection.execute(all_for_push(dialect), {"ids": texts(dialect, channel_ids)})
    return {row.id: row for row in rows}


def live_of(connection: Connection, resource: str, now_ms: int) -> Any | None:
    """The newest channel of the resource that is open, or about to be."""
    return connection.execute(LIVE_OF, {"resource": resource, "now": now_ms}).first()


ACTIVATE = update(channels).where(channels.c.id == bindparam("channel_id"), channels.c.state == "registering")


def activate(connection: Connection, channel_id: str, opened: OpenedChannel, renew_at: int) -> bool:
    """The watch was answered. False when the row is gone or no longer wanted: stop the channel at once."""
    values = {
        "state": "active",
        "resource_id": opened.resource_id,
        "resource_uri": opened.resource_uri,
        "expires_at": opened.expires_at,
        "renew_at": renew_at,
    }
    return connection.execute(ACTIVATE, {"channel_id": channel_id, **values}).rowcount == 1


def settle(connection: Connection, channel_id: str, state: str) -> None:
    """Move the channel there, if that is where its own state may lead."""
    connection.execute(
        update(channels)
        .where(channels.c.id == channel_id, channels.c.state.in_(origins(state)))
        .values(state=state, renew_at=None)
    )


DRAIN_OTHERS = (
    update(channels)
    .where(
        channels.c.resource == bindparam("watched"),
        channels.c.id != bindparam("kept_id"),
        channels.c.state == "active",
    )
    .values(state="draining", renew_at=None)
    .returning(channels)
)


def drain_others(connection: Connection, resource: str, kept_id: str) -> list[Any]:
    """Every other open channel of the resource is to be stopped; returns them."""
    return list(connection.execute(DRAIN_OTHERS, {"watched": resource, "kept_id": kept_id}))


DRAIN = (
    update(channels)
    .where(channels.c.resource == bindparam("watched"), one_of(channels.c.state, LIVE))
    .values(state="draining", renew_at=None)
)
UNWATCHED = (
    update(calendars)
    .where(calendars.c.id == bindparam("watched"), calendars.c.push == "on")
    .values(push="unknown")
)


def drain(connection: Connection, calendar_id: str) -> None:
    """Nobody listens to channels of this calendar any more, not even to one that is about to open."""
    connection.execute(DRAIN, {"watched": calendar_id})
    connection.execute(UNWATCHED, {"watched": calendar_id})


def drain_account(connection: Connection, account_id: str) -> None:
    connection.execute(
        update(channels)
        .where(channels.c.account_id == account_id, channels.c.state == "active")
        .values(state="draining", renew_at=None)
    )


def take_up(connection: Connection, account_id: str, now_ms: int) -> None:
    """Channels that could not be stopped under the grant of then are to be stopped under the new one."""
    connection.execute(
        update(channels)
        .where(
            channels.c.account_id == account_id,
            channels.c.state == "failed",
            channels.c.resource_id.is_not(None),
            channels.c.expires_at > now_ms,
        )
        .values(state="draining", stop_attempts=0)
    )


def of_account(connection: Connection, account_id: str, *states: str) -> list[Any]:
    statement = select(channels).where(channels.c.account_id == account_id, channels.c.state.in_(states))
    return list(connection.execute(statement))


def note_pushes(connection: Connection, messages: Sequence[tuple[str, str, int]]) -> None:
    """Count verified messages of (channel id, resource id, time); the first one may tell the resource id before the
    watch is answered."""
    if messages:
        said = [
            {"channel_id": channel, "sent_for": resource, "now": at} for channel, resource, at in messages
        ]
        connection.execute(NOTE_PUSH, said)


def stop_again(connection: Connection, channel_id: str) -> None:
    """A message came of a channel that was stopped. Tried a few times only: stopping takes effect late."""
    connection.execute(
        update(channels)
        .where(
            channels.c.id == channel_id,
            channels.c.state == "stopped",
            channels.c.stop_attempts < STOPPED_AGAIN_MAX,
        )
        .values(state="draining", stop_attempts=channels.c.stop_attempts + 1)
    )


def abandon(connection: Connection, channel_id: str, opened: OpenedChannel | None = None) -> None:
    """Nobody waits for the channel any more: it is to be stopped, as soon as its resource id is known.

    `opened` is Google's answer, unless that was lost: then the channel may be live all the same. An answer counts although
    the channel was given up before.
    """
    unanswered = ("registering", "draining", "failed") if opened else ("registering",)
    known = {"resource_id": opened.resource_id, "expires_at": opened.expires_at} if opened else {}
    connection.execute(
        update(channels)
        .where(channels.c.id == channel_id, channels.c.state.in_(unanswered))
        .values(state="draining", **known)
    )


OVER = (
    update(channels)
    .where(
        one_of(channels.c.state, ("active", "draining")),
        channels.c.expires_at <= bound("now"),
    )
    .values(state="stopped", renew_at=None)
    .returning(channels.c.resource)
)


def expire(connection: Connection, now_ms: int) -> list[str]:
    """Close channels whose time is over; calendars left without one are polled again, at once."""
    resources = sorted(set(connection.execute(OVER, {"now": now_ms}).scalars()))
    unwatched = [resource for resource in resources if live_of(connection, resource, now_ms) is None]
    if unwatched:
        connection.execute(
            update(calendars)
            .where(calendars.c.id.in_(unwatched), calendars.c.push == "on")
            .values(push="unknown")
        )
        connection.execute(
            update(states)
            .where(states.c.id.in_(unwatched), states.c.next_due_at > now_ms)
            .values(next_due_at=now_ms)
        )
    return unwatched
