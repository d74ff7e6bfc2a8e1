"""Conflicts: edits of ours that met other edits of the same fields at Google."""

from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select, update

from calferry.store.tables import conflicts


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """`fields` is a JSON list of names; `base`, `ours` (what we wanted to change) and `theirs` are JSON, or None."""

    id: str
    user_id: int
    calendar_id: str
    event_id: str
    intent_id: str
    reason: str
    fields: str
    base: str | None
    ours: str | None
    theirs: str | None
    outcome: str
    created_at: int
    resolved_at: int | None

    @property
    def field_names(self) -> list[str]:
        return msgspec.json.decode(self.fields, type=list[str])


COLUMNS = [conflicts.c[name] for name in ConflictRow.__slots__]


ADD = conflicts.insert()


def add(connection: Connection, **values: Any) -> None:
    connection.execute(ADD, values)


def load(connection: Connection, user_id: int, conflict_id: str) -> ConflictRow | None:
    own = (conflicts.c.user_id == user_id, conflicts.c.id == conflict_id)
    row = connection.execute(select(*COLUMNS).where(*own)).one_or_none()
    return None if row is None else ConflictRow(*row)


def of_intent(connection: Connection, user_id: int, intent_id: str) -> ConflictRow | None:
    """The newest conflict of the intent."""
    own = (conflicts.c.user_id == user_id, conflicts.c.intent_id == intent_id)
    statement = select(*COLUMNS).where(*own).order_by(conflicts.c.created_at.desc(), conflicts.c.id)
    row = connection.execute(statement.limit(1)).one_or_none()
    return None if row is None else ConflictRow(*row)


def of_user(
    connection: Connection, user_id: int, *, only_open: bool, after: tuple[int, str] | None, at_most: int
) -> list[ConflictRow]:
    """The newest first, behind a place given by time and id."""
    statement = select(*COLUMNS).where(conflicts.c.user_id == user_id)
    if only_open:
        statement = statement.where(conflicts.c.outcome == "open")
    if after is not None:
        at, conflict_id = after
        older = conflicts.c.created_at < at
        statement = statement.where(older | ((conflicts.c.created_at == at) & (conflicts.c.id > conflict_id)))
    ordered = statement.order_by(conflicts.c.created_at.desc(), conflicts.c.id).limit(at_most)
    return [ConflictRow(*row) for row in connection.execute(ordered)]


def resolve(connection: Connection, conflict_id: str, outcome: str, now_ms: int) -> bool:
    """Close an open conflict; False if it was closed already."""
    open_one = (conflicts.c.id == conflict_id, conflicts.c.outcome == "open")
    found = connection.execute(update(conflicts).where(*open_one).values(outcome=outcome, resolved_at=now_ms))
    return found.rowcount == 1


def delete_resolved(connection: Connection, resolved_before_ms: int) -> int:
    return connection.execute(delete(conflicts).where(conflicts.c.resolved_at < resolved_before_ms)).rowcount
