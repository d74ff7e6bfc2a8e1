"""Calendars come, go and change their names: Google tells of it, and where it does not, the list is polled."""

from typing import Any

from sqlalchemy import select

from calferry.core.limits import CHANNEL_LIFE_MS
from calferry.duties.renew_channels import renew_channels
from calferry.duties.watch_calendar_lists import watch_calendar_lists
from calferry.store.tables import calendars, channels
from calferry.sync.accounts import connect, disconnect
from tests.scenarios.stage import ALICE, DAY_MS, Stage, staged

TEAM = "alice-team@group.calendar.google.com"
DAY_S = DAY_MS // 1000
SECONDS = 5
"""Less than any poll waits."""


async def watched(stage: Stage) -> str:
    """The id of the list's channel, once it is open and what it asked for is done."""
    assert await watch_calendar_lists(stage.engine) == 1
    await stage.scan(SECONDS)
    await stage.deliver()
    stage.asked()
    return str(next(row.id for row in await rows_of(stage) if row.state == "active"))


async def rows_of(stage: Stage) -> list[Any]:
    """Every channel of the account's list, oldest first."""
    found = select(channels).where(channels.c.resource == stage.account_id).order_by(channels.c.created_at)
    return await stage.rows(found)


async def titles(stage: Stage) -> list[str]:
    found = select(calendars.c.summary).where(calendars.c.removed_at.is_(None))
    return sorted(row.summary for row in await stage.rows(found))


@staged()
async def test_new_calendar_is_seen_within_seconds(stage: Stage) -> None:
    await watched(stage)
    stage.call("POST", "calendars", {"summary": "Choir"})
    assert await stage.deliver() >= 1
    await stage.scan(SECONDS)
    assert "Choir" in await titles(stage)
    assert stage.asked_methods()["calendarList.list"] == 1


@staged()
async def test_other_name_and_a_loss_are_seen_within_seconds(stage: Stage) -> None:
    await watched(stage)
    stage.call("PATCH", f"users/me/calendarList/{TEAM}", {"summaryOverride": "The team"})
    await stage.deliver()
    await stage.scan(SECONDS)
    assert "The team" in await titles(stage)
    stage.call("DELETE", f"calendars/{TEAM}")
    await stage.deliver()
    await stage.scan(SECONDS)
    assert "The team" not in await titles(stage)


@staged()
async def test_lost_messages_cost_a_quarter_of_an_hour(stage: Stage) -> None:
    await watched(stage)
    stage.control("push", {"mode": "drop"})
    stage.call("POST", "calendars", {"summary": "Choir"})
    await stage.scan(1_200)
    assert "Choir" in await titles(stage)


@staged()
async def test_list_has_one_channel_however_often_it_is_looked_at(stage: Stage) -> None:
    await watched(stage)
    assert await watch_calendar_lists(stage.engine) == 0
    assert len(stage.google.requests("calendarList.watch")) == 1


@staged()
async def test_refused_watch_is_polled_and_tried_again_after_a_day(stage: Stage) -> None:
    refusal = "return-400:pushNotSupportedForRequestedResource"
    stage.faults({"method": "calendarList.watch", "action": refusal, "times": 99})
    for _ in range(3):
        assert await watch_calendar_lists(stage.engine) == 0
        await stage.clock.sleep(600)
    assert len(stage.google.requests("calendarList.watch")) == 1
    stage.call("POST", "calendars", {"summary": "Choir"})
    await stage.scan(1_200)
    assert "Choir" in await titles(stage)
    stage.faults()
    await stage.clock.sleep(DAY_S)
    assert await watch_calendar_lists(stage.engine) == 1


@staged()
async def test_new_consent_is_reason_to_ask_again_at_once(stage: Stage) -> None:
    stage.faults({"method": "calendarList.watch", "action": "return-403:insufficientPermissions", "times": 9})
    assert await watch_calendar_lists(stage.engine) == 0
    stage.faults()
    assert await watch_calendar_lists(stage.engine) == 0
    await connect(stage.engine, stage.google.grant(ALICE))
    assert await watch_calendar_lists(stage.engine) == 1


@staged()
async def test_uncertain_answer_leaves_no_channel_behind(stage: Stage) -> None:
    stage.faults({"method": "calendarList.watch", "action": "commit-then-reset", "times": 1})
    assert await watch_calendar_lists(stage.engine) == 0
    assert [row.state for row in await rows_of(stage)] == ["draining"]
    await stage.deliver()
    assert await watch_calendar_lists(stage.engine) == 1
    assert [row.state for row in await rows_of(stage)] == ["draining", "active"]


@staged()
async def test_channel_of_the_list_is_renewed_and_not_counted_among_calendars(stage: Stage) -> None:
    old = await watched(stage)
    await stage.clock.sleep(CHANNEL_LIFE_MS / 1000 - DAY_S + 1)
    assert await renew_channels(stage.engine) == (0, 0)
    (new,) = stage.open_channels()
    assert new != old
    assert [row.state for row in await rows_of(stage)] == ["stopped", "active"]


@staged(connected=False)
async def test_list_of_nothing_mirrored_is_not_watched(stage: Stage) -> None:
    await stage.connect(selected=False)
    assert await watch_calendar_lists(stage.engine) == 0
    await stage.change(calendars, stage.calendar_id, selected=True)
    await watched(stage)
    await stage.change(calendars, stage.calendar_id, selected=False)
    await stage.clock.sleep(CHANNEL_LIFE_MS / 1000 - DAY_S + 1)
    await renew_channels(stage.engine)
    assert stage.open_channels() == []


@staged()
async def test_disconnecting_stops_it(stage: Stage) -> None:
    await watched(stage)
    await disconnect(stage.engine, stage.account_id)
    assert stage.open_channels() == []


@staged(webhook=None)
async def test_without_an_address_the_list_is_polled(stage: Stage) -> None:
    assert await watch_calendar_lists(stage.engine) == 0
    assert stage.google.requests("calendarList.watch") == []
