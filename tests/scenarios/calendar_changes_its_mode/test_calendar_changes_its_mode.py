"""A calendar is to be mirrored in the other mode: readers see the old events until the new ones are complete."""

import pytest

from calferry.core.limits import EVENTS_PER_FRAME_MAX
from calferry.store import sync_requests
from calferry.sync.change_mode import change_mode
from calferry.sync.run_calendar import run_calendar
from tests.scenarios.stage import Stage, staged

WEEKLY = {"id": "retro", "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=4"]}
INSTANCES = [f"retro_20261{n}T080000Z" for n in ("001", "008", "015", "022")]


async def stream(stage: Stage, position: int) -> list[tuple[str, str]]:
    """What a stream that stands at `position` is given next."""
    request = sync_requests.SyncRequest(
        "req", 1, 0, 0, 0, None, {stage.calendar_id: sync_requests.Asked(0, 0)}
    )
    now_ms = stage.clock.now_ms()
    snapshot = await stage.service.store.read(
        lambda tx: sync_requests.stream_state(tx, request, position, now_ms, limit=EVENTS_PER_FRAME_MAX)
    )
    return [(entry.event_id, "gone" if '"cancelled"' in entry.raw else "there") for entry in snapshot.entries]


@staged(page_size=2)
async def test_readers_see_the_old_mode_until_the_last_page(stage: Stage) -> None:
    stage.add("lunch")
    stage.add(WEEKLY)
    await stage.done()
    await stage.logged()
    assert await change_mode(stage.engine, stage.calendar_id, "instances")
    assert (await stage.state()).sync_token is None
    assert (await stage.run(page_limit=1)).outcome == "incomplete"
    assert await stage.live() == ["lunch", "retro"]
    assert await stage.logged() == []
    position = stage.changes_seen
    while (await stage.run(page_limit=1)).outcome == "incomplete":
        assert await stage.live() == ["lunch", "retro"]
    assert await stage.live() == sorted(["lunch", *INSTANCES])
    expected = ["cancelled retro", *(f"created {instance}" for instance in INSTANCES)]
    assert sorted(await stage.logged()) == sorted(expected)
    assert sorted(await stream(stage, position)) == sorted(
        [("retro", "gone"), *((instance, "there") for instance in INSTANCES)]
    )
    await stage.assert_equal()


@staged(page_size=2)
async def test_reader_who_is_behind_misses_nothing_at_the_switch(stage: Stage) -> None:
    stage.add("lunch")
    stage.add("dinner")
    stage.add(WEEKLY)
    await stage.done()
    stage.delete("dinner")
    await stage.done()
    await change_mode(stage.engine, stage.calendar_id, "instances")
    await stage.done()
    told = await stream(stage, 0)
    assert sorted(told) == sorted(
        [("lunch", "there"), ("dinner", "gone"), ("retro", "gone"), *((one, "there") for one in INSTANCES)]
    )


@staged()
async def test_there_and_back(stage: Stage) -> None:
    stage.add("lunch")
    stage.add(WEEKLY)
    await stage.done()
    await change_mode(stage.engine, stage.calendar_id, "instances")
    await stage.done()
    assert not await change_mode(stage.engine, stage.calendar_id, "instances")
    await change_mode(stage.engine, stage.calendar_id, "series")
    await stage.done()
    assert await stage.live() == ["lunch", "retro"]
    assert all(row.series_id is None for row in (await stage.event_rows()).values())
    stage.patch("lunch", {"summary": "late lunch"})
    await stage.done()
    await stage.assert_equal()


@staged(page_size=2)
async def test_run_in_flight_cannot_store_the_old_mode(stage: Stage) -> None:
    stage.add_many(6)
    write = stage.service.store.write
    pages = 0

    async def meanwhile(work):  # type: ignore[no-untyped-def]
        nonlocal pages
        pages += 1
        if pages == 3:
            stage.service.store.write = write  # type: ignore[method-assign]
            await change_mode(stage.engine, stage.calendar_id, "instances")
        return await write(work)

    stage.service.store.write = meanwhile  # type: ignore[method-assign]
    await stage.clock.sleep(1)
    report = await run_calendar(stage.engine, stage.calendar_id)
    assert report.outcome == "held"
    state = await stage.state()
    assert (state.sync_token, state.page_token) == (None, None)
    await stage.done()
    assert (await stage.state()).sync_token is not None
    await stage.assert_equal()


@staged()
async def test_empty_new_projection_is_not_believed_at_once(stage: Stage) -> None:
    stage.add_many(60)
    await stage.done()
    await change_mode(stage.engine, stage.calendar_id, "instances")
    stage.faults({"method": "events.list", "action": 'mutate:{"items": []}', "times": 1})
    await stage.done()
    assert len(await stage.live()) == 60
    assert (await stage.state()).guarded_at is not None
    await stage.scan(1000)
    assert len(await stage.live()) == 60
    assert (await stage.state()).guarded_at is None
    await stage.assert_equal()


@staged()
async def test_unknown_calendar_is_named(stage: Stage) -> None:
    with pytest.raises(LookupError, match="cal_nowhere"):
        await change_mode(stage.engine, "cal_nowhere", "instances")
