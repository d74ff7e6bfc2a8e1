"""State rows: marks, leases, and what a pass leaves behind.

Every statement that a run writes with is guarded by its fence, so a run that lost its lease changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Table,
    and_,
    bindparam,
    case,
    literal_column,
    null,
    or_,
    select,
    update,
)

from calferry.core.failure import FailureInfo, LeaseLost
from calferry.core.limits import LEASE_MS, RUN_SPACING_MS, WAIT_MAX_MS
from calferry.core.model import UserId
from calferry.core.sync_state import SyncState, as_state
from calferry.store import audit
from calferry.store.dialect import among, among_bound, is_postgres, texts
from calferry.store.tables import accounts, intents
from calferry.store.tables import sync_states as states

STATE_COLUMNS = [states.c[name] for name in SyncState.__slots__]
NO_LEASE: dict[str, Any] = {"lease_owner": None, "lease_until": None, "lease_boot": None}
NO_PASS: dict[str, Any] = {"page_token": None, "page_request": None, "page_dirty_seq": None}
NO_ERROR: dict[str, Any] = {
    "failures": 0,
    "not_before_at": None,
    "last_error_code": None,
    "last_error_message": None,
    "last_error_at": None,
    "last_error_retryable": None,
}


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """Who asks for the lease, on which clock. `now` and `boot` come from `Clock.lease_ms` and `boot_id`."""

    owner: str
    boot: str
    now: int

    @property
    def until(self) -> int:
        return self.now + LEASE_MS

    @property
    def terms(self) -> dict[str, Any]:
        """What a statement that takes a lease is given of it."""
        return {"owner": self.owner, "boot": self.boot, "lease_now": self.now, "until": self.until}


CREATE = states.insert().values(status="idle")


def create(
    connection: Connection, state_id: str, user_id: UserId, account_id: str, kind: str, due_at: int | None
) -> None:
    row = {"id": state_id, "user_id": user_id, "account_id": account_id, "kind": kind, "next_due_at": due_at}
    connection.execute(CREATE, row)


def bound(name: str) -> Any:
    """A whole number to be given when the statement runs."""
    return bindparam(name, type_=BigInteger)


def is_unleased(table: Table) -> ColumnElement[bool]:
    """Nobody holds the lease of such a row, or no longer: by `boot` and `lease_now` of `LeaseTerms`."""
    return or_(
        table.c.lease_owner.is_(None),
        table.c.lease_boot != bindparam("boot"),
        table.c.lease_until <= bound("lease_now"),
    )


def comes_due(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Times that lie further ahead of `now` than anything is ever put off are left over from a clock that was set back."""
    return or_(column.is_(None), column <= bound("now"), column > bound("now") + WAIT_MAX_MS)


def one_of(column: ColumnElement[str], words: Iterable[str]) -> ColumnElement[bool]:
    """`column IN words` for words of our own. Those of an ordinary `in_` are written out anew at every execution."""
    return column.in_([literal_column(f"'{word}'") for word in words])


HELD = and_(states.c.id == bindparam("state_id"), states.c.fence == bound("held_fence"))

# Statements of every run are built once: building them costs more than running them.
TAKE = (
    update(states)
    .where(
        states.c.id == bindparam("state_id"),
        one_of(states.c.status, ("idle", "syncing")),
        or_(
            states.c.not_before_at.is_(None),
            states.c.not_before_at <= bound("now"),
            states.c.not_before_at > bound("now") + WAIT_MAX_MS,
        ),
        or_(
            states.c.last_attempt_at.is_(None),
            states.c.last_attempt_at <= bound("now") - RUN_SPACING_MS,
            states.c.last_attempt_at > bound("now") + RUN_SPACING_MS,
        ),
        or_(
            states.c.lease_owner.is_(None),
            states.c.lease_boot != bindparam("boot"),
            states.c.lease_until <= bound("lease_now"),
        ),
    )
    .values(
        lease_owner=bindparam("owner"),
        lease_boot=bindparam("boot"),
        lease_until=bound("until"),
        fence=states.c.fence + 1,
        status="syncing",
        last_attempt_at=bound("now"),
    )
    .returning(*STATE_COLUMNS)
)
CHANGE = update(states).where(HELD)
FIND = select(states).where(states.c.id == bindparam("state_id"))
LOCK = select(states.c.fence).where(HELD).with_for_update()


