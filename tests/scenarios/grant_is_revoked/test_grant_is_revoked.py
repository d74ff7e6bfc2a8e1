"""The owner withdraws the grant: everything stops, nothing is erased, and connecting again goes on from there."""

import asyncio
from dataclasses import replace

import pytest

from calferry.duties.rescue import rescue
from calferry.sync.accounts import ConnectRefused, connect
from calferry.sync.watch import ensure_channel, stop, stop_account_channels
from tests.scenarios.stage import ALICE, Stage, staged


async def revoked(stage: Stage) -> None:
    stage.add("lunch")
    await ensure_channel(stage.engine, stage.calendar_id)
    await stage.done()
    stage.control("revoke", {"email": ALICE})
    stage.add("dinner")
    assert (await stage.run()).outcome == "failed"


@staged()
async def test_data_stays_and_work_stops(stage: Stage) -> None:
    await revoked(stage)
    account = await stage.account()
    assert (account.status, bool(account.status_reason)) == ("needs_reauth", True)
    assert await stage.live() == ["lunch"]
    assert (await stage.state()).status == "blocked"
    stage.asked()
    await stage.push()
    await stage.scan(12 * 3600)
    assert (await stage.run()).error.code == "401"  # type: ignore[union-attr]
    assert stage.asked_methods() == {}


@staged()
async def test_connecting_again_goes_on_where_it_stopped(stage: Stage) -> None:
    await revoked(stage)
    await stage.clock.sleep(3600)
    connected = await connect(stage.engine, stage.google.grant(ALICE))
    assert (connected.account_id, connected.created) == (stage.account_id, False)
    generation = (await stage.state()).generation
    await stage.scan(5)
    assert await stage.live() == ["dinner", "lunch"]
    assert (await stage.state()).generation == generation
    assert (await stage.account()).status == "active"
    await stage.assert_equal()


@staged()
async def test_a_sign_in_that_was_held_up_does_not_replace_a_later_one(stage: Stage) -> None:
    await revoked(stage)
    held_up = stage.google.grant(ALICE)
    await stage.clock.sleep(10)
    stage.control("revoke", {"email": ALICE})
    await connect(stage.engine, stage.google.grant(ALICE))
    connected = await connect(stage.engine, held_up)
    assert (connected.account_id, connected.created) == (stage.account_id, False)
    await stage.scan(5)
    assert (await stage.account()).status == "active"
    await stage.assert_equal()


@staged()
async def test_no_sign_in_is_too_old_for_an_account_whose_grant_is_dead(stage: Stage) -> None:
    """As where the local Google, whose clock was turned forward, has begun anew."""
    await revoked(stage)
    grant = stage.google.grant(ALICE)
    assert grant.identity is not None
    await connect(stage.engine, replace(grant, identity=replace(grant.identity, issued_at=1)))
    await stage.scan(5)
    assert (await stage.account()).status == "active"
    await stage.assert_equal()


@staged()
async def test_oldest_of_too_many_grants_dies(stage: Stage) -> None:
    await stage.done()
    for _ in range(101):
        stage.google.grant(ALICE)
    await stage.clock.sleep(3600)
    assert (await stage.run()).outcome == "failed"
    account = await stage.account()
    assert (account.status, bool(account.status_reason)) == ("needs_reauth", True)


@staged()
async def test_seven_days_are_explained(stage: Stage) -> None:
    await stage.clock.sleep(7 * 86_400)
    await revoked(stage)
    assert "Testing" in (await stage.account()).status_reason


@staged()
async def test_other_ages_are_not_guessed_about(stage: Stage) -> None:
    await stage.clock.sleep(9 * 86_400)
    await revoked(stage)
    assert "Testing" not in (await stage.account()).status_reason


@staged()
async def test_grant_without_refresh_token_keeps_the_old_one(stage: Stage) -> None:
    grant = stage.google.grant(ALICE)
    before = (await stage.account()).refresh_token
    bare = type(grant)(grant.identity, grant.email, grant.scopes, None)
    await connect(stage.engine, bare)
    assert (await stage.account()).refresh_token == before
    await stage.done()


@staged(connected=False)
async def test_first_grant_without_refresh_token_is_refused(stage: Stage) -> None:
    grant = stage.google.grant(ALICE)
    with pytest.raises(ConnectRefused, match="refresh token"):
        await connect(stage.engine, type(grant)(grant.identity, grant.email, grant.scopes, None))


@staged()
async def test_other_person_at_reconnect_is_refused(stage: Stage) -> None:
    before = await stage.account()
    with pytest.raises(ConnectRefused):
        await connect(
            stage.engine,
            stage.google.grant("bob@example.com"),
            user_id=before.user_id,
            account_id=stage.account_id,
        )
    assert await stage.account() == before


@staged()
async def test_late_word_of_the_old_grant_does_not_kill_the_new_one(stage: Stage) -> None:
    """The refresh with the old grant is answered after the owner has connected again."""
    await stage.done()
    await stage.clock.sleep(3600)
    stage.control("revoke", {"email": ALICE})
    stage.faults({"method": "token", "action": "return-400:invalid_grant", "times": 2})
    stage.service.transport.latency_s = 5.0
    from calferry.sync.run_calendar import run_calendar

    run = asyncio.create_task(run_calendar(stage.engine, stage.calendar_id))
    await stage.clock.sleep(2)
    await connect(stage.engine, stage.google.grant(ALICE))
    await run
    stage.service.transport.latency_s = 0.0
    assert (await stage.account()).status == "active"
    await stage.clock.sleep(60)
    await stage.scan(60)
    await stage.assert_equal()


@staged()
async def test_late_word_of_the_old_grant_says_nothing_of_the_new_one(stage: Stage) -> None:
    """Who asked under the old grant is told to come again, not that the account is dead: it may have a channel to stop."""
    await ensure_channel(stage.engine, stage.calendar_id)
    await stage.done()
    await stage.clock.sleep(3600)
    stage.control("revoke", {"email": ALICE})
    await stage.clock.sleep(1)
    stage.service.transport.latency_s = 5.0
    row = (await stage.channel_rows())[0]
    stopping = asyncio.create_task(stop(stage.engine, stage.account_id, row.id, row.resource_id))  # type: ignore[arg-type]
    await stage.clock.sleep(2)
    await connect(stage.engine, stage.google.grant(ALICE))
    assert not await stopping
    assert [row.state for row in await stage.channel_rows()] == ["active"]


@staged()
async def test_channel_that_the_dead_grant_could_not_stop_is_stopped_under_the_next(stage: Stage) -> None:
    await ensure_channel(stage.engine, stage.calendar_id)
    await stage.done()
    stage.control("revoke", {"email": ALICE})
    await stop_account_channels(stage.engine, stage.account_id)
    assert [row.state for row in await stage.channel_rows()] == ["failed"]
    assert len(stage.open_channels()) == 1
    await connect(stage.engine, stage.google.grant(ALICE))
    await rescue(stage.engine)
    assert [row.state for row in await stage.channel_rows()] == ["stopped"]
    assert stage.open_channels() == []
