"""Disconnecting works whatever Google says, and nothing of the account comes back."""

import asyncio

from sqlalchemy import select

from calferry.duties.rescue import rescue
from calferry.store.tables import accounts, calendars, events, sync_states
from calferry.sync.accounts import disconnect, finish_closing
from calferry.sync.run_calendar import run_calendar
from calferry.sync.watch import ensure_channel
from tests.scenarios.stage import ALICE, Stage, staged


async def nothing_left(stage: Stage) -> None:
    for table in (accounts, calendars, events, sync_states):
        assert await stage.rows(select(table)) == []


@staged()
async def test_everything_goes_and_the_grant_is_revoked(stage: Stage) -> None:
    stage.add("lunch")
    await ensure_channel(stage.engine, stage.calendar_id)
    await stage.done()
    await disconnect(stage.engine, stage.account_id)
    await nothing_left(stage)
    assert stage.open_channels() == []
    assert stage.asked_methods()["revoke"] == 1
    assert (await stage.logged())[-1].startswith("calendar_removed")


@staged()
async def test_revoked_grant_does_not_stop_it(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    stage.control("revoke", {"email": ALICE})
    await disconnect(stage.engine, stage.account_id)
    await nothing_left(stage)


@staged()
async def test_grant_known_to_be_dead_is_not_used_to_stop_channels(stage: Stage) -> None:
    await ensure_channel(stage.engine, stage.calendar_id)
    await stage.done()
    stage.control("revoke", {"email": ALICE})
    await stage.run()
    assert (await stage.account()).status == "needs_reauth"
    stage.asked()
    await disconnect(stage.engine, stage.account_id)
    assert stage.asked_methods().keys() <= {"token", "revoke"}
    await nothing_left(stage)


@staged()
async def test_unreachable_google_does_not_keep_the_data(stage: Stage) -> None:
    stage.add("lunch")
    await ensure_channel(stage.engine, stage.calendar_id)
    await stage.done()
    stage.service.transport.is_down = True
    await disconnect(stage.engine, stage.account_id)
    assert await stage.rows(select(events)) == []
    assert await stage.rows(select(calendars)) == []
    assert [row.status for row in await stage.rows(select(accounts))] == ["closing"]
    stage.service.transport.is_down = False
    await stage.clock.sleep(60)
    await rescue(stage.engine)
    assert await finish_closing(stage.engine, stage.account_id)
    await nothing_left(stage)


@staged(page_size=2)
async def test_run_in_flight_stores_nothing_more(stage: Stage) -> None:
    stage.add_many(9)
    stage.service.transport.latency_s = 0.3
    await stage.clock.sleep(1)
    run = asyncio.create_task(run_calendar(stage.engine, stage.calendar_id))
    await stage.clock.sleep(1)
    await disconnect(stage.engine, stage.account_id)
    assert (await run).outcome in ("held", "failed", "refused")
    await nothing_left(stage)


@staged()
async def test_refresh_in_flight_brings_nobody_back(stage: Stage) -> None:
    await stage.done()
    await stage.clock.sleep(3600)
    stage.service.transport.latency_s = 2.0
    run = asyncio.create_task(run_calendar(stage.engine, stage.calendar_id))
    await stage.clock.sleep(1)
    await disconnect(stage.engine, stage.account_id)
    await run
    await nothing_left(stage)


@staged()
async def test_later_pushes_are_inert(stage: Stage) -> None:
    await ensure_channel(stage.engine, stage.calendar_id)
    stage.faults({"method": "channels.stop", "action": "return-503", "times": 99})
    await stage.deliver()
    await disconnect(stage.engine, stage.account_id)
    stage.add("lunch")
    before = await stage.rows(select(accounts))
    assert await stage.deliver() == 1
    assert await stage.rows(select(accounts)) == before
    stage.control("faults", {"faults": []})
    await stage.clock.sleep(60)
    await rescue(stage.engine)
    assert await finish_closing(stage.engine, stage.account_id)
    await nothing_left(stage)
    assert stage.open_channels() == []
