"""Personal bearer tokens of the HTTP API. Only the fingerprint of a token is stored."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from calferry.store import audit
from calferry.store.fingerprints import fingerprint
from calferry.store.tables import api_tokens, users

TOKENS_PER_USER_MAX = 100
USED_STEP_MS = 60_000
"""`last_used_at` is written at most this often, so that reading costs no write."""


@dataclass(frozen=True, slots=True)
class ApiToken:
    id: str
    name: str
    created_at: int
    last_used_at: int | None


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose token it is."""

    id: str
    user_id: int
    email: str
    last_used_at: int | None


def create(conn: Connection, user_id: int, *, token_id: str, name: str, token: str, now_ms: int) -> None:
    row = {"id": token_id, "user_id": user_id, "name": name, "created_at": now_ms}
    conn.execute(insert(api_tokens).values(token_hash=fingerprint(token), **row))
    audit.add(conn, "token_created", now_ms, user_id=user_id, subject=token_id)


def count(conn: Connection, user_id: int) -> int:
    owned = select(func.count()).select_from(api_tokens).where(api_tokens.c.user_id == user_id)
    return int(conn.execute(owned).scalar_one())


def of_user(conn: Connection, user_id: int) -> list[ApiToken]:
    """Oldest first."""
    columns = (api_tokens.c.id, api_tokens.c.name, api_tokens.c.created_at, api_tokens.c.last_used_at)
    owned = (
        select(*columns)
        .where(api_tokens.c.user_id == user_id)
        .order_by(api_tokens.c.created_at, api_tokens.c.id)
    )
    return [ApiToken(**row) for row in conn.execute(owned).mappings()]


def find(conn: Connection, token: str) -> Bearer | None:
    found = (
        select(api_tokens.c.id, api_tokens.c.user_id, users.c.email, api_tokens.c.last_used_at)
        .join_from(api_tokens, users, users.c.id == api_tokens.c.user_id)
        .where(api_tokens.c.token_hash == fingerprint(token))
    )
    row = conn.execute(found).mappings().first()
    return None if row is None else Bearer(**row)


def touch(conn: Connection, token_id: str, now_ms: int) -> None:
    conn.execute(update(api_tokens).where(api_tokens.c.id == token_id).values(last_used_at=now_ms))


def revoke(conn: Connection, user_id: int, token_id: str, now_ms: int) -> bool:
    """Return whether there was such a token of that user."""
    owned = (api_tokens.c.id == token_id, api_tokens.c.user_id == user_id)
    if conn.execute(delete(api_tokens).where(*owned)).rowcount == 0:
        return False
    audit.add(conn, "token_revoked", now_ms, user_id=user_id, subject=token_id)
    return True
