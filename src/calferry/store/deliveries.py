"""What endpoints are to be told: from the change log into lines of deliveries, which are sent in order and kept a while.

Whoever holds the lease of a subscription sends for it, and writes under its fence. The log's position and the
deliveries made of it are written in one transaction, so that nothing is lost and nothing told twice by a crash.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    exists,
    literal_column,
    or_,
    select,
    update,
)

from calferry.core.failure import LeaseLost
from calferry.core.subscription import kind_of
from calferry.store.change_reads import AS_STORED_NOW, LINE
from calferry.store.subscriptions import COLUMNS as SUBSCRIPTION
from calferry.store.subscriptions import Subscription, read
from calferry.store.sync_states import NO_LEASE, LeaseTerms, bound, comes_due, is_unleased
from calferry.store.tables import changes, deliveries, events, subscriptions, users

AHEAD_MAX = 500
"""So many changes become deliveries before the first of them has been taken; the rest waits in the log."""
# The second condition lets SQLite, which knows nothing of how many there are, take the index of what is pending: the log
# of what was delivered may be long.
PENDING = and_(deliveries.c.status == literal_column("'pending'"), deliveries.c.line >= literal_column("''"))


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message. `raw` is the event as it is stored now; `at` when it happened, in UTC milliseconds."""

    number: int
    id: str
    kind: str
    change_id: int | None
    account_id: str | None
    calendar_id: str | None
    event_id: str | None
    status: str
    attempts: int
    first_try_at: int | None
    next_try_at: int | None
    answer: int | None
    error: str | None
    at: int
    settled_at: int | None
    raw: str | None = None


LOGGED = [deliveries.c[name] for name in Delivery.__slots__ if name != "raw"]


READY = and_(
    subscriptions.c.status == "active", comes_due(subscriptions.c.next_try_at), is_unleased(subscriptions)
)
HAS_NEWS = exists().where(
    users.c.id == subscriptions.c.user_id, users.c.change_head > subscriptions.c.position
)
earlier = deliveries.alias("earlier")
IN_LINE = exists().where(
    earlier.c.status == literal_column("'pending'"),
    earlier.c.subscription_id == deliveries.c.subscription_id,
    earlier.c.line == deliveries.c.line,
    earlier.c.number < deliveries.c.number,
)
HAS_WORK = exists().where(
    PENDING,
    deliveries.c.subscription_id == subscriptions.c.id,
    comes_due(deliveries.c.next_try_at),
    ~IN_LINE,
)
# Asked every second, and building it costs more than running it.
DUE = (
    select(subscriptions.c.id)
    .where(READY, or_(HAS_NEWS, HAS_WORK))
    .order_by(subscriptions.c.fence, subscriptions.c.id)
)
TAKE = (
    update(subscriptions)
    .where(subscriptions.c.id == bindparam("subscription_id"), READY)
    .values(
        lease_owner=bindparam("owner"),
        lease_boot=bindparam("boot"),
        lease_until=bound("until"),
        fence=subscriptions.c.fence + 1,
    )
    .returning(*SUBSCRIPTION)
)


def due(connection: Connection, now_ms: int, lease: LeaseTerms) -> list[str]:
    """Subscriptions that something is to be sent for now, those first that had their turn least often."""
    terms = {"now": now_ms, "boot": lease.boot, "lease_now": lease.now}
    return list(connection.execute(DUE, terms).scalars())


def take(connection: Connection, subscription_id: str, lease: LeaseTerms, now_ms: int) -> Subscription | None:
    """Take the right to send for it, if there may be sent now; its fence moves on."""
    asked = {"subscription_id": subscription_id, "now": now_ms, **lease.terms}
    row = connection.execute(TAKE, asked).one_or_none()
    return None if row is None else read(connection, row, now_ms)


def under_fence(held: Subscription) -> ColumnElement[bool]:
    return and_(subscriptions.c.id == held.id, subscriptions.c.fence == held.fence)


def write(connection: Connection, held: Subscription, values: dict[str, Any]) -> None:
    """Write to the subscription under the fence. Raises `LeaseLost`."""
    if connection.execute(update(subscriptions).where(under_fence(held)).values(values)).rowcount != 1:
        raise LeaseLost(held.id)


@dataclass(frozen=True, slots=True)
class Facts:
    failures: int
    last_success_at: int | None


def facts(connection: Connection, held: Subscription) -> Facts:
    """As they stand now. Raises `LeaseLost`."""
    statement = select(subscriptions.c.failures, subscriptions.c.last_success_at).where(under_fence(held))
    row = connection.execute(statement.with_for_update()).one_or_none()
    if row is None:
        raise LeaseLost(held.id)
    return Facts(*row)


def release(connection: Connection, held: Subscription) -> None:
    connection.execute(update(subscriptions).where(under_fence(held)).values(NO_LEASE))


def set_fate(connection: Connection, number: int, values: dict[str, Any]) -> None:
    """Write what became of an attempt."""
    connection.execute(update(deliveries).where(deliveries.c.number == number).values(values))


