"""What lasts and is told once: an account that needs its person, and a calendar that has not been read for too long.

A delivery that is marked `lasting` says that its subscription has been told, for as long as the reason stands.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, literal_column, select, update

from calferry.store import deliveries as sent
from calferry.store.dialect import take_turns
from calferry.store.due import RUNNABLE, WORKING_ACCOUNT
from calferry.store.tables import accounts, calendars, deliveries, subscriptions, sync_states

LASTING = select(
    deliveries.c.number, deliveries.c.subscription_id, deliveries.c.kind, deliveries.c.line
).where(deliveries.c.lasting)
BLOCKED = select(
    accounts.c.user_id, accounts.c.id.label("account_id"), literal_column("NULL").label("calendar_id")
).where(accounts.c.status == "needs_reauth")


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that lasts, and that a subscription has not been told yet."""

    subscription_id: str
    user_id: int
    kind: str
    account_id: str
    calendar_id: str | None

    @property
    def line(self) -> str:
        return self.calendar_id or self.account_id


@dataclass(slots=True)
class Found:
    """What is to be told, and the numbers of deliveries whose reason is over."""

    alarms: list[Alarm] = field(default_factory=list)
    over: list[int] = field(default_factory=list)


def look(connection: Connection, stale_before_ms: int) -> Found:
    """Compare what stands with what has been told."""
    told = {tuple(row[1:]): row[0] for row in connection.execute(LASTING)}
    found, standing = Found(), set[tuple[str, str, str]]()
    for kind, reasons in (("account.needs_reauth", BLOCKED), ("sync.stale", stale(stale_before_ms))):
        for alarm in alarms_of(connection, kind, reasons):
            key = (alarm.subscription_id, kind, alarm.line)
            standing.add(key)
            if key not in told:
                found.alarms.append(alarm)
    found.over = [number for key, number in told.items() if key not in standing]
    return found


def alarms_of(connection: Connection, kind: str, reasons: Select[Any]) -> list[Alarm]:
    reason = reasons.subquery("reason")
    statement = select(
        subscriptions.c.id,
        subscriptions.c.user_id,
        subscriptions.c.kinds,
        reason.c.account_id,
        reason.c.calendar_id,
    ).join(reason, reason.c.user_id == subscriptions.c.user_id)
    return [
        Alarm(row.id, row.user_id, kind, row.account_id, row.calendar_id)
        for row in connection.execute(statement)
        if kind in json.loads(row.kinds)
    ]


def stale(before_ms: int) -> Select[Any]:
    """Calendars that are to be mirrored, and have not been read since then though nobody stops them."""
    return (
        select(calendars.c.user_id, calendars.c.account_id, calendars.c.id.label("calendar_id"))
        .join(sync_states, sync_states.c.id == calendars.c.id)
        .join(accounts, accounts.c.id == calendars.c.account_id)
        .where(
            calendars.c.selected,
            calendars.c.removed_at.is_(None),
            accounts.c.status.in_(WORKING_ACCOUNT),
            sync_states.c.status.in_(RUNNABLE),
            sync_states.c.last_success_at < before_ms,
        )
    )


def write(connection: Connection, ids: Sequence[str], stale_before_ms: int, now_ms: int) -> int:
    """Look again, and tell under these ids what nobody has told meanwhile; returns how much that is."""
    take_turns(connection, "alarms")
    found = look(connection, stale_before_ms)
    rows = [row_of(message_id, alarm, now_ms) for message_id, alarm in zip(ids, found.alarms, strict=False)]
    sent.add(connection, rows)
    if found.over:
        ended = deliveries.c.number.in_(found.over)
        connection.execute(update(deliveries).where(ended).values(lasting=False))
    return len(rows)


def row_of(message_id: str, alarm: Alarm, now_ms: int) -> dict[str, Any]:
    return {
        "id": message_id,
        "user_id": alarm.user_id,
        "subscription_id": alarm.subscription_id,
        "kind": alarm.kind,
        "line": alarm.line,
        "account_id": alarm.account_id,
        "calendar_id": alarm.calendar_id,
        "lasting": True,
        "status": "pending",
        "at": now_ms,
    }
