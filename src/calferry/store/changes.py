"""The change log. Numbers are per user and given out inside the transaction that they describe."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Connection, bindparam, update

from calferry.core.model import CalendarId, UserId
from calferry.store.bulk_insert import BulkInsert
from calferry.store.dialect import Row
from calferry.store.tables import users

INSERT = BulkInsert(
    "changes",
    ("user_id", "calendar_id", "event_id", "kind", "at", "moved", "id"),
    shared=("user_id", "calendar_id", "at", "moved"),
)


RESERVE = (
    update(users)
    .where(users.c.id == bindparam("user_id"))
    .values(change_head=users.c.change_head + bindparam("count", type_=BigInteger))
    .returning(users.c.change_head)
)


def reserve(connection: Connection, user_id: UserId, count: int) -> int:
    """Take the next `count` numbers and return the first. The last lock a transaction takes."""
    head = connection.execute(RESERVE, {"user_id": user_id, "count": count}).scalar_one()
    return int(head) - count + 1


def write(connection: Connection, rows: Sequence[Row]) -> None:
    """Append entries of (user id, calendar id, event id, kind, time, whether the event was moved, number)."""
    INSERT.run(connection, rows)


def append(
    connection: Connection,
    user_id: UserId,
    calendar_id: CalendarId,
    kinds: Sequence[tuple[str | None, str]],
    now_ms: int,
) -> int:
    """Number and append entries of (event id, kind); returns the first number, 0 where there are no entries."""
    if not kinds:
        return 0
    first = reserve(connection, user_id, len(kinds))
    write(
        connection,
        [
            (user_id, calendar_id, event_id, kind, now_ms, False, first + n)
            for n, (event_id, kind) in enumerate(kinds)
        ],
    )
    return first
