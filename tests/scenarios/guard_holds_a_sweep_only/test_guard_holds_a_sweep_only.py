"""A sweep is held back: everything else goes on, and what is guarded is live rows of one projection."""

from calferry.store.tables import calendars
from calferry.sync.change_mode import change_mode
from tests.scenarios.stage import Stage, staged

NOTHING = {"method": "events.list", "action": 'mutate:{"items": []}'}


@staged()
async def test_changes_still_arrive_while_a_sweep_is_held(stage: Stage) -> None:
    stage.add_many(60)
    await stage.done()
    stage.faults(NOTHING)
    await stage.done(full=True)
    stage.add("lunch")
    stage.patch("event00001", {"summary": "changed"})
    stage.delete("event00002")
    await stage.logged()
    await stage.done()
    assert sorted(await stage.logged()) == ["cancelled event00002", "created lunch", "updated event00001"]
    assert len(await stage.live()) == 60


@staged()
async def test_change_in_between_does_not_put_off_the_listing_that_decides(stage: Stage) -> None:
    names = stage.add_many(60)
    await stage.done()
    await stage.change(calendars, stage.calendar_id, push="on")
    shelf = stage.google.emulator.world.calendars[stage.google_id].shelf
    for name in names[1:]:
        shelf.forget(name)
    await stage.done(full=True)
    stage.add("lunch")
    await stage.done()
    assert len(await stage.live()) == 61
    await stage.scan(16 * 60)
    assert await stage.live() == [names[0], "lunch"]


@staged()
async def test_two_listings_of_one_outage_are_not_enough(stage: Stage) -> None:
    stage.add_many(60)
    await stage.done()
    stage.faults({**NOTHING, "times": 99})
    for _ in range(5):
        await stage.done(full=True)
        await stage.clock.sleep(120)
    assert len(await stage.live()) == 60


@staged()
async def test_tombstones_do_not_count(stage: Stage) -> None:
    names = stage.add_many(60)
    await stage.done()
    for name in names[:55]:
        stage.delete(name)
    await stage.done()
    assert len(await stage.live()) == 5
    stage.faults(NOTHING)
    await stage.done(full=True)
    assert await stage.live() == []


@staged()
async def test_smaller_mode_is_no_loss(stage: Stage) -> None:
    far = [
        {
            "id": f"distant{n:03d}",
            "start": {"date": f"2033-01-{n % 28 + 1:02d}"},
            "end": {"date": "2033-02-01"},
        }
        for n in range(60)
    ]
    for one in far:
        stage.add(one)
    stage.add("lunch")
    await stage.done()
    await change_mode(stage.engine, stage.calendar_id, "instances")
    await stage.done()
    assert await stage.live() == ["lunch"]


@staged()
async def test_few_events_need_no_guard(stage: Stage) -> None:
    stage.add_many(20)
    await stage.done()
    stage.faults(NOTHING)
    await stage.done(full=True)
    assert await stage.live() == []
