"""Signed-in browsers. Only the fingerprint of a session's token is stored."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from calferry.store.fingerprints import fingerprint
from calferry.store.tables import sessions, users

SEEN_STEP_MS = 60_000
"""`seen_at` is written at most this often, so that reading costs no write."""


@dataclass(frozen=True, slots=True)
class Session:
    user_id: int
    email: str
    seen_at: int
    expires_at: int


def create(conn: Connection, token: str, user_id: int, now_ms: int, expires_at: int) -> None:
    row = {"user_id": user_id, "created_at": now_ms, "seen_at": now_ms, "expires_at": expires_at}
    conn.execute(insert(sessions).values(token_hash=fingerprint(token), **row))


def find(conn: Connection, token: str, now_ms: int, idle_ms: int) -> Session | None:
    """The session of that token; None when there is none or its idle or absolute time is over."""
    found = (
        select(sessions.c.user_id, users.c.email, sessions.c.seen_at, sessions.c.expires_at)
        .join_from(sessions, users, users.c.id == sessions.c.user_id)
        .where(
            sessions.c.token_hash == fingerprint(token),
            sessions.c.expires_at > now_ms,
            sessions.c.seen_at > now_ms - idle_ms,
        )
    )
    row = conn.execute(found).mappings().first()
    return None if row is None else Session(**row)


def touch(conn: Connection, token: str, now_ms: int) -> None:
    conn.execute(update(sessions).where(sessions.c.token_hash == fingerprint(token)).values(seen_at=now_ms))


def end(conn: Connection, token: str) -> None:
    conn.execute(delete(sessions).where(sessions.c.token_hash == fingerprint(token)))


def end_all(conn: Connection, user_id: int) -> None:
    conn.execute(delete(sessions).where(sessions.c.user_id == user_id))
