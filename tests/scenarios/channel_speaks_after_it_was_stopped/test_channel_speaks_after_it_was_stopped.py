"""Stopping takes effect late, or not at all: messages of a stopped channel do nothing, and it is stopped again."""

from calferry.duties.rescue import rescue
from calferry.store.tables import channels
from calferry.sync.watch import ensure_channel, renew_channel
from tests.scenarios.stage import Stage, staged


@staged()
async def test_stopped_channel_that_speaks_is_stopped_again(stage: Stage) -> None:
    await ensure_channel(stage.engine, stage.calendar_id)
    await stage.done()
    (row,) = await stage.channel_rows()
    await stage.change(channels, row.id, state="stopped")
    before = await stage.state()
    assert await stage.push() == "closed"
    assert (await stage.state()).dirty_seq == before.dirty_seq
    assert [row.state for row in await stage.channel_rows()] == ["draining"]
    await rescue(stage.engine)
    assert stage.open_channels() == []
    assert [row.state for row in await stage.channel_rows()] == ["stopped"]


@staged()
async def test_channel_that_google_does_not_know_counts_as_stopped(stage: Stage) -> None:
    await ensure_channel(stage.engine, stage.calendar_id)
    for action in ("return-404", "return-410"):
        stage.faults({"method": "channels.stop", "action": action})
        (row,) = await stage.channel_rows("active")
        await renew_channel(stage.engine, row.id)
    assert sorted(row.state for row in await stage.channel_rows()) == ["active", "stopped", "stopped"]


@staged()
async def test_stop_that_fails_is_tried_again(stage: Stage) -> None:
    await ensure_channel(stage.engine, stage.calendar_id)
    stage.faults({"method": "channels.stop", "action": "return-503", "times": 5})
    (row,) = await stage.channel_rows()
    await renew_channel(stage.engine, row.id)
    assert sorted(row.state for row in await stage.channel_rows()) == ["active", "draining"]
    await stage.clock.sleep(120)
    await rescue(stage.engine)
    assert sorted(row.state for row in await stage.channel_rows()) == ["active", "stopped"]
    assert len(stage.open_channels()) == 1
