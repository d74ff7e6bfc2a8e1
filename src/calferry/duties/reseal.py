"""Sealing every stored secret anew with the newest key, beside a running service. Only a person asks for it.

A value is replaced only if it still is what was opened, so that whatever the service stores meanwhile stays. Nothing
but the values themselves says how far this has come: it may be killed and begun again at any time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection

from calferry.ports import Store
from calferry.store import sealed
from calferry.store.sealed import COLUMNS, SealedColumn, SealedValue
from calferry.vault import SealingVault, VaultError

VALUES_AT_ONCE = 100

Progressed = Callable[[int], None]


@dataclass(slots=True)
class Resealed:
    """How many values were sealed anew, and how many were given up because no key opens them."""

    values: int = 0
    forgotten: int = 0


@dataclass(frozen=True, slots=True)
class Left:
    """What a pass came by: values that it could not open."""

    resealed: int
    unreadable: list[tuple[SealedColumn, SealedValue]]


async def stale(store: Store, vault: SealingVault) -> int:
    """How many values are sealed with an older key, or in an older form."""
    counts = await store.read(sealed.counts)
    return counts.total() - counts[vault.newest_name]


async def reseal(
    store: Store, vault: SealingVault, now_ms: int, *, forget_unreadable: bool, progressed: Progressed
) -> Resealed:
    """Pass over everything until a pass finds nothing to do: another process may go on sealing with an older key."""
    done = Resealed()
    while True:
        passed = [await reseal_column(store, vault, column, progressed) for column in COLUMNS]
        resealed = sum(left.resealed for left in passed)
        done.values += resealed
        if resealed == 0:
            break
    if forget_unreadable:
        for column, value in (lost for left in passed for lost in left.unreadable):
            forget = partial(sealed.forget, column=column, value=value, now_ms=now_ms)
            done.forgotten += await store.write(forget)
    return done


async def reseal_column(
    store: Store, vault: SealingVault, column: SealedColumn, progressed: Progressed
) -> Left:
    """So many values a transaction, in the order of their rows."""
    after: Any | None = None
    resealed, unreadable = 0, list[tuple[SealedColumn, SealedValue]]()
    while True:
        look = partial(
            sealed.not_named, column=column, name=vault.newest_name, after=after, at_most=VALUES_AT_ONCE
        )
        found = await store.read(look)
        if not found:
            return Left(resealed, unreadable)
        after = found[-1].key
        fresh: list[tuple[SealedValue, bytes]] = []
        for value in found:
            try:
                context = column.context(value.key)
                fresh.append((value, vault.seal(vault.open(value.sealed, context), context)))
            except VaultError:
                unreadable.append((column, value))
        written = await store.write(partial(replace_all, column=column, fresh=fresh))
        resealed += written
        progressed(written)


def replace_all(connection: Connection, column: SealedColumn, fresh: list[tuple[SealedValue, bytes]]) -> int:
    return sum(sealed.replace(connection, column, value, bytes_) for value, bytes_ in fresh)