def count_pending(connection: Connection, subscription_id: str, at_most: int) -> int:
    some = select(deliveries.c.number).where(PENDING, deliveries.c.subscription_id == subscription_id)
    return len(connection.execute(some.limit(at_most)).all())


def take_news(connection: Connection, held: Subscription, now_ms: int) -> None:
    """Make deliveries of what the log has for the subscription, some way ahead of what has been taken."""
    room = AHEAD_MAX - count_pending(connection, held.id, AHEAD_MAX)
    if room <= 0:
        return
    bounds = select(subscriptions.c.position, users.c.change_floor, users.c.change_head)
    joined = bounds.join(users, users.c.id == subscriptions.c.user_id).where(subscriptions.c.id == held.id)
    position, floor, head = connection.execute(joined).one()
    if position == head:
        return
    if not floor <= position <= head:
        add(connection, [reset(held, head, now_ms)])
        write(connection, held, {"position": head})
        return
    log = (
        select(*LINE)
        .where(changes.c.user_id == held.user_id, changes.c.id > position)
        .order_by(changes.c.id)
        .limit(room)
    )
    found = connection.execute(log).all()
    told = [row_of(held, change) for change in found]
    add(connection, [row for row in told if row["kind"] in held.wanted])
    write(connection, held, {"position": found[-1].id if found else head})


def row_of(held: Subscription, change: Any) -> dict[str, Any]:
    return {
        "id": f"msg_{held.id.removeprefix('sub_')}_{change.id}",
        "user_id": held.user_id,
        "subscription_id": held.id,
        "kind": kind_of(change.kind, moved=change.moved),
        "line": f"{change.calendar_id}/{change.event_id or ''}",
        "change_id": change.id,
        "calendar_id": change.calendar_id,
        "event_id": change.event_id,
        "account_id": None,
        "status": "pending",
        "at": change.at,
    }


def reset(held: Subscription, head: int, now_ms: int) -> dict[str, Any]:
    """The log does not go back to where the subscription stood."""
    nothing = dict.fromkeys(("calendar_id", "event_id", "account_id"))
    own = {"user_id": held.user_id, "subscription_id": held.id, "kind": "sync.reset", "line": "sync.reset"}
    name = f"msg_{held.id.removeprefix('sub_')}_reset_{head}_{held.fence}"
    return {**nothing, **own, "id": name, "change_id": head, "status": "pending", "at": now_ms}


def add(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(deliveries.insert(), list(rows))


NEXT = (
    select(*LOGGED)
    .where(
        PENDING,
        deliveries.c.subscription_id == bindparam("subscription_id"),
        comes_due(deliveries.c.next_try_at),
        ~IN_LINE,
    )
    .order_by(deliveries.c.number)
    .limit(bound("at_most"))
)
RAW = (
    select(changes.c.id, events.c.raw)
    .select_from(AS_STORED_NOW)
    .where(
        changes.c.user_id == bindparam("user_id"), changes.c.id.in_(bindparam("change_ids", expanding=True))
    )
)


def next_ones(connection: Connection, held: Subscription, now_ms: int, at_most: int) -> list[Delivery]:
    """The first of each line that may be sent now, oldest first, each with its event."""
    asked = {"subscription_id": held.id, "now": now_ms, "at_most": at_most}
    rows = connection.execute(NEXT, asked).all()
    numbers = [row.change_id for row in rows if row.event_id is not None]
    raw: dict[int, str | None] = {}
    if numbers:
        found = connection.execute(RAW, {"user_id": held.user_id, "change_ids": numbers})
        raw = {row.id: row.raw for row in found}
    return [replace(Delivery(*row), raw=raw.get(row.change_id)) for row in rows]


def log_of(
    connection: Connection,
    user_id: int,
    subscription_id: str,
    *,
    before: int | None,
    status: str | None,
    at_most: int,
) -> list[Delivery]:
    """Newest first, from before a number."""
    wanted = [deliveries.c.user_id == user_id, deliveries.c.subscription_id == subscription_id]
    if before is not None:
        wanted.append(deliveries.c.number < before)
    if status is not None:
        wanted.append(deliveries.c.status == status)
    statement = select(*LOGGED).where(*wanted).order_by(deliveries.c.number.desc()).limit(at_most)
    return [Delivery(*row) for row in connection.execute(statement)]


def load(connection: Connection, user_id: int, subscription_id: str, delivery_id: str) -> Delivery | None:
    own = and_(
        deliveries.c.user_id == user_id,
        deliveries.c.subscription_id == subscription_id,
        deliveries.c.id == delivery_id,
    )
    row = connection.execute(select(*LOGGED).where(own)).one_or_none()
    return None if row is None else Delivery(*row)


AGAIN: dict[str, Any] = {
    "status": "pending",
    "attempts": 0,
    "first_try_at": None,
    "next_try_at": None,
    "settled_at": None,
}
"""To be sent once more, under the same id."""


def delete_settled(connection: Connection, settled_before_ms: int) -> int:
    """What lasts stays, so that it is not told again."""
    old = and_(deliveries.c.settled_at < settled_before_ms, deliveries.c.lasting.is_(False))
    return connection.execute(delete(deliveries).where(old)).rowcount
