"""A calendar is deleted, unsubscribed from or hidden from us; others go on, and it may come back."""

from calferry.duties.purge import purge
from calferry.store.tables import calendars
from tests.scenarios.stage import Stage, staged

TEAM = "alice-team@group.calendar.google.com"


@staged(connected=False)
async def test_deleted_calendar_is_removed_and_others_go_on(stage: Stage) -> None:
    await stage.connect(calendar=TEAM)
    stage.add("lunch")
    await stage.done()
    await stage.logged()
    stage.call("DELETE", f"calendars/{TEAM}")
    report = await stage.run()
    assert (report.outcome, report.error and report.error.code) == ("failed", "404")
    assert (await stage.calendar()).removed_at is None
    await stage.scan(2)
    assert (await stage.calendar()).removed_at is not None
    assert (await stage.state()).status == "removed"
    assert await stage.logged() == [f"calendar_removed {stage.calendar_id}"]
    assert await stage.live() == ["lunch"]
    stage.asked()
    await stage.scan(600)
    assert "events.list" not in stage.asked_methods()
    await stage.look_at("alice@example.com")
    stage.add("dinner")
    await stage.done()
    assert await stage.live() == ["dinner"]


@staged(connected=False)
async def test_calendar_that_returns_is_listed_from_the_start(stage: Stage) -> None:
    await stage.connect(calendar=TEAM)
    stage.add("lunch")
    stage.add("dinner")
    await stage.done()
    entry = stage.google.emulator.world.people["alice@example.com"].entries[TEAM]
    entry.deleted = True
    await stage.refresh_list(full=True)
    assert (await stage.calendar()).removed_at is not None
    stage.delete("lunch")
    entry.deleted = False
    before = stage.calendar_id
    await stage.refresh_list(full=True)
    assert await stage.look_at(TEAM) == before
    assert (await stage.state()).sync_token is None
    await stage.scan(2)
    assert await stage.live() == ["dinner"]
    await stage.assert_equal()


@staged(connected=False)
async def test_calendar_purged_meanwhile_is_listed_from_the_start(stage: Stage) -> None:
    await stage.connect(calendar=TEAM)
    stage.add("lunch")
    await stage.done()
    entry = stage.google.emulator.world.people["alice@example.com"].entries[TEAM]
    entry.deleted = True
    await stage.refresh_list(full=True)
    await stage.change(calendars, stage.calendar_id, removed_at=stage.clock.now_ms() - 40 * 86_400_000)
    await purge(stage.engine)
    await stage.clock.sleep(3600)
    await purge(stage.engine)
    state = await stage.state()
    assert (state.sync_token, state.page_token) == (None, None)
    assert (await stage.calendar()).projection_id is None
    entry.deleted = False
    await stage.refresh_list(full=True)
    await stage.scan(2)
    assert await stage.live() == ["lunch"]
    await stage.assert_equal()
