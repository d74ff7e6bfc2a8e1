"""Google watches no holidays and birthdays: such a calendar is remembered and polled, and asked about seldom."""

from calferry.duties.open_channels import setup_channels
from calferry.sync.watch import ensure_channel
from tests.scenarios.stage import Stage, staged


@staged()
async def test_unwatchable_calendar_is_polled(stage: Stage) -> None:
    stage.control("watchable", {"calendar_id": stage.google_id, "watchable": False})
    assert await ensure_channel(stage.engine, stage.calendar_id) == "unwatchable"
    stage.asked()
    assert await ensure_channel(stage.engine, stage.calendar_id) == "unwatchable"
    assert await setup_channels(stage.engine) == (0, 0)
    assert stage.asked_methods() == {}
    await stage.done()
    due_in_s = ((await stage.state()).next_due_at - stage.clock.now_ms()) / 1000
    assert 200 < due_in_s < 400
    stage.add("lunch")
    await stage.scan(400)
    assert await stage.live() == ["lunch"]


@staged()
async def test_it_is_asked_about_again_after_a_day(stage: Stage) -> None:
    stage.control("watchable", {"calendar_id": stage.google_id, "watchable": False})
    await ensure_channel(stage.engine, stage.calendar_id)
    stage.control("watchable", {"calendar_id": stage.google_id, "watchable": True})
    await stage.clock.sleep(86_500)
    assert await setup_channels(stage.engine) == (1, 0)


@staged(webhook=None)
async def test_without_an_address_everything_is_polled(stage: Stage) -> None:
    assert await ensure_channel(stage.engine, stage.calendar_id) == "unconfigured"
    assert await setup_channels(stage.engine) == (0, 0)
    await stage.done()
    stage.add("lunch")
    await stage.scan(400)
    assert await stage.live() == ["lunch"]
    assert "events.watch" not in stage.asked_methods()


@staged()
async def test_address_that_google_refuses_is_not_offered_over_and_over(stage: Stage) -> None:
    stage.faults({"method": "events.watch", "action": "return-401:push.webhookUrlUnauthorized", "times": 99})
    assert await ensure_channel(stage.engine, stage.calendar_id) == "failed"
    assert stage.asked_methods()["events.watch"] == 1
    assert await setup_channels(stage.engine) == (0, 0)
    assert stage.asked_methods() == {}
    assert (await stage.account()).status == "active"
    await stage.done()
    due_in_s = ((await stage.state()).next_due_at - stage.clock.now_ms()) / 1000
    assert 200 < due_in_s < 400
