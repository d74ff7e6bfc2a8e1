"""Two runs of one calendar begin at the same moment: one works, the other leaves at once."""

import asyncio

from calferry.sync.run_calendar import run_calendar
from tests.scenarios.stage import Stage, staged


@staged(page_size=2)
async def test_only_one_run_holds_the_calendar(stage: Stage) -> None:
    stage.service.transport.latency_s = 0.2
    stage.add_many(9)
    await stage.clock.sleep(1)
    reports = await asyncio.gather(*(run_calendar(stage.engine, stage.calendar_id) for _ in range(4)))
    assert sorted(report.outcome for report in reports) == ["done", "held", "held", "held"]
    log = await stage.logged()
    assert len(log) == len(set(log)) == 9
    await stage.assert_equal()


@staged(page_size=2)
async def test_duplicate_items_and_pages_change_nothing_twice(stage: Stage) -> None:
    stage.add_many(4)
    await stage.done()
    await stage.logged()
    for _ in range(3):
        report = await stage.done(full=True)
        assert report.changes == 0
    assert await stage.logged() == []
