"""The calendar of a pending edit is deleted, paused or deselected: whoever asks learns what became of the edit."""

import pytest

from calferry.store.tables import calendars
from calferry.sync.edit import EditRefused
from calferry.sync.pause import pause_calendar, resume_calendar
from tests.scenarios.stage import Stage, staged

TEAM = "alice-team@group.calendar.google.com"


async def pending(stage: Stage) -> None:
    await stage.connect(calendar=TEAM)
    stage.add("lunch")
    await stage.done()
    stage.service.transport.is_down = True
    assert await stage.edited("patch", "lunch", {"summary": "Brunch"}) == "pending"
    stage.service.transport.is_down = False


async def refused(stage: Stage) -> tuple[int, str]:
    with pytest.raises(EditRefused) as found:
        await stage.edit("patch", "lunch", {"location": "Canteen"})
    return found.value.status, found.value.code


@staged(connected=False)
async def test_edit_of_a_calendar_that_has_left_the_list_fails_with_a_reason(stage: Stage) -> None:
    await pending(stage)
    stage.call("DELETE", f"calendars/{TEAM}")
    await stage.run()
    await stage.scan(2)
    assert (await stage.calendar()).removed_at is not None
    assert await stage.send(60) == ["failed"]
    (row,) = await stage.intent_rows()
    assert (row.error_code, row.error_reason, bool(row.error_message)) == ("404", "notFound", True)
    assert (await refused(stage))[0] in (404, 409)


@staged(connected=False)
async def test_paused_calendar_takes_no_edit_and_sends_none_until_it_is_resumed(stage: Stage) -> None:
    await pending(stage)
    assert await pause_calendar(stage.engine, stage.calendar_id)
    assert await refused(stage) == (409, "calendar_paused")
    stage.written()
    assert await stage.send(3600) == ["pending"]
    assert stage.written() == []
    assert await resume_calendar(stage.engine, stage.calendar_id)
    assert await stage.send(60) == ["done"]
    assert stage.at_google("lunch")["summary"] == "Brunch"


@staged(connected=False)
async def test_calendar_that_is_not_mirrored_takes_no_edit(stage: Stage) -> None:
    await stage.connect(calendar=TEAM, selected=False)
    stage.add("lunch")
    assert await refused(stage) == (409, "not_mirrored")


@staged(connected=False)
async def test_accepted_edit_of_a_calendar_that_is_no_longer_wanted_is_still_sent(stage: Stage) -> None:
    await pending(stage)
    await stage.change(calendars, stage.calendar_id, selected=False)
    assert await stage.send(60) == ["done"]
    assert await refused(stage) == (409, "not_mirrored")
