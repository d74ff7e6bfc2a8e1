"""Intents: what was accepted and is on its way to Google, or has been there.

Whoever holds the lease of one sends it, and writes under its fence.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)

from calferry.core.event_json import parsed
from calferry.core.failure import LeaseLost
from calferry.core.intent import Intent
from calferry.core.merge import apply
from calferry.store.dialect import among_bound, texts
from calferry.store.sync_states import NO_LEASE, LeaseTerms, bound, comes_due, is_unleased, one_of
from calferry.store.tables import accounts, calendars, intents, sync_states

# As the partial index has it.
UNSETTLED = or_(intents.c.status == literal_column("'pending'"), intents.c.done_mark.is_not(None))
PENDING = intents.c.status == literal_column("'pending'")
COLUMNS = [intents.c[name] for name in Intent.__slots__]


@cache
def showing(dialect: str, of_events: bool) -> Any:
    """The statement of `shown`: every reading of events begins with it."""
    conditions = [
        UNSETTLED,
        among_bound(dialect, intents.c.calendar_id, "calendars"),
        or_(intents.c.status == "pending", intents.c.done_mark > sync_states.c.clean_seq),
    ]
    if of_events:
        conditions.append(among_bound(dialect, intents.c.event_id, "events"))
    joined = select(*COLUMNS).join(sync_states, sync_states.c.id == intents.c.calendar_id)
    return joined.where(*conditions).order_by(intents.c.number)


def shown(
    connection: Connection, calendar_ids: Iterable[str], event_ids: Iterable[str] | None = None
) -> list[Intent]:
    """What readers are to see over the rows of these calendars, or of some of their events, oldest first.

    That is what is pending, and what Google has done as long as no pass has begun since.
    """
    dialect = connection.dialect.name
    terms = {"calendars": texts(dialect, calendar_ids)}
    if event_ids is not None:
        terms["events"] = texts(dialect, event_ids)
    return [Intent(*row) for row in connection.execute(showing(dialect, event_ids is not None), terms)]


ADD = intents.insert()


def add(connection: Connection, **values: Any) -> None:
    connection.execute(ADD, {"status": "pending", **values})


LOAD = select(*COLUMNS).where(
    intents.c.user_id == bindparam("user_id"), intents.c.id == bindparam("intent_id")
)


def load(connection: Connection, user_id: int, intent_id: str) -> Intent | None:
    """The user's intent of that id."""
    row = connection.execute(LOAD, {"user_id": user_id, "intent_id": intent_id}).one_or_none()
    return None if row is None else Intent(*row)


WITH_KEY = select(*COLUMNS, intents.c.request_hash).where(
    intents.c.user_id == bindparam("user_id"), intents.c.idempotency_key == bindparam("key")
)


def with_key(connection: Connection, user_id: int, key: str) -> tuple[Intent, bytes] | None:
    """The user's intent that was accepted under this idempotency key, and the hash of its request."""
    row = connection.execute(WITH_KEY, {"user_id": user_id, "key": key}).one_or_none()
    return None if row is None else (Intent(*row[:-1]), row[-1])


COUNT_PENDING = select(func.count()).where(PENDING, intents.c.calendar_id == bindparam("calendar_id"))


def count_pending(connection: Connection, calendar_id: str) -> int:
    return int(connection.execute(COUNT_PENDING, {"calendar_id": calendar_id}).scalar_one())


IS_FREE = is_unleased(intents)


def ready() -> ColumnElement[bool]:
    """What may be sent `now`: the first of its line, after what it comes after, for an account that works."""
    earlier, first = intents.alias("earlier"), intents.alias("first")
    in_line = exists().where(
        earlier.c.status == literal_column("'pending'"),
        earlier.c.calendar_id == intents.c.calendar_id,
        earlier.c.line_id == intents.c.line_id,
        earlier.c.number < intents.c.number,
    )
    waits = exists().where(first.c.id == intents.c.after_id, first.c.status != "done")
    reachable = exists().where(
        accounts.c.id == intents.c.account_id,
        one_of(accounts.c.status, ("active", "partial")),
        calendars.c.id == intents.c.calendar_id,
        calendars.c.removed_at.is_(None),
        sync_states.c.id == intents.c.calendar_id,
        sync_states.c.status != "halted",
    )
    due = comes_due(intents.c.next_try_at)
    return and_(PENDING, due, IS_FREE, ~in_line, ~waits, reachable)


# Built once: asked every other second, and building them costs more than running them.
READY = ready()
DUE = (
    select(intents.c.id)
    .where(READY)
    .order_by(intents.c.next_try_at, intents.c.number)
    .limit(bound("at_most"))
)
KNOWN = select(intents.c.uncertain).where(intents.c.id == bindparam("intent_id")).with_for_update()
TAKE = (
    update(intents)
    .where(intents.c.id == bindparam("intent_id"), READY)
    .values(
        lease_owner=bindparam("owner"),
        lease_boot=bindparam("boot"),
        lease_until=bound("until"),
        fence=intents.c.fence + 1,
        attempts=intents.c.attempts + 1,
        uncertain=True,
    )
    .returning(*COLUMNS)
)


def due(connection: Connection, now_ms: int, lease: LeaseTerms, at_most: int) -> list[str]:
    """Ids of intents to send now, those that have waited longest first."""
    terms = {"now": now_ms, "boot": lease.boot, "lease_now": lease.now, "at_most": at_most}
    return list(connection.execute(DUE, terms).scalars())


