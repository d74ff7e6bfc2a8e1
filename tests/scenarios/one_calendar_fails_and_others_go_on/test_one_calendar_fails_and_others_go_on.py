"""A calendar that always fails, or thousands that are due, hold up nobody else."""

from sqlalchemy import select, update

from calferry.duties.poll_stale import due_now, sync_calendars
from calferry.store import sync_states
from calferry.store.tables import calendars
from tests.scenarios.stage import ALICE, Stage, staged

TEAM = "alice-team@group.calendar.google.com"


@staged()
async def test_failing_calendar_waits_by_itself(stage: Stage) -> None:
    stage.faults({"method": "events.list", "action": "return-500", "times": 9999, "calendar_id": ALICE})
    assert (await stage.run()).outcome == "failed"
    await stage.scan(60)
    failing = await stage.state()
    assert failing.failures > 0
    await stage.look_at(TEAM)
    await stage.change(calendars, stage.calendar_id, selected=True)
    stage.add("lunch")
    await stage.done()
    for name in ("retro", "dinner"):
        stage.add(name)
        await stage.scan(400)
        assert name in await stage.live()


@staged()
async def test_person_with_many_due_calendars_goes_in_turn_with_others(stage: Stage) -> None:
    for number in range(40):
        stage.call("POST", "calendars", {"summary": f"calendar {number}"})
    await stage.refresh_list(full=True)
    await stage.connect("bob@example.com")
    await stage.service.store.write(lambda tx: tx.execute(update(calendars).values(selected=True)))
    ids = [row.id for row in await stage.rows(select(calendars.c.id))]
    now_ms = stage.clock.now_ms()
    await stage.service.store.write(lambda tx: sync_states.mark(tx, ids, now_ms))
    await stage.clock.sleep(2)
    found = await due_now(stage.engine, per_account=5, at_most=8)
    assert {item.account_id for item in found.items[:2]} == {
        row.account_id for row in await stage.rows(select(calendars.c.account_id).distinct())
    }
    assert [item.account_id == stage.account_id for item in found.items[:4]].count(True) == 2
    first = [item.id for item in found.items if item.kind == "events"][:2]
    primary = await stage.rows(select(calendars.c.is_primary).where(calendars.c.id.in_(first)))
    assert all(row.is_primary for row in primary)


@staged(page_size=2)
async def test_cron_that_takes_two_pages_at_a_time_gets_to_the_end(stage: Stage) -> None:
    stage.add_many(13)
    counts = []
    for _ in range(6):
        result = await sync_calendars(stage.engine)
        counts.append((result.total, result.successful, result.incomplete, result.failed))
        await stage.clock.sleep(60)
    assert counts[0] == (1, 0, 1, 0)
    assert all(total == good + open_ + bad for total, good, open_, bad in counts)
    await stage.assert_equal()
