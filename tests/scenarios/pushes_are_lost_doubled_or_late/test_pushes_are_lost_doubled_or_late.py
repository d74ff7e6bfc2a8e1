"""Google delivers messages never, twice, late or in another order: the mirror comes out right all the same."""

from calferry.sync.watch import ensure_channel
from tests.scenarios.stage import Stage, staged


async def watched(stage: Stage) -> None:
    await ensure_channel(stage.engine, stage.calendar_id)
    await stage.deliver()
    await stage.scan(5)
    stage.asked()


@staged()
async def test_every_push_is_dropped(stage: Stage) -> None:
    await watched(stage)
    stage.control("push", {"mode": "drop"})
    stage.add("lunch")
    assert await stage.deliver() == 0
    await stage.scan(6 * 3600 * 1.25 + 60)
    assert await stage.live() == ["lunch"]
    await stage.assert_equal()


@staged()
async def test_doubled_and_reordered_pushes_cost_one_run(stage: Stage) -> None:
    await watched(stage)
    for mode in ("duplicate", "reorder", "delay"):
        stage.control("push", {"mode": mode, "delay_s": 3600})
        stage.add({"id": f"{mode[:3]}{mode[:3]}"} if mode != "reorder" else {"id": "reorde"})
        stage.add({"summary": mode})
        await stage.deliver()
        assert await stage.scan(10) == 1
    await stage.assert_equal()


@staged()
async def test_hundreds_of_pushes_cost_a_few_runs(stage: Stage) -> None:
    await watched(stage)
    for _ in range(50):
        for _ in range(5):
            assert await stage.push() == "accepted"
        await stage.scan(0)
        await stage.clock.sleep(0.1)
    stage.add("lunch")
    await stage.push()
    await stage.scan(5)
    assert await stage.live() == ["lunch"]
    assert stage.asked_methods()["events.list"] <= 7


@staged()
async def test_push_asks_google_nothing_and_burns_no_token(stage: Stage) -> None:
    await watched(stage)
    stage.add("lunch")
    token = (await stage.state()).sync_token
    assert await stage.deliver() == 1
    assert stage.asked_methods() == {}
    assert (await stage.state()).sync_token == token
    await stage.scan(2)
    assert await stage.live() == ["lunch"]


@staged()
async def test_greeting_is_no_work(stage: Stage) -> None:
    await watched(stage)
    before = await stage.state()
    assert await stage.push("sync") == "accepted"
    assert (await stage.state()).dirty_seq == before.dirty_seq
    assert await stage.scan(60) == 0


@staged()
async def test_state_nobody_knows_counts_as_a_change(stage: Stage) -> None:
    await watched(stage)
    stage.add("lunch")
    assert await stage.push("add") == "accepted"
    await stage.scan(2)
    assert await stage.live() == ["lunch"]


@staged()
async def test_resource_that_does_not_exist_is_looked_into(stage: Stage) -> None:
    await stage.look_at("alice-team@group.calendar.google.com")
    await watched(stage)
    stage.call("DELETE", "calendars/alice-team@group.calendar.google.com")
    assert await stage.push("not_exists") == "accepted"
    await stage.scan(5)
    assert (await stage.calendar()).removed_at is not None
    assert (await stage.state()).status == "removed"


@staged()
async def test_calendar_that_exists_after_all_stays(stage: Stage) -> None:
    await watched(stage)
    assert await stage.push("not_exists") == "accepted"
    await stage.scan(5)
    assert (await stage.calendar()).removed_at is None
    assert (await stage.state()).status == "idle"
