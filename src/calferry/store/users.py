"""People. A person is known by Google's `sub`; one brought by an operator is known by email until the first sign-in."""

from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select, update

from calferry.store.tables import users


@dataclass(frozen=True, slots=True)
class User:
    id: int
    email: str
    google_sub: str | None


BY_ID = select(users).where(users.c.id == bindparam("user_id"))
BY_SUB = select(users).where(users.c.google_sub == bindparam("google_sub"))


def by_id(conn: Connection, user_id: int) -> User | None:
    return _read(conn.execute(BY_ID, {"user_id": user_id}).mappings().first())


def by_sub(conn: Connection, google_sub: str) -> User | None:
    return _read(conn.execute(BY_SUB, {"google_sub": google_sub}).mappings().first())


def by_email(conn: Connection, email: str) -> User | None:
    """The oldest user of that address, whatever its case."""
    found = select(users).where(func.lower(users.c.email) == email.lower()).order_by(users.c.id)
    return _read(conn.execute(found).mappings().first())


def unclaimed(conn: Connection, email: str) -> User | None:
    """A user of that address who has never signed in."""
    found = select(users).where(func.lower(users.c.email) == email.lower(), users.c.google_sub.is_(None))
    return _read(conn.execute(found.order_by(users.c.id)).mappings().first())


def create(conn: Connection, email: str, google_sub: str | None, now_ms: int) -> int:
    """Store a new user and return the id."""
    row = insert(users).values(email=email, google_sub=google_sub, created_at=now_ms).returning(users.c.id)
    return int(conn.execute(row).scalar_one())


def claim(conn: Connection, user_id: int, google_sub: str) -> None:
    """Tie a user brought by an operator to the Google account that signed in with the same verified address."""
    unset = users.c.google_sub.is_(None)
    conn.execute(update(users).where(users.c.id == user_id, unset).values(google_sub=google_sub))


def rename(conn: Connection, user_id: int, email: str) -> None:
    """Follow a changed address."""
    conn.execute(update(users).where(users.c.id == user_id).values(email=email))


def _read(row: RowMapping | None) -> User | None:
    return None if row is None else User(int(row["id"]), row["email"], row["google_sub"])