def take(connection: Connection, state_id: str, lease: LeaseTerms, now_ms: int) -> SyncState | None:
    """Take the lease if it is free and the state may run now; None otherwise. The fence moves on.

    Times that lie further ahead than anything is ever put off are left over from a clock that was set back.
    """
    row = connection.execute(TAKE, {"state_id": state_id, "now": now_ms, **lease.terms}).one_or_none()
    return None if row is None else as_state(row)


@cache
def holding() -> Any:
    """The statement of `hold`, which a flood of notifications runs thousands of times."""
    held = select(states.c.id).where(among_bound("postgresql", states.c.id, "ids"))
    return held.order_by(states.c.id).with_for_update()


def hold(connection: Connection, *state_ids: str) -> None:
    """Until the transaction ends nobody else changes these resources, nor what is decided by looking at them.

    On SQLite whoever writes is alone anyway.
    """
    if is_postgres(connection):
        connection.execute(holding(), {"ids": list(state_ids)}).all()


def find(connection: Connection, state_id: str) -> Any | None:
    """The whole row; None when there is none."""
    return connection.execute(FIND, {"state_id": state_id}).one_or_none()


def is_fresh(connection: Connection, state_id: str, since_ms: int) -> bool:
    """Whether the last success is not older than that, with no pass begun and no mark put since."""
    row = find(connection, state_id)
    if row is None or row.last_success_at is None or row.page_token is not None:
        return False
    return bool(row.last_success_at >= since_ms and row.clean_seq >= row.dirty_seq)


def facts(connection: Connection, state_id: str) -> Any:
    """The whole row."""
    return connection.execute(FIND, {"state_id": state_id}).one()


def change(connection: Connection, state_id: str, fence: int, values: dict[str, Any]) -> None:
    """Write under the fence. Raises `LeaseLost` when somebody else has taken the lease since."""
    worked_out = {name: value for name, value in values.items() if isinstance(value, ColumnElement)}
    statement = CHANGE.values(worked_out) if worked_out else CHANGE
    plain = {name: value for name, value in values.items() if name not in worked_out}
    guarded(connection, statement, state_id, fence, plain)


def guarded(
    connection: Connection, statement: Any, state_id: str, fence: int, values: dict[str, Any]
) -> None:
    found = connection.execute(statement, {"state_id": state_id, "held_fence": fence, **values})
    if found.rowcount != 1:
        raise LeaseLost(state_id)


def lock(connection: Connection, state_id: str, fence: int) -> None:
    """Lock the row for this transaction. Raises `LeaseLost`."""
    if connection.execute(LOCK, {"state_id": state_id, "held_fence": fence}).one_or_none() is None:
        raise LeaseLost(state_id)


def keep(connection: Connection, state_id: str, fence: int, lease: LeaseTerms) -> None:
    """Heartbeat. Raises `LeaseLost`."""
    change(connection, state_id, fence, {"lease_until": lease.until, "lease_boot": lease.boot})


def next_run_at(now_ms: Any) -> Any:
    """When runs may follow; a run that began in the future is left from a clock that was set back."""
    began_at = case((states.c.last_attempt_at <= now_ms, states.c.last_attempt_at), else_=now_ms)
    return began_at + RUN_SPACING_MS


def later_unless_marked(at_ms: int) -> Any:
    """The next run comes then, unless a mark waits for one: that stays as it is."""
    return case((states.c.dirty_seq == states.c.clean_seq, at_ms), else_=states.c.next_due_at)


def release_values(now_ms: int, poll_at: int | None) -> dict[str, Any]:
    """End of a run: due at the next poll only if no mark came in meanwhile, else as soon as runs may follow."""
    soon = next_run_at(now_ms)
    return {
        **NO_LEASE,
        "status": case((states.c.status == "syncing", "idle"), else_=states.c.status),
        "next_due_at": case((states.c.dirty_seq == states.c.clean_seq, poll_at), else_=soon),
    }


