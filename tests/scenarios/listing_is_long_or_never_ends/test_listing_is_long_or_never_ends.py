"""Very many pages: only two are held at a time, and a listing without an end is given up."""

import gc
import weakref
from typing import Any
from unittest.mock import patch

from calferry.core.model import Page
from tests.scenarios.stage import Stage, staged


@staged(page_size=2)
async def test_pages_do_not_pile_up(stage: Stage) -> None:
    stage.add_many(40)
    alive: list[weakref.ref[object]] = []
    most = 0

    class Counted(Page):
        __slots__ = ("__weakref__",)

        def __init__(self, **fields: Any) -> None:
            nonlocal most
            super().__init__(**fields)
            alive.append(weakref.ref(self))
            gc.collect()
            most = max(most, sum(one() is not None for one in alive))

    # What was there before need not be looked through each time.
    gc.freeze()
    try:
        with patch("calferry.sync.google_source.Page", Counted):
            await stage.done()
    finally:
        gc.unfreeze()
    assert len(await stage.live()) == 40
    assert 1 <= most <= 3


@staged(page_size=2)
async def test_listing_without_an_end_is_given_up(stage: Stage) -> None:
    stage.add_many(30)
    with patch("calferry.sync.fetch.PAGES_PER_PASS_MAX", 10):
        report = await stage.run()
    assert (report.outcome, report.error and report.error.code) == ("failed", "502")
    assert (await stage.state()).not_before_at - stage.clock.now_ms() >= 3_590_000


@staged(page_size=2)
async def test_event_that_moves_between_pages_is_right_in_the_end(stage: Stage) -> None:
    stage.add_many(9)
    for number in (0, 8, 4):
        await stage.run(page_limit=1)
        stage.patch(f"event{number:05d}", {"summary": "moved"})
    await stage.done()
    await stage.scan(5)
    await stage.assert_equal()
