"""Sealing stored secrets anew with the newest key."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, update

from calferry.duties import reseal as module
from calferry.duties.reseal import Resealed, reseal, stale
from calferry.ports import Store
from calferry.store import sealed
from calferry.store.sealed import access_context, refresh_context
from calferry.store.tables import accounts, sign_ins, sync_states
from calferry.vault import SealingVault
from tests.harness.databases import empty_store
from tests.unit.duties.rows import NOW, add, add_account, add_state

OLD, NEW, LOST = bytes(range(32)), bytes(range(1, 33)), bytes(range(2, 34))


def vault(*keys: bytes) -> SealingVault:
    return SealingVault(keys, os.urandom)


def secrets_of(box: SealingVault, account_id: str) -> dict[str, bytes]:
    return {
        "refresh_token": box.seal(f"refresh of {account_id}", refresh_context(account_id)),
        "access_token": box.seal(f"access of {account_id}", access_context(account_id)),
    }


async def store_with(*sealed_with: bytes) -> Store:
    """An account for each key, and a sign-in under way."""
    store = empty_store()

    def fill(connection: Any) -> None:
        for number, key in enumerate(sealed_with):
            account_id = f"acc_{number}"
            add_account(connection, account_id, **secrets_of(vault(key), account_id))
            add_state(connection, f"cal_{number}", account_id, next_due_at=NOW)
        verifier = vault(sealed_with[0]).seal("verifier", sealed.verifier_context(b"hash"))
        values = {"verifier": verifier, "browser_hash": b"", "nonce": "", "intent": "", "return_to": ""}
        add(connection, sign_ins, state_hash=b"hash", expires_at=NOW, **values)

    await store.write(fill)
    return store


def told(story: Callable[[], Awaitable[None]]) -> None:
    async def awaited() -> None:
        await story()

    asyncio.run(awaited())


async def rotate(
    store: Store, *keys: bytes, forget: bool = False, steps: list[int] | None = None
) -> Resealed:
    seen = [] if steps is None else steps
    return await reseal(store, vault(*keys), NOW, forget_unreadable=forget, progressed=seen.append)


async def rows(store: Store) -> list[Any]:
    return await store.read(
        lambda connection: connection.execute(select(accounts).order_by(accounts.c.id)).all()
    )


def test_everything_opens_with_the_newest_key_alone_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "VALUES_AT_ONCE", 2)

    async def story() -> None:
        store, steps = await store_with(OLD, OLD, OLD, NEW), []
        assert await stale(store, vault(NEW, OLD)) == 7
        assert (await rotate(store, NEW, OLD, steps=steps)).values == 7
        assert (sum(steps), max(steps)) == (7, 2)
        assert await stale(store, vault(NEW)) == 0
        for row in await rows(store):
            assert vault(NEW).open(row.refresh_token, refresh_context(row.id)) == f"refresh of {row.id}"
            assert vault(NEW).open(row.access_token, access_context(row.id)) == f"access of {row.id}"
        found = await store.read(lambda connection: connection.execute(select(sign_ins)).one())
        assert vault(NEW).open(found.verifier, sealed.verifier_context(b"hash")) == "verifier"
        assert await rotate(store, NEW, OLD) == Resealed()

    told(story)


def test_an_interrupted_rotation_is_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "VALUES_AT_ONCE", 1)

    class Killed(BaseException):
        """The process is gone."""

    async def story() -> None:
        store = await store_with(OLD, OLD, OLD)

        def killed(_: int) -> None:
            raise Killed

        with pytest.raises(Killed):
            await reseal(store, vault(NEW, OLD), NOW, forget_unreadable=False, progressed=killed)
        assert await stale(store, vault(NEW, OLD)) == 6
        assert (await rotate(store, NEW, OLD)).values == 6
        assert await store.read(sealed.counts) == {vault(NEW).newest_name: 7}

    told(story)


def test_a_value_that_changes_meanwhile_is_not_overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refresh comes between the reading of a value and the writing of it."""

    async def story() -> None:
        store = await store_with(OLD)
        fresh = vault(NEW, OLD).seal("fresh", access_context("acc_0"))
        refresh = update(accounts).where(accounts.c.id == "acc_0").values(access_token=fresh)
        replace_all = module.replace_all

        def beaten(connection: Any, **given: Any) -> int:
            if given["column"].name == "accounts.access_token":
                connection.execute(refresh)
            return replace_all(connection, **given)

        monkeypatch.setattr(module, "replace_all", beaten)
        assert (await rotate(store, NEW, OLD)).values == 2
        assert (await rows(store))[0].access_token == fresh

    told(story)


def test_what_no_key_opens_is_left_until_somebody_gives_it_up() -> None:
    async def story() -> None:
        store = await store_with(OLD, LOST)
        moved = vault(OLD).seal("a", refresh_context("acc_9"))
        await store.write(partial(add_account, account_id="acc_2", refresh_token=moved, status="closing"))
        assert await rotate(store, NEW, OLD) == Resealed(values=3)
        assert await stale(store, vault(NEW, OLD)) == 3
        assert await rotate(store, NEW, OLD, forget=True) == Resealed(forgotten=3)
        assert await stale(store, vault(NEW)) == 0
        kept, lost, closing = await rows(store)
        assert (kept.status, lost.status, closing.status) == ("active", "needs_reauth", "closing")
        assert (lost.refresh_token, lost.access_token, lost.status_reason) == (None, None, "its key was lost")
        states = await store.read(
            lambda conn: conn.execute(select(sync_states.c.id, sync_states.c.status)).all()
        )
        assert dict(map(tuple, states)) == {"cal_0": "idle", "cal_1": "blocked"}

    told(story)
