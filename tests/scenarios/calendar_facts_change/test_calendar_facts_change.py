"""Titles, zones and roles of calendars do not come as deltas of the calendar list: the pages tell them."""

from calferry.store.tables import calendars
from tests.scenarios.stage import ALICE, Stage, staged

TEAM = "alice-team@group.calendar.google.com"


async def team(stage: Stage) -> None:
    await stage.look_at(TEAM)
    await stage.change(calendars, stage.calendar_id, selected=True)
    stage.add("lunch")
    await stage.done()


@staged()
async def test_title_follows_the_pages(stage: Stage) -> None:
    await team(stage)
    stage.call("PATCH", f"calendars/{TEAM}", {"summary": "Crew"})
    await stage.done()
    calendar = await stage.calendar()
    assert (calendar.title, calendar.summary) == ("Crew", "Crew")
    assert (await stage.state()).generation == 1


@staged()
async def test_own_name_of_a_calendar_stays(stage: Stage) -> None:
    await team(stage)
    stage.call("PATCH", f"users/me/calendarList/{TEAM}", {"summaryOverride": "My people"})
    await stage.refresh_list()
    stage.call("PATCH", f"calendars/{TEAM}", {"summary": "Crew"})
    await stage.done()
    calendar = await stage.calendar()
    assert (calendar.title, calendar.summary) == ("Crew", "My people")


@staged()
async def test_changed_zone_lists_everything_anew(stage: Stage) -> None:
    await team(stage)
    stage.call("PATCH", f"calendars/{TEAM}", {"timeZone": "Asia/Tokyo"})
    await stage.done()
    assert (await stage.calendar()).time_zone == "Asia/Tokyo"
    await stage.scan(5)
    assert (await stage.state()).generation == 2
    await stage.assert_equal()


@staged()
async def test_calendar_list_brings_new_and_renamed_calendars(stage: Stage) -> None:
    made = stage.call("POST", "calendars", {"summary": "Choir"})
    await stage.scan(1200)
    found = await stage.look_at(made["id"])
    assert (await stage.logged()) == [f"calendar_added {found}"]
    stage.call("PATCH", f"users/me/calendarList/{made['id']}", {"summaryOverride": "Singing"})
    await stage.scan(1200)
    assert (await stage.calendar()).summary == "Singing"


@staged()
async def test_calendar_list_is_listed_whole_once_a_day(stage: Stage) -> None:
    await stage.scan(26 * 3600)
    whole = [
        one
        for one in stage.asked()
        if one["api_method"] == "calendarList.list" and "syncToken" not in one["query"]
    ]
    assert len(whole) == 1


@staged()
async def test_primary_is_known_by_its_real_id(stage: Stage) -> None:
    calendar = await stage.calendar()
    assert (calendar.google_id, calendar.is_primary) == (ALICE, True)


@staged()
async def test_hidden_calendar_is_not_lost(stage: Stage) -> None:
    stage.call("PATCH", f"users/me/calendarList/{TEAM}", {"hidden": True})
    await stage.refresh_list(full=True)
    await stage.look_at(TEAM)
    calendar = await stage.calendar()
    assert (calendar.removed_at, calendar.is_hidden) == (None, True)


@staged()
async def test_expired_list_token_lists_everything(stage: Stage) -> None:
    stage.control("expire-sync-tokens")
    report = await stage.refresh_list()
    assert (report.error, report.removed) == (None, 0)
