"""How the whole installation is doing, in numbers: no person, no calendar, no title stands in them."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, literal, select

from calferry.core.health import Health, health_of
from calferry.store.due import RUNNABLE, WORKING_ACCOUNT, is_wanted
from calferry.store.tables import (
    accounts,
    calendars,
    channels,
    conflicts,
    deliveries,
    intents,
    quarantine,
    subscriptions,
    sync_states,
)

LAG_BOUNDS_S = (5, 15, 30, 60, 300, 900, 3_600, 6 * 3_600, 86_400)
OVERDUE_MS = 60_000


@dataclass(slots=True)
class Lag:
    """Seconds since the last success of the calendars that share a mode and a way of learning news. `within` counts, for
    each bound, those that are at most so old."""

    calendars: int = 0
    within: list[int] = field(default_factory=lambda: [0] * len(LAG_BOUNDS_S))
    max_s: float = 0.0
    sum_s: float = 0.0


@dataclass(slots=True)
class Totals:
    """`lags` by (mode, push); `channels` by state; the ages are in seconds, 0 where nothing waits."""

    health: Counter[Health] = field(default_factory=Counter)
    lags: dict[tuple[str, str], Lag] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)
    channels: dict[str, int] = field(default_factory=dict)
    next_expiry_at: int | None = None
    due: int = 0
    overdue: int = 0
    due_for_s: float = 0.0
    quarantined: int = 0
    pending_intents: int = 0
    pending_for_s: float = 0.0
    open_conflicts: int = 0
    subscriptions: dict[str, int] = field(default_factory=dict)
    pending_deliveries: int = 0


def look(connection: Connection, now_ms: int) -> Totals:
    """Count everything, in a handful of statements."""
    totals = Totals()
    for row in connection.execute(mirrored(now_ms)).mappings():
        add_calendars(totals, row)
    counted = select(accounts.c.status, func.count()).group_by(accounts.c.status)
    totals.accounts = {row[0]: row[1] for row in connection.execute(counted)}
    states = select(channels.c.state, func.count(), func.min(channels.c.expires_at)).group_by(
        channels.c.state
    )
    for state, count, expires_at in connection.execute(states):
        totals.channels[state] = count
        if state == "active":
            totals.next_expiry_at = expires_at
    due_at, totals.due, totals.overdue = connection.execute(waiting(now_ms)).one()
    totals.due_for_s = age_s(now_ms, due_at)
    totals.quarantined = connection.execute(select(func.count()).select_from(quarantine)).scalar_one()
    pending = select(func.count(), func.min(intents.c.created_at)).where(intents.c.status == "pending")
    totals.pending_intents, oldest = connection.execute(pending).one()
    totals.pending_for_s = age_s(now_ms, oldest)
    unresolved = select(func.count()).select_from(conflicts).where(conflicts.c.outcome == "open")
    totals.open_conflicts = connection.execute(unresolved).scalar_one()
    endpoints = select(subscriptions.c.status, func.count()).group_by(subscriptions.c.status)
    totals.subscriptions = {row[0]: row[1] for row in connection.execute(endpoints)}
    untaken = select(func.count()).select_from(deliveries).where(deliveries.c.status == "pending")
    totals.pending_deliveries = connection.execute(untaken).scalar_one()
    return totals


def mirrored(now_ms: int) -> Select[Any]:
    """Calendars, grouped by all that decides their health, with the sums that make a histogram of their lag."""
    lag_ms = case(
        (sync_states.c.last_success_at > now_ms, 0), else_=literal(now_ms) - sync_states.c.last_success_at
    )
    facts = {
        "account_status": accounts.c.status,
        "selected": calendars.c.selected,
        "sync_status": sync_states.c.status,
        "failed": sync_states.c.last_error_code.is_not(None),
        "synced": sync_states.c.last_success_at.is_not(None),
        "mode": calendars.c.mode,
        "push": calendars.c.push,
    }
    within = [
        func.sum(case((lag_ms <= bound * 1000, 1), else_=0)).label(f"within_{bound}")
        for bound in LAG_BOUNDS_S
    ]
    return (
        select(
            *(column.label(name) for name, column in facts.items()),
            func.count().label("calendars"),
            func.max(lag_ms).label("max_ms"),
            func.sum(lag_ms).label("sum_ms"),
            *within,
        )
        .join_from(calendars, sync_states, sync_states.c.id == calendars.c.id)
        .join(accounts, accounts.c.id == calendars.c.account_id)
        .where(calendars.c.removed_at.is_(None), accounts.c.status != "closing")
        .group_by(*facts.values())
    )


def add_calendars(totals: Totals, row: Any) -> None:
    health = health_of(
        account_status=row["account_status"],
        selected=bool(row["selected"]),
        sync_status=row["sync_status"],
        failed=bool(row["failed"]),
        synced=bool(row["synced"]),
    )
    totals.health[health] += row["calendars"]
    if not row["selected"] or not row["synced"]:
        return
    lag = totals.lags.setdefault((row["mode"], row["push"]), Lag())
    lag.calendars += row["calendars"]
    lag.within = [
        sum(pair) for pair in zip(lag.within, (row[f"within_{b}"] for b in LAG_BOUNDS_S), strict=True)
    ]
    lag.max_s = max(lag.max_s, row["max_ms"] / 1000)
    lag.sum_s += float(row["sum_ms"]) / 1000


def waiting(now_ms: int) -> Select[Any]:
    """When the longest waiting of all that is due came due, how many are, and how many of them for over a minute."""
    late = sync_states.c.next_due_at <= now_ms - OVERDUE_MS
    held_back = and_(sync_states.c.not_before_at.is_not(None), sync_states.c.not_before_at > now_ms)
    return (
        select(
            func.min(sync_states.c.next_due_at),
            func.count(),
            func.coalesce(func.sum(case((late, 1), else_=0)), 0),
        )
        .join_from(sync_states, accounts, accounts.c.id == sync_states.c.account_id)
        .outerjoin(calendars, calendars.c.id == sync_states.c.id)
        .where(
            sync_states.c.next_due_at <= now_ms,
            accounts.c.status.in_(WORKING_ACCOUNT),
            sync_states.c.status.in_(RUNNABLE),
            is_wanted(),
            ~held_back,
        )
    )


def age_s(now_ms: int, at: int | None) -> float:
    return 0.0 if at is None else max(now_ms - at, 0) / 1000
