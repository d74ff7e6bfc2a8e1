"""Changing the keys while the service runs and refreshes tokens."""

import asyncio
import base64
import os
from pathlib import Path
from threading import Thread

import pytest

from calferry.bootstrap.database import connect
from calferry.duties.reseal import reseal
from calferry.emulator.server import RunningGoogle
from calferry.settings import SettingsInvalid
from calferry.store import sealed
from calferry.vault import SealingVault
from tests.contract.web.site import Person, Site, running_site, sync

OLD, NEW = bytes(range(32)), bytes(range(1, 33))


def listed(*keys: bytes) -> str:
    return ",".join(base64.b64encode(key).decode() for key in keys)


def refresh_again_and_again(site: Site, alice: Person) -> None:
    for _ in range(4):
        site.clock.advance(3_600)
        assert sync(alice.http, alice.calendar_id).of("complete")


async def rotate(site: Site) -> int:
    store = connect(site.settings.database_address)
    try:
        vault = SealingVault([NEW, OLD], os.urandom)
        done = await reseal(store, vault, 0, forget_unreadable=False, progressed=lambda _: None)
    finally:
        await store.close()
    return done.values


def test_keys_are_rotated_beside_a_running_service(google: RunningGoogle, tmp_path: Path) -> None:
    with running_site(google, tmp_path, keys=listed(OLD)) as site:
        token, database = site.person().token, site.settings.database_address
    with running_site(google, tmp_path, keys=listed(NEW, OLD), database_url=database) as site:
        http = site.client(token)
        calendar = http.get("/calendar/calendars").json()["calendars"][0]
        alice = Person(1, calendar["account_id"], token, http, site, {calendar["google_id"]: calendar["id"]})
        syncing = Thread(target=refresh_again_and_again, args=(site, alice))
        syncing.start()
        assert asyncio.run(rotate(site)) >= 1
        syncing.join()
        assert asyncio.run(rotate(site)) == 0
        names = site.read(sealed.counts)
        assert list(names) == [SealingVault([NEW], os.urandom).newest_name]
    with running_site(google, tmp_path, keys=listed(NEW), database_url=database) as site:
        assert sync(site.client(token), calendar["id"]).of("complete")
    with (
        pytest.raises(SettingsInvalid, match="CALFERRY_KEYS lacks key"),
        running_site(google, tmp_path, keys=listed(OLD), database_url=database),
    ):
        pass
