"""What is due now, accounts taking turns: every worker asks this every other second, and whenever it is woken."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, cast

from sqlalchemy import (
    Connection,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import array

from calferry.core.limits import RUN_SPACING_MS
from calferry.store.due import LEASE_NOW, is_free, is_ready, is_wanted
from calferry.store.sync_states import LeaseTerms, bound
from calferry.store.tables import accounts, calendars
from calferry.store.tables import sync_states as states

Kind = Literal["events", "calendar_list"]
Lane = Literal["marked", "poll", "backfill"]


@dataclass(frozen=True, slots=True)
class Due:
    """One resource whose time has come; `id` is a calendar's id, or the account's for its calendar list.

    `lane`: whether a notification or a person asks for it, it is only its time, or a listing has to be finished.
    """

    id: str
    kind: Kind
    account_id: str
    lane: Lane = "poll"


def now(
    connection: Connection, now_ms: int, lease: LeaseTerms, *, per_account: int, at_most: int
) -> list[Due]:
    """Due resources that nobody runs and nothing holds back.

    At most `per_account` of one account, its calendar list and its primary calendar first; accounts take turns.
    """
    values = {
        "now": now_ms,
        "lease_now": lease.now,
        "boot": lease.boot,
        "per_account": per_account,
        "at_most": at_most,
    }
    rows = connection.execute(due_statement(connection.dialect.name), values)
    return [Due(row.id, cast(Kind, row.kind), row.account_id, cast(Lane, row.lane)) for row in rows]


def is_due(connection: Connection, resource_id: str, now_ms: int, lease: LeaseTerms) -> bool:
    """Whether this one is due, and may run."""
    values = {"now": now_ms, "lease_now": lease.now, "boot": lease.boot, "id": resource_id}
    return connection.execute(ONE_DUE, values).one_or_none() is not None


def next_at(connection: Connection, now_ms: int) -> int | None:
    """When the next resource comes due that is not yet, or may follow its last run; nothing else is looked at."""
    found = connection.execute(NEXT_AT, {"now": now_ms}).one()
    return min((at for at in found if at is not None), default=None)


IS_DUE = and_(states.c.next_due_at <= bound("now"), is_ready(bound("now")), is_free(LEASE_NOW), is_wanted())
WITH_OWNER = states.join(accounts, accounts.c.id == states.c.account_id).outerjoin(
    calendars, calendars.c.id == states.c.id
)
RANK = case((states.c.kind == "calendar_list", 0), (calendars.c.is_primary, 1), else_=2)
LANE = case(
    (
        and_(states.c.kind == "events", or_(states.c.sync_token.is_(None), states.c.page_token.is_not(None))),
        "backfill",
    ),
    (states.c.dirty_seq > states.c.clean_seq, "marked"),
    else_="poll",
)
FOUND = (states.c.id, states.c.kind, states.c.account_id, states.c.next_due_at, LANE.label("lane"))

ONE_DUE = select(states.c.id).select_from(WITH_OWNER).where(states.c.id == bindparam("id"), IS_DUE)
ONE: Any = literal_column("1", Integer)
SPACED_UNTIL = states.c.last_attempt_at + RUN_SPACING_MS
JUST_RAN = and_(
    states.c.last_attempt_at <= bound("now"), states.c.last_attempt_at > bound("now") - RUN_SPACING_MS
)
NEXT_AT = select(
    select(func.min(states.c.next_due_at)).where(states.c.next_due_at > bound("now")).scalar_subquery(),
    select(func.min(SPACED_UNTIL)).where(states.c.next_due_at <= bound("now"), JUST_RAN).scalar_subquery(),
)


@cache
def due_statement(dialect: str) -> Select[Any]:
    """Built once: building it costs more than running it."""
    return in_turns() if dialect == "postgresql" else ranked()


def ranked() -> Select[Any]:
    """Everything that is due, put in order: right for as many calendars as a file is made for."""
    place = func.row_number().over(
        partition_by=states.c.account_id, order_by=(RANK, states.c.next_due_at, states.c.id)
    )
    found = select(*FOUND, place.label("place")).select_from(WITH_OWNER).where(IS_DUE).subquery()
    return (
        select(found.c.id, found.c.kind, found.c.account_id, found.c.lane)
        .where(found.c.place <= bound("per_account"))
        .order_by(found.c.place, found.c.next_due_at)
        .limit(bound("at_most"))
    )


def in_turns() -> Select[Any]:
    """The same for any number of calendars: one way along the index of due times that passes over accounts already
    met, then a few of each by its own index. Runs of an account that go on anywhere count as its share."""
    met = accounts_met()
    leased = (
        select(func.count())
        .select_from(states)
        .where(
            states.c.account_id == met.c.account_id, states.c.lease_owner.is_not(None), ~is_free(LEASE_NOW)
        )
        .scalar_subquery()
    )
    mine = due_of(met)
    place = func.row_number().over(order_by=(mine.c.rank, mine.c.next_due_at, mine.c.id))
    found = select(mine, place.label("place")).lateral("found")
    return (
        select(found.c.id, found.c.kind, found.c.account_id, found.c.lane)
        .select_from(met.join(found, true()))
        .where(found.c.place <= bound("per_account") - leased)
        .order_by(found.c.place, found.c.next_due_at)
        .limit(bound("at_most"))
    )


def accounts_met() -> Any:
    """Accounts with something due, by the earliest of it: each step looks for the next account from where it stands."""
    columns = (states.c.account_id, states.c.next_due_at)
    by_time = select(*columns).select_from(WITH_OWNER).where(IS_DUE).order_by(states.c.next_due_at).limit(ONE)
    first = by_time.subquery("first")
    number = literal(1, Integer).label("number")
    met = select(
        first.c.account_id, first.c.next_due_at, array([first.c.account_id]).label("seen"), number
    ).cte("met", recursive=True)
    following = by_time.where(
        states.c.next_due_at >= met.c.next_due_at, states.c.account_id != func.all(met.c.seen)
    ).lateral("following")
    return met.union_all(
        select(
            following.c.account_id,
            following.c.next_due_at,
            func.array_append(met.c.seen, following.c.account_id),
            met.c.number + 1,
        )
        .select_from(met.join(following, true()))
        .where(met.c.number < bound("at_most"))
    )


def due_of(met: Any) -> Any:
    """What an account has due, the most urgent of it at least: its list, its primary calendar, the longest due."""

    def some(rank: int, *conditions: Any) -> Any:
        at_most = bound("per_account")
        rows = select(*FOUND, literal(rank, Integer).label("rank")).select_from(WITH_OWNER)
        first = rows.where(IS_DUE, *conditions).order_by(states.c.next_due_at, states.c.id).limit(at_most)
        return select(first.correlate(met).lateral())

    account_id, other = met.c.account_id, calendars.alias("primary")
    primary = select(other.c.id).where(other.c.account_id == account_id, other.c.is_primary)
    parts = [
        some(0, states.c.id == account_id, states.c.kind == "calendar_list"),
        some(1, states.c.id.in_(primary.correlate(met)), states.c.kind == "events"),
        some(
            2,
            states.c.account_id == account_id,
            states.c.kind == "events",
            func.coalesce(calendars.c.is_primary, false()).is_(False),
        ),
    ]
    return union_all(*parts).lateral("mine")
