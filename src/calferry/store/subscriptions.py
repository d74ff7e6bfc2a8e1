"""Where a person's changes are told to, and the secrets they are signed with. Every statement binds the user."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, and_, delete, exists, func, insert, or_, select, update

from calferry.store.tables import deliveries, subscription_secrets, subscriptions, users

PER_USER_MAX = 20
SECRETS_MAX = 5


@dataclass(frozen=True, slots=True)
class Secret:
    """A live one, still sealed."""

    id: str
    created_at: int
    expires_at: int | None
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Subscription:
    """`position`: the number of the last change that was looked at for it. `secrets`: the newest first."""

    id: str
    user_id: int
    url: str
    name: str
    kinds: str
    status: str
    position: int
    failures: int
    next_try_at: int | None
    last_success_at: int | None
    last_error: str | None
    fence: int
    created_at: int
    secrets: tuple[Secret, ...] = ()

    @property
    def wanted(self) -> tuple[str, ...]:
        """The kinds it is told of."""
        return tuple(json.loads(self.kinds))


COLUMNS = [subscriptions.c[name] for name in Subscription.__slots__ if name != "secrets"]


def written(kinds: Sequence[str]) -> str:
    return json.dumps(sorted(set(kinds)))


def create(
    connection: Connection,
    user_id: int,
    subscription_id: str,
    url: str,
    name: str,
    kinds: Sequence[str],
    now_ms: int,
) -> None:
    """From the change log's head on, so that what was before is not told."""
    head = select(users.c.change_head).where(users.c.id == user_id).scalar_subquery()
    row = {
        "id": subscription_id,
        "user_id": user_id,
        "url": url,
        "name": name,
        "kinds": written(kinds),
    }
    connection.execute(insert(subscriptions).values(**row, status="active", position=head, created_at=now_ms))


def count(connection: Connection, user_id: int) -> int:
    owned = select(func.count()).select_from(subscriptions).where(subscriptions.c.user_id == user_id)
    return int(connection.execute(owned).scalar_one())


def of_user(connection: Connection, user_id: int, now_ms: int) -> list[Subscription]:
    """Oldest first."""
    owned = select(*COLUMNS).where(subscriptions.c.user_id == user_id)
    rows = connection.execute(owned.order_by(subscriptions.c.created_at, subscriptions.c.id)).all()
    return [read(connection, row, now_ms) for row in rows]


def load(connection: Connection, user_id: int, subscription_id: str, now_ms: int) -> Subscription | None:
    owned = and_(subscriptions.c.user_id == user_id, subscriptions.c.id == subscription_id)
    row = connection.execute(select(*COLUMNS).where(owned)).one_or_none()
    return None if row is None else read(connection, row, now_ms)


def read(connection: Connection, row: Any, now_ms: int) -> Subscription:
    """From a row of `COLUMNS`."""
    return replace(Subscription(*row), secrets=live_secrets(connection, row.id, now_ms))


def change(connection: Connection, user_id: int, subscription_id: str, values: dict[str, Any]) -> None:
    owned = and_(subscriptions.c.user_id == user_id, subscriptions.c.id == subscription_id)
    connection.execute(update(subscriptions).where(owned).values(values))


RESUMED: dict[str, Any] = {
    "status": "active",
    "failures": 0,
    "next_try_at": None,
    "last_error": None,
}
"""It is tried again at once, with whatever has been waiting. A day begins anew for what nobody took (`begin_anew`)."""


def begin_anew(connection: Connection, subscription_id: str) -> None:
    """What waits is tried now, as if for the first time."""
    waiting = and_(deliveries.c.subscription_id == subscription_id, deliveries.c.status == "pending")
    connection.execute(
        update(deliveries).where(waiting).values(first_try_at=None, next_try_at=None, attempts=0)
    )


def remove(connection: Connection, user_id: int, subscription_id: str) -> bool:
    """With its secrets and its deliveries. Tells whether there was one of that user."""
    owned = and_(subscriptions.c.user_id == user_id, subscriptions.c.id == subscription_id)
    if connection.execute(delete(subscriptions).where(owned)).rowcount == 0:
        return False
    for table in (subscription_secrets, deliveries):
        connection.execute(delete(table).where(table.c.subscription_id == subscription_id))
    return True


def live_secrets(connection: Connection, subscription_id: str, now_ms: int) -> tuple[Secret, ...]:
    table = subscription_secrets
    live = or_(table.c.expires_at.is_(None), table.c.expires_at > now_ms)
    statement = (
        select(table.c.id, table.c.created_at, table.c.expires_at, table.c.secret)
        .where(table.c.subscription_id == subscription_id, live)
        .order_by(table.c.created_at.desc(), table.c.id)
    )
    return tuple(Secret(*row[:3], bytes(row[3])) for row in connection.execute(statement))


def add_secret(
    connection: Connection,
    subscription: tuple[int, str],
    secret: Secret,
    others_until_ms: int,
) -> None:
    """A further secret of (user id, subscription id); those that had no end so far get one, and ended ones go."""
    user_id, subscription_id = subscription
    table = subscription_secrets
    own = table.c.subscription_id == subscription_id
    connection.execute(delete(table).where(own, table.c.expires_at <= secret.created_at))
    endless = and_(own, or_(table.c.expires_at.is_(None), table.c.expires_at > others_until_ms))
    connection.execute(update(table).where(endless).values(expires_at=others_until_ms))
    row = {"id": secret.id, "secret": secret.secret, "created_at": secret.created_at}
    connection.execute(insert(table).values(**row, user_id=user_id, subscription_id=subscription_id))


def remove_secret(connection: Connection, user_id: int, subscription_id: str, secret_id: str) -> bool:
    table = subscription_secrets
    own = and_(
        table.c.user_id == user_id, table.c.subscription_id == subscription_id, table.c.id == secret_id
    )
    return connection.execute(delete(table).where(own)).rowcount == 1


def exists_of(connection: Connection, user_id: int, subscription_id: str) -> bool:
    found = exists().where(subscriptions.c.user_id == user_id, subscriptions.c.id == subscription_id)
    return bool(connection.execute(select(found)).scalar_one())
