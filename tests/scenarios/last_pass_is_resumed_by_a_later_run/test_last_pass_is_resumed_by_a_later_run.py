"""A pass begun before a mark is resumed after it: finishing it does not make the calendar clean of the mark."""

from calferry.store import sync_states
from tests.scenarios.stage import Stage, staged


@staged(page_size=2)
async def test_resumed_pass_leaves_the_calendar_dirty(stage: Stage) -> None:
    stage.add_many(5)
    await stage.run(page_limit=1)
    stage.patch("event00000", {"summary": "changed meanwhile"})
    now_ms = stage.clock.now_ms()
    marks = await stage.service.store.write(lambda tx: sync_states.mark(tx, [stage.calendar_id], now_ms))
    while (await stage.run(page_limit=1)).outcome == "incomplete":
        state = await stage.state()
        assert state.clean_seq < marks[stage.calendar_id]
    await stage.scan(10)
    state = await stage.state()
    assert state.clean_seq == state.dirty_seq >= marks[stage.calendar_id]
    await stage.assert_equal()


@staged(page_size=2)
async def test_resumed_pass_is_followed_by_an_incremental_one(stage: Stage) -> None:
    stage.add_many(5)
    await stage.run(page_limit=2)
    await stage.done()
    state = await stage.state()
    assert state.dirty_seq > state.clean_seq
    assert state.next_due_at <= stage.clock.now_ms() + 1000
    await stage.scan(3)
    state = await stage.state()
    assert state.dirty_seq == state.clean_seq
