"""Google says that the channel id is not unique: another one is made up."""

from calferry.sync.watch import ensure_channel
from tests.scenarios.stage import Stage, staged


@staged()
async def test_another_id_is_tried(stage: Stage) -> None:
    stage.faults({"method": "events.watch", "action": "return-400:channelIdNotUnique"})
    assert await ensure_channel(stage.engine, stage.calendar_id) == "active"
    assert sorted(row.state for row in await stage.channel_rows()) == ["active", "failed"]


@staged()
async def test_it_is_not_tried_for_ever(stage: Stage) -> None:
    stage.faults({"method": "events.watch", "action": "return-400:channelIdNotUnique", "times": 50})
    assert await ensure_channel(stage.engine, stage.calendar_id) == "failed"
    assert stage.asked_methods()["events.watch"] == 3
