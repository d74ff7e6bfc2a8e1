"""A channel nears its end: the new one is there before the old one is stopped, and the gap is caught up on."""

from calferry.core.limits import CHANNEL_LIFE_MS
from calferry.duties.open_channels import setup_channels
from calferry.duties.renew_channels import renew_channels
from calferry.store.tables import calendars
from calferry.sync.watch import ensure_channel, renew_channel
from tests.scenarios.stage import Stage, staged

DAY_S = 86_400


@staged()
async def test_new_channel_is_open_before_the_old_one_is_stopped(stage: Stage) -> None:
    await ensure_channel(stage.engine, stage.calendar_id)
    await stage.deliver()
    await stage.done()
    stage.asked()
    (old,) = await stage.channel_rows()
    assert await renew_channel(stage.engine, old.id)
    assert [one["api_method"] for one in stage.asked()] == ["events.watch", "channels.stop"]
    assert [row.state for row in await stage.channel_rows()] == ["stopped", "active"]
    state = await stage.state()
    assert state.dirty_seq > state.clean_seq


@staged()
async def test_change_during_the_renewal_is_caught_up_on(stage: Stage) -> None:
    await ensure_channel(stage.engine, stage.calendar_id)
    await stage.scan(3)
    (old,) = await stage.channel_rows()
    stage.control("push", {"mode": "drop"})
    stage.add("lunch")
    await renew_channel(stage.engine, old.id)
    await stage.scan(3)
    assert await stage.live() == ["lunch"]


@staged()
async def test_failed_renewal_keeps_the_old_channel(stage: Stage) -> None:
    await ensure_channel(stage.engine, stage.calendar_id)
    (old,) = await stage.channel_rows()
    stage.faults({"method": "events.watch", "action": "return-503", "times": 9})
    assert not await renew_channel(stage.engine, old.id)
    assert old.id in [row.id for row in await stage.channel_rows("active")]
    assert old.id in stage.open_channels()


@staged()
async def test_asking_twice_opens_one_channel(stage: Stage) -> None:
    for _ in range(3):
        assert await ensure_channel(stage.engine, stage.calendar_id) == "active"
        await setup_channels(stage.engine)
    assert len(stage.open_channels()) == 1


@staged()
async def test_renewals_are_due_in_time_and_spread(stage: Stage) -> None:
    for calendar_id in ("alice-team@group.calendar.google.com", "alice@example.com"):
        await stage.look_at(calendar_id)
        await stage.change(calendars, stage.calendar_id, selected=True)
        await ensure_channel(stage.engine, stage.calendar_id)
    assert await renew_channels(stage.engine) == (0, 0)
    found = stage.google.emulator.world.channels.open.values()
    ends = {round(channel.expires_at) for channel in found}
    assert len(ends) == 1
    await stage.clock.sleep(CHANNEL_LIFE_MS / 1000 - DAY_S * 1.3)
    assert await renew_channels(stage.engine) == (0, 0)
    renewed, turns = 0, 0
    while renewed < 2:
        await stage.clock.sleep(600)
        count = (await renew_channels(stage.engine)).renewed
        renewed, turns = renewed + count, turns + (count > 0)
    assert turns == 2
    assert len(stage.open_channels()) == 2


@staged()
async def test_expired_channel_is_opened_anew(stage: Stage) -> None:
    await ensure_channel(stage.engine, stage.calendar_id)
    await stage.clock.sleep(CHANNEL_LIFE_MS / 1000 + 60)
    await stage.change(calendars, stage.calendar_id, push_checked_at=None)
    assert await setup_channels(stage.engine) == (1, 0)
    assert [row.state for row in await stage.channel_rows("active")][-1:] == ["active"]
