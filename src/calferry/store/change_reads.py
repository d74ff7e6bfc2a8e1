"""The change log for readers, in the order of its numbers. Every statement binds the user."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Integer, Select, and_, bindparam, select

from calferry.store.tables import calendars, changes, events, users


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the log. `at`: when it was committed, in UTC milliseconds; `moved`: the event takes place at another time than
    before. `raw` is the event's JSON as it is stored now; None where there is none, or none any more."""

    number: int
    calendar_id: str
    event_id: str | None
    kind: str
    at: int
    moved: bool
    raw: str | None


@dataclass(frozen=True, slots=True)
class LogPage:
    """`expired`: the log does not go back to where was asked for, or was never there; `head`: its newest number."""

    changes: list[Change]
    more: bool
    expired: bool
    head: int


# Every live stream's feed asks these at every change, so they are built once.
BOUNDS = select(users.c.change_floor, users.c.change_head).where(users.c.id == bindparam("user_id"))
AS_STORED_NOW = changes.outerjoin(
    calendars, and_(calendars.c.id == changes.c.calendar_id, calendars.c.removed_at.is_(None))
).outerjoin(
    events,
    and_(events.c.projection_id == calendars.c.projection_id, events.c.event_id == changes.c.event_id),
)
LINE = tuple(changes.c[name] for name in ("id", "calendar_id", "event_id", "kind", "at", "moved"))
AFTER: Select[Any] = (
    select(*LINE, events.c.raw)
    .select_from(AS_STORED_NOW)
    .where(changes.c.user_id == bindparam("user_id"), changes.c.id > bindparam("after"))
    .order_by(changes.c.id)
    .limit(bindparam("at_most", type_=Integer))
)


def page_after(connection: Connection, user_id: int, after: int | None, at_most: int) -> LogPage:
    """What follows that number; nothing follows None, which is now."""
    floor, head = connection.execute(BOUNDS, {"user_id": user_id}).one()
    if after is None or not floor <= after <= head:
        return LogPage([], more=False, expired=after is not None, head=head)
    if after == head:
        return LogPage([], more=False, expired=False, head=head)
    asked = {"user_id": user_id, "after": after, "at_most": at_most + 1}
    found = [Change(*row) for row in connection.execute(AFTER, asked)]
    return LogPage(found[:at_most], more=len(found) > at_most, expired=False, head=head)


def heads(connection: Connection, user_ids: Sequence[int]) -> dict[int, int]:
    """The newest number of each of these users."""
    found = select(users.c.id, users.c.change_head).where(users.c.id.in_(user_ids))
    return {row[0]: row[1] for row in connection.execute(found)}
