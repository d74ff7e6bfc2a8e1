"""The time of a request ends exactly when a page is stored: the cursor is kept, and the next run goes on there."""

from calferry.sync.run_many import run_many
from tests.scenarios.stage import Stage, staged


@staged(page_size=2)
async def test_run_ends_after_the_page_in_hand(stage: Stage) -> None:
    stage.add_many(9)
    stage.service.transport.latency_s = 1.0
    await stage.clock.sleep(1)
    stop_at_ms = stage.clock.now_ms() + 4_000
    reports = await run_many(stage.engine, [stage.calendar_id], stop_at_ms=stop_at_ms)
    assert reports[stage.calendar_id].outcome == "incomplete"
    state = await stage.state()
    assert state.page_token is not None
    assert state.next_due_at <= stage.clock.now_ms()
    rows = len(await stage.live())
    assert 0 < rows < 9
    stage.asked()
    await stage.done()
    assert stage.asked()[0]["query"]["pageToken"]
    await stage.scan(5)
    await stage.assert_equal()
