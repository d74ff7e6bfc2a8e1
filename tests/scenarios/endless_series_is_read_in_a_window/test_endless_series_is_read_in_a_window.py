"""A series without an end is one row: a reader of its instances names a window, and a long answer says where it was cut."""

import pytest

from calferry.core.event_window import read_bound
from calferry.core.limits import EXPANDED_DAYS_MAX
from calferry.store.event_reads import EventQuery
from calferry.web.expanded_events import refuse_unbounded
from calferry.web.problems import Problem
from tests.scenarios.instances import instances, instances_page
from tests.scenarios.stage import Stage, staged
from tests.simulation.scale import scaled

DAILY = {"id": "standup", "recurrence": ["RRULE:FREQ=DAILY"]}


@staged()
async def test_window_bounds_the_answer(stage: Stage) -> None:
    stage.add(DAILY)
    await stage.done()
    assert len(await stage.event_rows()) == 1
    assert len(await instances(stage, "2026-10-01", "2026-10-31")) == 30
    assert len(await instances(stage, "2126-10-01", "2126-10-31")) == 30


@staged()
async def test_longest_window_is_a_bounded_answer(stage: Stage) -> None:
    stage.add(DAILY)
    await stage.done()
    assert len(await instances(stage, "2027-01-01", "2032-01-05")) == EXPANDED_DAYS_MAX


@staged()
async def test_long_answer_says_that_it_was_cut(stage: Stage) -> None:
    stage.add(DAILY)
    await stage.done()
    with scaled(EXPANDED_EVENTS_MAX=50):
        found = await instances_page(stage, "2026-10-01", "2027-10-01", at_most=100)
    assert (len(found.items), found.truncated, found.next_place) == (50, True, None)


@pytest.mark.parametrize("window", [("2026-10-01", None), (None, "2026-10-01"), ("2026-10-01", "2036-10-01")])
def test_open_and_overlong_windows_are_refused(window: tuple[str | None, str | None]) -> None:
    low, high = (None if text is None else read_bound(text) for text in window)
    with pytest.raises(Problem) as refused:
        refuse_unbounded(EventQuery(1, ("cal_1",), low, high, show_deleted=False, text="", at_most=10))
    assert refused.value.status == 400
