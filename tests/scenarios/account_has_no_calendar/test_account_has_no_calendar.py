"""Google Calendar is switched off for an account: that is no failure to repeat every minute, and it may end."""

from calferry.duties.rescue import rescue
from tests.scenarios.stage import Stage, staged


@staged()
async def test_account_rests_and_is_tried_again_after_a_day(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    stage.faults({"method": "events.list", "action": "return-403:notACalendarUser"})
    assert (await stage.run()).outcome == "failed"
    assert (await stage.account()).status == "calendar_disabled"
    assert await stage.live() == ["lunch"]
    stage.asked()
    await stage.scan(20 * 3600)
    await rescue(stage.engine)
    assert stage.asked_methods() == {}
    await stage.clock.sleep(5 * 3600)
    assert (await rescue(stage.engine)).retried == 1
    assert (await stage.account()).status == "active"
    await stage.scan(5)
    await stage.assert_equal()


@staged()
async def test_account_that_is_still_without_rests_again(stage: Stage) -> None:
    await stage.done()
    stage.faults(
        {"method": "*", "action": "return-403:notACalendarUser", "times": 99, "user": "alice@example.com"}
    )
    await stage.run()
    await stage.clock.sleep(25 * 3600)
    await rescue(stage.engine)
    await stage.scan(60)
    assert (await stage.account()).status == "calendar_disabled"