def done_values(now_ms: Any, clean_seq: Any, poll_at: Any, resumed: Any) -> dict[str, Any]:
    """The last page of a pass is stored. A resumed pass (1, else 0) is to be followed by an incremental one."""
    dirty = states.c.dirty_seq + resumed
    soon = next_run_at(now_ms)
    return {
        **NO_PASS,
        **NO_ERROR,
        **NO_LEASE,
        "pass_restarts": 0,
        "pass_pages": 0,
        "last_pass_pages": bound("pages"),
        "pass_unread": False,
        "clean_seq": clean_seq,
        "dirty_seq": dirty,
        "last_success_at": now_ms,
        "status": case((states.c.status == "syncing", "idle"), else_=states.c.status),
        "next_due_at": case((dirty == clean_seq, poll_at), else_=soon),
        "sync_token": bindparam("token"),
    }


DONE = (
    update(states)
    .where(HELD)
    .values(done_values(bound("now"), bound("clean"), bound("poll_at"), bound("resumed")))
)
DONE_FULL = DONE.values(
    generation=bound("full_generation"), last_full_at=bound("now"), guarded_at=bound("guard_at")
)


@dataclass(frozen=True, slots=True)
class Done:
    """What the last page of a pass earned; times are UTC milliseconds. `listed` is set by a full pass alone."""

    now_ms: int
    token: str
    clean_seq: int
    poll_at: int | None
    resumed: bool = False
    listed: "Listed | None" = None
    pages: int = 1


@dataclass(frozen=True, slots=True)
class Listed:
    """A full listing was completed; `guarded_at` is since when a part of its sweep is held back."""

    generation: int
    guarded_at: int | None = None


def finish(connection: Connection, state_id: str, fence: int, done: Done) -> None:
    """Store the sync token, note what is clean, give the lease back. Raises `LeaseLost`."""
    values: dict[str, Any] = {
        "now": done.now_ms,
        "clean": done.clean_seq,
        "poll_at": done.poll_at,
        "resumed": int(done.resumed),
        "token": done.token,
        "pages": done.pages,
    }
    if done.listed is not None:
        values |= {"full_generation": done.listed.generation, "guard_at": done.listed.guarded_at}
    guarded(connection, DONE_FULL if done.listed else DONE, state_id, fence, values)


def failed_values(now_ms: int, info: FailureInfo, wait_ms: int) -> dict[str, Any]:
    """A run failed: it is tried again after `wait_ms`, and not before."""
    return {
        **NO_LEASE,
        "status": case((states.c.status == "syncing", "idle"), else_=states.c.status),
        "failures": states.c.failures + 1,
        "failed_runs": states.c.failed_runs + 1,
        "not_before_at": now_ms + wait_ms,
        "next_due_at": now_ms + max(wait_ms, RUN_SPACING_MS),
        "last_error_code": info.code,
        "last_error_message": info.message,
        "last_error_retryable": info.retryable,
        "last_error_at": now_ms,
    }


@cache
def marking(dialect: str) -> Any:
    """The statement of `mark`: a flood of notifications runs it thousands of times."""
    now, spaced = bound("now"), states.c.last_attempt_at + RUN_SPACING_MS
    soon = case(
        (states.c.last_attempt_at.is_(None), now),
        (and_(spaced > now, states.c.last_attempt_at <= now), spaced),
        else_=now,
    )
    due = case(
        (states.c.status.in_(("blocked", "removed", "halted")), null()),
        (and_(states.c.next_due_at.is_not(None), states.c.next_due_at < soon), states.c.next_due_at),
        else_=soon,
    )
    return (
        update(states)
        .where(among_bound(dialect, states.c.id, "ids"))
        .values(dirty_seq=states.c.dirty_seq + 1, next_due_at=due)
        .returning(states.c.id, states.c.dirty_seq)
    )


