"""A person pauses a calendar: nothing is asked of Google for it until they resume it, and then only what changed."""

import asyncio

from calferry.duties.open_channels import setup_channels
from calferry.duties.poll_stale import sync_calendars
from calferry.duties.rescue import rescue
from calferry.sync.accounts import connect
from calferry.sync.change_mode import change_mode
from calferry.sync.pause import pause_calendar, resume_calendar
from calferry.sync.run_calendar import run_calendar
from calferry.sync.watch import ensure_channel, open_channel
from tests.harness.wire import InProcessTransport
from tests.scenarios.stage import ALICE, Stage, staged

HOUR_S = 3_600


async def paused(stage: Stage) -> None:
    await stage.done()
    assert await pause_calendar(stage.engine, stage.calendar_id)
    stage.asked()


@staged()
async def test_paused_calendar_is_not_asked_about(stage: Stage) -> None:
    await paused(stage)
    stage.add("lunch")
    await stage.scan(HOUR_S)
    assert "events.list" not in stage.asked_methods()
    assert (await sync_calendars(stage.engine)).total == 0
    assert (await stage.run()).outcome == "held"
    assert await stage.live() == []
    assert (await stage.state()).status == "halted"


@staged()
async def test_resumed_calendar_asks_at_once_for_what_changed(stage: Stage) -> None:
    stage.add("breakfast")
    await paused(stage)
    stage.add("lunch")
    await stage.clock.sleep(HOUR_S)
    assert await resume_calendar(stage.engine, stage.calendar_id)
    await stage.scan(3)
    assert await stage.live() == ["breakfast", "lunch"]
    (asked,) = [one for one in stage.asked() if one["api_method"] == "events.list"]
    assert "syncToken" in str(asked["query"])
    await stage.assert_equal()


@staged()
async def test_doing_it_twice_changes_nothing(stage: Stage) -> None:
    await paused(stage)
    assert not await pause_calendar(stage.engine, stage.calendar_id)
    assert await resume_calendar(stage.engine, stage.calendar_id)
    before = await stage.state()
    assert not await resume_calendar(stage.engine, stage.calendar_id)
    assert await stage.state() == before


@staged(page_size=2)
async def test_run_in_flight_stores_nothing_more_and_goes_on_later(stage: Stage) -> None:
    stage.add_many(6)
    write, pages = stage.service.store.write, 0

    async def meanwhile(work):  # type: ignore[no-untyped-def]
        nonlocal pages
        pages += 1
        if pages == 3:
            stage.service.store.write = write  # type: ignore[method-assign]
            await pause_calendar(stage.engine, stage.calendar_id)
        return await write(work)

    stage.service.store.write = meanwhile  # type: ignore[method-assign]
    await stage.clock.sleep(1)
    assert (await run_calendar(stage.engine, stage.calendar_id)).outcome == "held"
    state = await stage.state()
    assert (state.status, state.lease_owner, state.next_due_at) == ("halted", None, None)
    assert len(await stage.live()) == 2
    await resume_calendar(stage.engine, stage.calendar_id)
    await stage.scan(5)
    assert len(await stage.live()) == 6


@staged()
async def test_its_channel_is_stopped_and_opened_again_afterwards(stage: Stage) -> None:
    await ensure_channel(stage.engine, stage.calendar_id)
    await paused(stage)
    assert (await stage.calendar()).push == "unknown"
    await rescue(stage.engine)
    assert stage.open_channels() == []
    assert await setup_channels(stage.engine) == (0, 0)
    assert await open_channel(stage.engine, stage.calendar_id) == "failed"
    await resume_calendar(stage.engine, stage.calendar_id)
    assert await setup_channels(stage.engine) == (1, 0)


@staged()
async def test_watch_that_is_answered_too_late_is_stopped(stage: Stage) -> None:
    await stage.done()
    stage.service.transport = InProcessTransport(stage.google.emulator, 2.0)
    opening = asyncio.create_task(ensure_channel(stage.engine, stage.calendar_id))
    await stage.clock.sleep(1)
    await pause_calendar(stage.engine, stage.calendar_id)
    assert await opening == "failed"
    assert stage.open_channels() == []
    assert [row.state for row in await stage.channel_rows()] == ["stopped"]


@staged()
async def test_new_consent_resumes_nothing_that_a_person_paused(stage: Stage) -> None:
    await paused(stage)
    stage.control("revoke", {"email": ALICE})
    await stage.refresh_list()
    assert (await stage.account()).status == "needs_reauth"
    assert (await stage.state()).status == "halted"
    await connect(stage.engine, stage.google.grant(ALICE))
    assert (await stage.state()).status == "halted"


@staged()
async def test_calendar_resumed_under_a_dead_grant_waits_for_consent(stage: Stage) -> None:
    await paused(stage)
    stage.control("revoke", {"email": ALICE})
    await stage.refresh_list()
    await resume_calendar(stage.engine, stage.calendar_id)
    state = await stage.state()
    assert (state.status, state.next_due_at) == ("blocked", None)
    await pause_calendar(stage.engine, stage.calendar_id)
    assert (await stage.state()).status == "halted"
    await resume_calendar(stage.engine, stage.calendar_id)
    stage.google.tokens.clear()
    await connect(stage.engine, stage.google.grant(ALICE))
    stage.add("lunch")
    await stage.scan(3)
    assert await stage.live() == ["lunch"]


@staged()
async def test_other_mode_of_a_paused_calendar_waits_too(stage: Stage) -> None:
    stage.add({"id": "retro", "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=2"]})
    await paused(stage)
    await change_mode(stage.engine, stage.calendar_id, "instances")
    assert (await stage.state()).next_due_at is None
    assert await stage.live() == ["retro"]
    await resume_calendar(stage.engine, stage.calendar_id)
    await stage.scan(3)
    assert len(await stage.live()) == 2
