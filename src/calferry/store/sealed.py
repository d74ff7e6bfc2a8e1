"""Where sealed secrets are kept, and which key each was sealed with. The values themselves are opened elsewhere."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, Connection, LargeBinary, and_, case, delete, func, select, update

from calferry.core.failure import DEAD_GRANT
from calferry.store import sync_states
from calferry.store.tables import accounts, sign_ins, subscription_secrets

NAME_SIZE = 9
"""A sealed value begins with its version and the name of its key."""


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of sealed values; `context` binds a value to its row, whose `key` it is given."""

    value: Column[Any]
    key: Column[Any]
    context: Callable[[Any], str]

    @property
    def name(self) -> str:
        return f"{self.value.table.name}.{self.value.name}"

    @property
    def begins_with(self) -> Any:
        return func.substr(self.value, 1, NAME_SIZE, type_=LargeBinary)


@dataclass(frozen=True, slots=True)
class SealedValue:
    key: Any
    sealed: bytes = field(repr=False)


def refresh_context(account_id: str) -> str:
    return f"refresh:{account_id}"


def access_context(account_id: str) -> str:
    return f"access:{account_id}"


def verifier_context(state_hash: bytes) -> str:
    return f"verifier:{state_hash.hex()}"


def webhook_context(secret_id: str) -> str:
    return f"webhook:{secret_id}"


COLUMNS = (
    SealedColumn(accounts.c.refresh_token, accounts.c.id, refresh_context),
    SealedColumn(accounts.c.access_token, accounts.c.id, access_context),
    SealedColumn(sign_ins.c.verifier, sign_ins.c.state_hash, verifier_context),
    SealedColumn(subscription_secrets.c.secret, subscription_secrets.c.id, webhook_context),
)


def counts(connection: Connection) -> Counter[bytes]:
    """How many values begin with each version and key name."""
    found: Counter[bytes] = Counter()
    for column in COLUMNS:
        begins = column.begins_with.label("begins")
        statement = select(begins, func.count()).where(column.value.is_not(None)).group_by(begins)
        found.update({bytes(row[0]): row[1] for row in connection.execute(statement)})
    return found


def not_named(
    connection: Connection, column: SealedColumn, name: bytes, after: Any | None, at_most: int
) -> list[SealedValue]:
    """Values that begin with another name, in the order of their keys, from behind the key `after`."""
    others = and_(column.value.is_not(None), column.begins_with != name)
    rest = others if after is None else and_(others, column.key > after)
    statement = select(column.key, column.value).where(rest).order_by(column.key).limit(at_most)
    return [SealedValue(row[0], bytes(row[1])) for row in connection.execute(statement)]


def replace(connection: Connection, column: SealedColumn, value: SealedValue, fresh: bytes) -> bool:
    """Write the value sealed anew, unless another one has taken its place. Tells whether it was written."""
    same = and_(column.key == value.key, column.value == value.sealed)
    written = connection.execute(update(column.value.table).where(same).values({column.value: fresh}))
    return written.rowcount == 1


def keys_needed(connection: Connection) -> set[bytes]:
    """The names of the keys that the stored grants were sealed with."""
    key = func.substr(accounts.c.refresh_token, 2, NAME_SIZE - 1, type_=LargeBinary)
    statement = select(key).where(accounts.c.refresh_token.is_not(None)).distinct()
    return {bytes(name) for name in connection.execute(statement).scalars()}


def forget(connection: Connection, column: SealedColumn, value: SealedValue, now_ms: int) -> bool:
    """Forget a value that cannot be opened any more, unless another one has taken its place. An account without its
    refresh token waits for its person to sign in again; a subscription without its secret, for a new one."""
    same = and_(column.key == value.key, column.value == value.sealed)
    table = column.value.table
    if table is sign_ins or table is subscription_secrets:
        return connection.execute(delete(table).where(same)).rowcount == 1
    gone: dict[Any, Any] = {column.value: None}
    is_grant = column.value is accounts.c.refresh_token
    if is_grant:
        lost = case((accounts.c.status == "closing", "closing"), else_="needs_reauth")
        gone |= {accounts.c.status: lost, accounts.c.status_reason: "its key was lost"}
    forgotten = connection.execute(update(accounts).where(same).values(gone)).rowcount == 1
    if forgotten and is_grant:
        sync_states.block_account(connection, value.key, DEAD_GRANT, now_ms)
    return forgotten
