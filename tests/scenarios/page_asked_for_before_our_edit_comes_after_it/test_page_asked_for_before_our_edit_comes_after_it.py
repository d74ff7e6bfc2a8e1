"""A page that Google has answered before our edit is stored after it: no reader sees the event go back in time."""

import asyncio
import json

from calferry.sync.run_calendar import run_calendar
from tests.scenarios.stage import Stage, staged


async def summary(stage: Stage) -> str:
    return str(json.loads((await stage.shown("lunch")).raw)["summary"])


@staged()
async def test_answer_covers_the_older_page_until_a_newer_one_comes(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    stage.patch("lunch", {"location": "Canteen"})
    slow = stage.another("slow")
    slow.transport.latency_s = 2.0
    await stage.clock.sleep(1)
    run = asyncio.create_task(run_calendar(slow.engine, stage.calendar_id))
    await stage.clock.sleep(3)
    assert await stage.edited("patch", "lunch", {"summary": "Brunch"}) == "done"
    assert (await run).outcome == "done"
    assert json.loads((await stage.event_rows())["lunch"].raw)["summary"] == "lunch"
    assert await summary(stage) == "Brunch"
    assert await stage.scan(5) == 1
    assert json.loads((await stage.event_rows())["lunch"].raw)["summary"] == "Brunch"
    assert await summary(stage) == "Brunch"
    await stage.assert_equal()


@staged(page_size=2)
async def test_sweep_of_a_listing_that_began_before_takes_no_new_event(stage: Stage) -> None:
    stage.add_many(4)
    await stage.done()
    slow = stage.another("slow")
    slow.transport.latency_s = 1.0
    await stage.clock.sleep(1)
    run = asyncio.create_task(run_calendar(slow.engine, stage.calendar_id, full=True))
    await stage.clock.sleep(3)
    assert await stage.edited("insert", None, {"id": "lunch"}) == "done"
    assert (await run).outcome == "done"
    assert await summary(stage) == "lunch"
    await stage.scan(5)
    assert "lunch" in await stage.live()
    await stage.assert_equal()