def take(connection: Connection, intent_id: str, lease: LeaseTerms, now_ms: int) -> Intent | None:
    """Take the right to send it, if it may be sent now; the fence moves on, and `attempts` counts this one.

    From now on nobody knows whether Google has it. What is returned says whether that was so before.
    """
    uncertain = connection.execute(KNOWN, {"intent_id": intent_id}).scalar_one_or_none()
    row = connection.execute(TAKE, {"intent_id": intent_id, "now": now_ms, **lease.terms}).one_or_none()
    return None if row is None else replace(Intent(*row), uncertain=bool(uncertain))


CHANGE = update(intents).where(
    intents.c.id == bindparam("intent_id"), intents.c.fence == bound("held_fence"), PENDING
)


def change(connection: Connection, intent: Intent, values: dict[str, Any]) -> None:
    """Write under the fence. Raises `LeaseLost`."""
    held = {"intent_id": intent.id, "held_fence": intent.fence}
    if connection.execute(CHANGE, {**held, **values}).rowcount != 1:
        raise LeaseLost(intent.id)


def keep(connection: Connection, intent: Intent, lease: LeaseTerms) -> None:
    """Heartbeat. Raises `LeaseLost`."""
    change(connection, intent, {"lease_until": lease.until, "lease_boot": lease.boot})


def settle(connection: Connection, intent: Intent, now_ms: int, values: dict[str, Any]) -> None:
    """Write what became of it and give the lease back. Raises `LeaseLost`."""
    change(connection, intent, {**NO_LEASE, "next_try_at": None, "settled_at": now_ms, **values})


BEHIND = (
    select(intents.c.number, intents.c.changes)
    .where(
        PENDING,
        intents.c.calendar_id == bindparam("calendar_id"),
        intents.c.event_id == bindparam("event_id"),
        intents.c.number > bound("number"),
    )
    .order_by(intents.c.number)
)
REBASE = update(intents).where(intents.c.number == bound("own_number"))


def rebase(connection: Connection, intent: Intent, raw: str | None, etag: str | None) -> None:
    """The next edit of the same event that waits is made on that version, and each one after it on the one before."""
    line = {"calendar_id": intent.calendar_id, "event_id": intent.event_id, "number": intent.number}
    for number, changes in connection.execute(BEHIND, line).all():
        connection.execute(REBASE, {"own_number": number, "base_raw": raw, "base_etag": etag})
        made = None if raw is None else apply(parsed(raw), parsed(changes))
        raw, etag = None if made is None else msgspec.json.encode(made).decode(), None


GIVE_UP_FOLLOWERS = update(intents).where(PENDING, intents.c.after_id == bindparam("first_id"))


def give_up_followers(connection: Connection, intent: Intent, values: dict[str, Any]) -> None:
    """What was to come after this one does not come."""
    given_up = {**NO_LEASE, "next_try_at": None, **values}
    connection.execute(GIVE_UP_FOLLOWERS, {"first_id": intent.id, **given_up})


def cancel(connection: Connection, user_id: int, intent_id: str, lease: LeaseTerms, now_ms: int) -> bool:
    """Take a pending intent back; False once Google may have been asked, or something else waits for it."""
    first = intents.alias("first")
    waited_for = exists().where(first.c.after_id == intents.c.id, first.c.status == "pending")
    found = connection.execute(
        update(intents)
        .where(
            intents.c.user_id == user_id,
            intents.c.id == intent_id,
            PENDING,
            IS_FREE,
            intents.c.uncertain.is_(False),
            intents.c.after_id.is_(None),
            ~waited_for,
        )
        .values({**NO_LEASE, "status": "cancelled", "next_try_at": None, "settled_at": now_ms}),
        {"boot": lease.boot, "lease_now": lease.now},
    )
    return found.rowcount == 1


CLEAN = select(sync_states.c.clean_seq).where(sync_states.c.id == intents.c.calendar_id).scalar_subquery()
FORGET_PULLED = (
    update(intents)
    .where(intents.c.done_mark.is_not(None), intents.c.done_mark <= CLEAN)
    .values(done_mark=None)
)
OF_GONE = select(*COLUMNS).where(
    PENDING,
    exists().where(calendars.c.id == intents.c.calendar_id, calendars.c.removed_at.is_not(None)),
)


def forget_pulled(connection: Connection) -> int:
    """What the rows say by now need not be laid over them any more. Returns how many."""
    return connection.execute(FORGET_PULLED).rowcount


def pending_of_gone(connection: Connection) -> Sequence[Intent]:
    """Intents for calendars that have left their account's list."""
    return [Intent(*row) for row in connection.execute(OF_GONE)]


def delete_settled(connection: Connection, settled_before_ms: int) -> int:
    old = (intents.c.settled_at < settled_before_ms, intents.c.done_mark.is_(None), ~PENDING)
    return connection.execute(delete(intents).where(*old)).rowcount


IDS_AFTER = select(intents.c.id).where(intents.c.after_id == bindparam("first_id")).order_by(intents.c.number)


def ids_after(connection: Connection, intent_id: str) -> list[str]:
    """Ids of the intents that come after this one."""
    return list(connection.execute(IDS_AFTER, {"first_id": intent_id}).scalars())
