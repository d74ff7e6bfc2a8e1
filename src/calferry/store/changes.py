"""The change log. Numbers are per user and given out inside the transaction that they describe."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, update

from calferry.core.model import CalendarId, UserId
from calferry.store.dialect import BulkInsert
from calferry.store.tables import users

INSERT = BulkInsert("changes", ("user_id", "id", "calendar_id", "event_id", "kind", "at"))


def reserve(connection: Connection, user_id: UserId, count: int) -> int:
    """Take the next `count` numbers and return the first. The last lock a transaction takes."""
    statement = (
        update(users)
        .where(users.c.id == user_id)
        .values(change_head=users.c.change_head + count)
        .returning(users.c.change_head)
    )
    return int(connection.execute(statement).scalar_one()) - count + 1


def write(
    connection: Connection,
    user_id: UserId,
    calendar_id: CalendarId,
    entries: Iterable[tuple[int, str | None, str]],
    now_ms: int,
) -> None:
    """Append entries of (number, event id, kind)."""
    rows = [(user_id, number, calendar_id, event_id, kind, now_ms) for number, event_id, kind in entries]
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
    numbered = ((first + n, event_id, kind) for n, (event_id, kind) in enumerate(kinds))
    write(connection, user_id, calendar_id, numbered, now_ms)
    return first
