"""Google tells us of our own edits like of any other: that leads to one entry of the change log and to no write."""

from calferry.sync.watch import ensure_channel
from tests.scenarios.stage import Stage, staged


@staged()
async def test_one_change_is_told_and_nothing_is_written_back(stage: Stage) -> None:
    await ensure_channel(stage.engine, stage.calendar_id)
    await stage.done()
    await stage.logged()
    assert await stage.edited("insert", None, {"id": "lunch"}) == "done"
    assert await stage.logged() == []
    assert await stage.deliver() > 0
    await stage.scan(10)
    assert await stage.logged() == ["created lunch"]
    written = stage.written()
    await stage.deliver()
    await stage.scan(60)
    assert (await stage.done()).outcome == "done"
    assert (await stage.logged(), stage.written(), len(written)) == ([], [], 1)
    await stage.assert_equal()


@staged()
async def test_edit_and_its_echo_are_one_update(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    await stage.logged()
    assert await stage.edited("patch", "lunch", {"summary": "Brunch"}) == "done"
    await stage.done()
    await stage.done()
    assert await stage.logged() == ["updated lunch"]
    assert await stage.edited("delete", "lunch") == "done"
    await stage.done()
    await stage.done()
    assert await stage.logged() == ["cancelled lunch"]
    assert len(stage.written()) == 2


@staged()
async def test_edit_that_changes_nothing_is_not_sent(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    assert await stage.edit("patch", "lunch", {"summary": "lunch"}) == []
    assert (await stage.send(), stage.written()) == ([], [])