def mark(connection: Connection, state_ids: Iterable[str], now_ms: int) -> dict[str, int]:
    """Note that something changed; returns the mark of each. Backoff is left alone."""
    dialect = connection.dialect.name
    rows = connection.execute(marking(dialect), {"ids": texts(dialect, state_ids), "now": now_ms})
    return {row.id: row.dirty_seq for row in rows}


def invalidate(connection: Connection, state_ids: Iterable[str], now_ms: int) -> None:
    """Forget both tokens and throw out any run in flight; the next run lists everything."""
    connection.execute(
        update(states)
        .where(among(connection, states.c.id, state_ids))
        .values(
            {
                **NO_PASS,
                **NO_LEASE,
                "sync_token": None,
                "pass_projection_id": None,
                "fence": states.c.fence + 1,
                "dirty_seq": states.c.dirty_seq + 1,
                "next_due_at": case((states.c.status == "halted", null()), else_=now_ms),
            }
        )
    )


def halt(connection: Connection, state_id: str) -> bool:
    """Throw out any run in flight and let none begin; True unless that was so already."""
    found = connection.execute(
        update(states)
        .where(states.c.id == state_id, states.c.status.in_(("idle", "syncing", "blocked")))
        .values({**NO_LEASE, "status": "halted", "next_due_at": None, "fence": states.c.fence + 1})
    )
    return found.rowcount == 1


def go_on(connection: Connection, state_id: str) -> bool:
    """End a halt; True if there was one. A mark makes the calendar due."""
    found = connection.execute(
        update(states).where(states.c.id == state_id, states.c.status == "halted").values(status="idle")
    )
    return found.rowcount == 1


def await_account(connection: Connection, state_id: str) -> None:
    """The account cannot be used: this resource is not due until it can."""
    connection.execute(
        update(states)
        .where(states.c.id == state_id, states.c.status == "idle")
        .values(status="blocked", next_due_at=None)
    )


OWNER = select(accounts.c.user_id).where(accounts.c.id == bindparam("of_account"))
OF_ACCOUNT = states.c.account_id == bindparam("of_account")
AT_WORK = one_of(states.c.status, ("idle", "syncing", "blocked"))
BLOCK = (
    update(states)
    .where(OF_ACCOUNT, AT_WORK)
    .values(status="blocked", next_due_at=None, failed_runs=states.c.failed_runs + 1)
)


def block_account(connection: Connection, account_id: str, info: FailureInfo, now_ms: int) -> None:
    """The account cannot be used: none of its resources is due until it can."""
    owner = connection.execute(OWNER, {"of_account": account_id}).scalar()
    audit.add_once(connection, "account_blocked", now_ms, user_id=owner, subject=account_id, code=info.code)
    failure = {
        "last_error_code": info.code,
        "last_error_message": info.message,
        "last_error_retryable": info.retryable,
        "last_error_at": now_ms,
    }
    connection.execute(BLOCK, {"of_account": account_id, **failure})


RESUME_INTENTS = update(intents).where(
    intents.c.status == "pending", intents.c.account_id == bindparam("of_account")
)
RESUME = (
    update(states)
    .where(OF_ACCOUNT, AT_WORK, or_(states.c.status == "blocked", states.c.failures > 0))
    .values(
        {
            **NO_ERROR,
            "status": case((states.c.status == "blocked", "idle"), else_=states.c.status),
            "dirty_seq": states.c.dirty_seq + 1,
        }
    )
)


def resume_account(connection: Connection, account_id: str, now_ms: int) -> None:
    """The account works again: what was blocked or held back by failures is due now, edits too."""
    connection.execute(RESUME_INTENTS, {"of_account": account_id, "next_try_at": now_ms})
    connection.execute(RESUME, {"of_account": account_id, "next_due_at": now_ms})


def fence_off(connection: Connection, account_id: str) -> None:
    """Throw out every run in flight of the account and let none begin."""
    connection.execute(
        update(states)
        .where(states.c.account_id == account_id)
        .values({**NO_LEASE, "status": "removed", "next_due_at": None, "fence": states.c.fence + 1})
    )
