"""The part of `calferry doctor` that looks into the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from calferry.bootstrap.database import SQLITE, DatabaseUnusable, OpenStore, connect, explained, is_absent
from calferry.cli.findings import Finding, broken, note, ok
from calferry.cli.output import count
from calferry.settings import Settings
from calferry.store import migrate
from calferry.store.sealed import refresh_context
from calferry.store.tables import accounts
from calferry.vault import SealingVault, VaultError

LOST_KEY = (
    "List the key that they were sealed with in CALFERRY_KEYS, behind the newest one; if it is lost for good, these "
    "people sign in again."
)


@dataclass(frozen=True, slots=True)
class AccountFacts:
    id: str
    user_id: int
    email: str
    status: str
    reason: str | None
    scopes: str
    sealed: bytes | None


async def open_as_it_is(settings: Settings) -> tuple[OpenStore | None, Finding]:
    """The database, unmigrated, where it can be used with its present schema; and what is to be said of it."""
    address = settings.database_address
    if address.startswith(SQLITE) and is_absent(Path(address.removeprefix(SQLITE))):
        place = address.removeprefix(SQLITE)
        return None, note("database", f"There is none at {place} yet.", "`calferry serve` makes it.")
    try:
        store = connect(address)
        with explained(address):
            missing = await store.read(migrate.pending)
            revision = await store.read(migrate.revision_of)
    except DatabaseUnusable as unusable:
        return None, Finding("database", "not_configured", str(unusable))
    if not missing:
        return store, ok("database", f"It answers, and is at the newest revision, {revision}.")
    await store.close()
    found = f"It lacks {count(missing, 'migration')}."
    if settings.auto_migrate:
        return None, note(
            "database", found, "`calferry serve` runs them when it starts; or `calferry db upgrade` now."
        )
    return None, broken("database", found, "Run `calferry db upgrade`.")


def accounts_in(connection: Connection) -> list[AccountFacts]:
    columns = (
        accounts.c.id,
        accounts.c.user_id,
        accounts.c.email,
        accounts.c.status,
        accounts.c.status_reason,
        accounts.c.scopes,
        accounts.c.refresh_token,
    )
    found = select(*columns).where(accounts.c.status != "closing").order_by(accounts.c.email)
    return [AccountFacts(*row) for row in connection.execute(found)]


def examine_keys(settings: Settings, found: Sequence[AccountFacts], random_bytes: Any) -> Finding:
    """Whether the keys open what is stored."""
    vault = SealingVault(settings.sealing_keys, random_bytes)
    shut = [account.email for account in found if account.sealed is not None and not opens(vault, account)]
    if shut:
        named = ", ".join(shut[:5]) + (" and others" if len(shut) > 5 else "")
        return broken("keys", f"CALFERRY_KEYS does not open the grants of {named}.", LOST_KEY)
    sealed = sum(account.sealed is not None for account in found)
    return ok("keys", f"CALFERRY_KEYS is usable, and opens {count(sealed, 'stored grant')}.")


def opens(vault: SealingVault, account: AccountFacts) -> bool:
    assert account.sealed is not None  # noqa: S101 - narrows for the type checker
    try:
        vault.open(account.sealed, refresh_context(account.id))
    except VaultError:
        return False
    return True
