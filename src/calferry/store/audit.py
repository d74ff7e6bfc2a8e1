"""What happened to people's access: who connected, who was refused, which tokens there were. Numbers and ids alone."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, delete, insert, select

from calferry.store.tables import audit, users

Action = Literal[
    "signed_in",
    "signed_out",
    "sign_in_refused",
    "account_connected",
    "account_reconnected",
    "account_blocked",
    "account_disconnected",
    "account_erased",
    "person_erased",
    "token_created",
    "token_revoked",
    "feed_created",
    "feed_revoked",
    "access_denied",
    "keys_rotated",
]
REPEATED_WITHIN_MS = 60_000
"""The same again so soon is not written: nobody fills the table by being refused."""


@dataclass(frozen=True, slots=True)
class Entry:
    at: int
    action: str
    user_id: int | None
    email: str | None
    """Of that person, as it is now."""
    subject: str | None
    details: dict[str, Any]


INSERT = insert(audit)


def add(
    connection: Connection,
    action: Action,
    now_ms: int,
    *,
    user_id: int | None = None,
    subject: str | None = None,
    **details: Any,
) -> None:
    """Write an entry. `subject` is the id of what it is about; nothing in it may be a secret, a name or an address."""
    row = {"at": now_ms, "action": action, "user_id": user_id, "subject": subject}
    text = json.dumps(details, sort_keys=True) if details else None
    connection.execute(INSERT, {**row, "details": text})


def add_once(
    connection: Connection,
    action: Action,
    now_ms: int,
    *,
    user_id: int | None,
    subject: str | None,
    **details: Any,
) -> None:
    """Write an entry unless the same stands there since less than a minute."""
    same = select(audit.c.id).where(
        audit.c.at > now_ms - REPEATED_WITHIN_MS,
        audit.c.action == action,
        audit.c.user_id.is_not_distinct_from(user_id),
        audit.c.subject.is_not_distinct_from(subject),
    )
    if connection.execute(same.limit(1)).first() is None:
        add(connection, action, now_ms, user_id=user_id, subject=subject, **details)


def latest(connection: Connection, at_most: int, user_id: int | None = None) -> list[Entry]:
    """Newest first; of one person, or of all and of nobody."""
    joined = audit.outerjoin(users, users.c.id == audit.c.user_id)
    statement = select(audit, users.c.email).select_from(joined).order_by(audit.c.id.desc()).limit(at_most)
    if user_id is not None:
        statement = statement.where(audit.c.user_id == user_id)
    return [
        Entry(row.at, row.action, row.user_id, row.email, row.subject, json.loads(row.details or "{}"))
        for row in connection.execute(statement)
    ]


def delete_old(connection: Connection, before_ms: int) -> int:
    return connection.execute(delete(audit).where(audit.c.at < before_ms)).rowcount
