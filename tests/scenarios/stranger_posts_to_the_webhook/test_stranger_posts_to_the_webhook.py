"""Messages that are not Google's write nothing and start nothing."""

from calferry.sync.watch import ensure_channel
from tests.scenarios.stage import Stage, staged


@staged()
async def test_forged_messages_do_nothing(stage: Stage) -> None:
    await ensure_channel(stage.engine, stage.calendar_id)
    await stage.done()
    await stage.scan(5)
    before, (channel,) = await stage.state(), await stage.channel_rows()
    assert await stage.push(channel_id="a-channel-nobody-opened") == "unknown"
    assert await stage.push(token="guessed") == "token"
    assert await stage.push(token=None) == "token"
    assert await stage.push(token="\ud800") == "token"
    assert await stage.push(resource_id="another") == "resource"
    assert await stage.state() == before
    assert await stage.channel_rows() == [channel]
    stage.asked()
    assert await stage.scan(60) == 0
    assert stage.asked_methods() == {}


@staged()
async def test_expired_channel_does_nothing(stage: Stage) -> None:
    await ensure_channel(stage.engine, stage.calendar_id)
    await stage.clock.sleep(8 * 86_400)
    before = await stage.state()
    assert await stage.push() == "expired"
    assert await stage.state() == before
