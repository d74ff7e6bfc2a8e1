"""A mark that comes during a run is never lost, and never cancels a backoff."""

import asyncio

from calferry.store import sync_states
from calferry.sync.run_calendar import run_calendar
from tests.scenarios.stage import Stage, staged


async def mark(stage: Stage) -> int:
    now_ms = stage.clock.now_ms()
    marks = await stage.service.store.write(lambda tx: sync_states.mark(tx, [stage.calendar_id], now_ms))
    return marks[stage.calendar_id]


@staged(page_size=2)
async def test_mark_during_a_run_is_followed_by_another(stage: Stage) -> None:
    stage.add_many(5)
    stage.service.transport.latency_s = 0.3
    await stage.clock.sleep(1)
    run = asyncio.create_task(run_calendar(stage.engine, stage.calendar_id))
    await stage.clock.sleep(1)
    noted = await mark(stage)
    assert (await run).outcome == "done"
    state = await stage.state()
    assert state.clean_seq < noted == state.dirty_seq
    assert state.next_due_at - stage.clock.now_ms() <= 1000
    assert await stage.scan(4) == 1
    assert (await stage.state()).clean_seq == noted


@staged()
async def test_mark_does_not_end_a_backoff(stage: Stage) -> None:
    stage.faults({"method": "events.list", "action": "return-503", "times": 99})
    assert (await stage.run()).outcome == "failed"
    before = await stage.state()
    assert before.not_before_at > stage.clock.now_ms()
    await mark(stage)
    assert (await stage.state()).not_before_at == before.not_before_at
    assert (await stage.run()).outcome == "held"
    assert await stage.scan() == 0


@staged()
async def test_due_scan_alone_is_enough(stage: Stage) -> None:
    await stage.done()
    stage.add("lunch")
    await mark(stage)
    await stage.scan(4)
    assert await stage.live() == ["lunch"]
