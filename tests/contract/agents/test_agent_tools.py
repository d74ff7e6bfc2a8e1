"""`calferry mcp` under the SDK's own client, against the real service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import mcp
import pytest

import calferry
from calferry.cli.agent_server import new_server
from tests.contract.web.site import Person, Site, sync

ALICE = "alice@example.com"
WINDOW = {"time_min": "2026-03-01T00:00:00Z", "time_max": "2026-04-01T00:00:00Z"}
LUNCH = {
    "summary": "Lunch",
    "start": {"dateTime": "2026-03-02T12:00:00Z"},
    "end": {"dateTime": "2026-03-02T13:00:00Z"},
}
WEEKLY = {
    "summary": "Weekly",
    "start": {"dateTime": "2026-03-03T09:00:00", "timeZone": "Europe/Zurich"},
    "end": {"dateTime": "2026-03-03T10:00:00", "timeZone": "Europe/Zurich"},
    "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=4"],
}


class Agent:
    def __init__(self, client: mcp.Client) -> None:
        self.client = client

    async def call(self, tool: str, **arguments: Any) -> Any:
        result = await self.client.call_tool(tool, arguments)
        assert not result.is_error, result.content
        return result.structured_content

    async def refused(self, tool: str, **arguments: Any) -> str:
        result = await self.client.call_tool(tool, arguments)
        assert result.is_error
        return " ".join(block.text for block in result.content if block.type == "text")


@asynccontextmanager
async def agent_of(person: Person, token: str | None = None) -> AsyncIterator[Agent]:
    async with (
        calferry.Client(person.site.url, token or person.token) as client,
        mcp.Client(new_server(client)) as connected,
    ):
        yield Agent(connected)


def at_google(site: Site, event: dict[str, Any]) -> dict[str, Any]:
    answer = site.google_client(ALICE).post(f"/calendars/{ALICE}/events", json=event)
    planted: dict[str, Any] = answer.raise_for_status().json()
    return planted


def patched_at_google(site: Site, event_id: str, changes: dict[str, Any]) -> None:
    site.google_client(ALICE).patch(f"/calendars/{ALICE}/events/{event_id}", json=changes).raise_for_status()


def title_at_google(site: Site, event_id: str) -> str:
    answer = site.google_client(ALICE).get(f"/calendars/{ALICE}/events/{event_id}")
    return str(answer.raise_for_status().json()["summary"])


@pytest.fixture
def calendar(alice: Person) -> str:
    """Alice's own calendar, mirrored with what a test has planted before."""
    return alice.calendars[ALICE]


def mirrored(alice: Person, calendar: str) -> None:
    assert sync(alice.http, calendar).words()[-1] == "complete"


async def test_every_tool_says_whether_it_only_reads(alice: Person) -> None:
    async with agent_of(alice) as agent:
        tools = (await agent.client.list_tools()).tools
    reading = {tool.name for tool in tools if tool.annotations and tool.annotations.read_only_hint}
    assert reading == {"list_calendars", "list_events", "free_busy"}
    assert {tool.name for tool in tools} - reading == {
        "create_event",
        "update_event",
        "delete_event",
        "resolve_conflict",
    }


async def test_calendars_and_the_events_of_a_window_are_read(
    site: Site, alice: Person, calendar: str
) -> None:
    at_google(site, LUNCH)
    at_google(site, WEEKLY)
    await asyncio.to_thread(mirrored, alice, calendar)
    async with agent_of(alice) as agent:
        listed = await agent.call("list_calendars")
        assert [one["primary"] for one in listed["calendars"] if one["id"] == calendar] == [True]
        found = await agent.call("list_events", **WINDOW)
        assert [event["summary"] for event in found["events"]] == ["Lunch", *["Weekly"] * 4]
        assert found["more"] is False
        few = await agent.call("list_events", **WINDOW, calendar_ids=[calendar], max_events=2)
        assert (len(few["events"]), few["more"]) == (2, True)
        named = await agent.call("list_events", **WINDOW, query="lunch")
        assert [event["summary"] for event in named["events"]] == ["Lunch"]


async def test_free_and_busy_times_are_those_that_google_tells(
    site: Site, alice: Person, calendar: str
) -> None:
    overlapping = {**LUNCH, "end": {"dateTime": "2026-03-02T13:30:00Z"}}
    whole_day = {"summary": "Fair", "start": {"date": "2026-03-06"}, "end": {"date": "2026-03-08"}}
    free = {**whole_day, "start": {"date": "2026-03-20"}, "end": {"date": "2026-03-21"}}
    at_begin = {"summary": "New month", "start": {"date": "2026-02-28"}, "end": {"date": "2026-03-02"}}
    declined = {
        **LUNCH,
        "start": {"dateTime": "2026-03-25T12:00:00Z"},
        "end": {"dateTime": "2026-03-25T13:00:00Z"},
        "attendees": [{"email": ALICE, "responseStatus": "declined"}],
    }
    planted = (
        LUNCH,
        overlapping,
        WEEKLY,
        whole_day,
        {**free, "transparency": "transparent"},
        at_begin,
        declined,
    )
    for event in planted:
        at_google(site, event)
    await asyncio.to_thread(mirrored, alice, calendar)
    question = {"timeMin": WINDOW["time_min"], "timeMax": WINDOW["time_max"], "items": [{"id": ALICE}]}
    answer = site.google_client(ALICE).post("/freeBusy", json=question).raise_for_status().json()
    async with agent_of(alice) as agent:
        told = (await agent.call("free_busy", **WINDOW, calendar_ids=[calendar]))["busy"]
    assert spans(told[calendar]) == spans(answer["calendars"][ALICE]["busy"])
    assert len(told[calendar]) == 7


def spans(blocks: list[dict[str, str]]) -> list[tuple[datetime, ...]]:
    return [
        tuple(datetime.fromisoformat(block[side]).astimezone(UTC) for side in ("start", "end"))
        for block in blocks
    ]


async def test_an_event_is_made_changed_and_deleted_at_google(
    site: Site, alice: Person, calendar: str
) -> None:
    await asyncio.to_thread(mirrored, alice, calendar)
    async with agent_of(alice) as agent:
        made = await agent.call("create_event", calendar_id=calendar, event=LUNCH)
        where = {"calendar_id": calendar, "event_id": made["event"]["id"]}
        changed = await agent.call(
            "update_event", **where, changes={"summary": "Brunch"}, if_match=made["etag"]
        )
        assert changed["pending"] is False
        assert title_at_google(site, where["event_id"]) == "Brunch"
        assert (await agent.call("delete_event", **where))["event"] is None
        assert "404 not_found" in await agent.refused("delete_event", **where)


async def test_a_scope_reaches_as_far_as_it_says(site: Site, alice: Person, calendar: str) -> None:
    series = at_google(site, WEEKLY)["id"]
    await asyncio.to_thread(mirrored, alice, calendar)
    async with agent_of(alice) as agent:
        first, second, third, _ = (await agent.call("list_events", **WINDOW))["events"]
        one = {"calendar_id": calendar, "event_id": second["id"]}
        await agent.call("update_event", **one, changes={"summary": "Special"})
        await agent.call("delete_event", calendar_id=calendar, event_id=third["id"], scope="following")
        left = (await agent.call("list_events", **WINDOW))["events"]
        assert [event["summary"] for event in left] == ["Weekly", "Special"]
        await agent.call(
            "update_event",
            calendar_id=calendar,
            event_id=first["id"],
            changes={"location": "Attic"},
            scope="all",
        )
    assert site.google_client(ALICE).get(f"/calendars/{ALICE}/events/{series}").json()["location"] == "Attic"


async def test_an_edit_of_another_version_shows_both_and_is_made_once_it_is_confirmed(
    site: Site, alice: Person, calendar: str
) -> None:
    await asyncio.to_thread(mirrored, alice, calendar)
    async with agent_of(alice) as agent:
        made = await agent.call("create_event", calendar_id=calendar, event=LUNCH)
        where = {"calendar_id": calendar, "event_id": made["event"]["id"]}
        await agent.call("update_event", **where, changes={"summary": "Brunch"})
        late = (
            await agent.call("update_event", **where, changes={"summary": "Feast"}, if_match=made["etag"])
        )["conflict"]
        assert (late["ours"], late["theirs"]["summary"]) == ({"summary": "Feast"}, "Brunch")
        assert title_at_google(site, where["event_id"]) == "Brunch"
        kept = (await agent.call("delete_event", **where, if_match=made["etag"]))["conflict"]
        assert (kept["ours"], kept["theirs"]["summary"]) == (None, "Brunch")
        await agent.call("update_event", **where, changes={"summary": "Feast"}, if_match=late["etag"])
        assert title_at_google(site, where["event_id"]) == "Feast"


@pytest.mark.parametrize(("keep", "title"), [("ours", "Feast"), ("theirs", "Supper")])
async def test_a_conflict_at_google_shows_both_and_is_decided_by_the_person(
    site: Site, alice: Person, calendar: str, keep: str, title: str
) -> None:
    await asyncio.to_thread(mirrored, alice, calendar)
    async with agent_of(alice) as agent:
        made = await agent.call("create_event", calendar_id=calendar, event=LUNCH)
        where = {"calendar_id": calendar, "event_id": made["event"]["id"]}
        patched_at_google(site, where["event_id"], {"summary": "Supper"})
        met = (await agent.call("update_event", **where, changes={"summary": "Feast"}))["conflict"]
        assert (met["ours"], met["theirs"]["summary"]) == ({"summary": "Feast"}, "Supper")
        assert title_at_google(site, where["event_id"]) == "Supper"
        decided = await agent.call("resolve_conflict", conflict_id=met["conflict_id"], keep=keep)
        assert decided["conflict"]["outcome"] == keep
    assert title_at_google(site, where["event_id"]) == title


async def test_what_cannot_be_done_is_a_sentence(alice: Person, calendar: str) -> None:
    async with agent_of(alice) as agent:
        said = await agent.refused("list_events", time_min="2026-03-01", time_max="later")
        assert "time_min must be an instant such as 2026-01-31T08:00:00+01:00, not 2026-03-01." in said
        assert "no calendar cal_none" in await agent.refused("free_busy", **WINDOW, calendar_ids=["cal_none"])
        wrong = {**LUNCH, "start": {"date": "2026-02-30"}}
        assert "`start.date` must be a date" in await agent.refused(
            "create_event", calendar_id=calendar, event=wrong
        )
    async with agent_of(alice, token="wrong") as stranger:
        assert "401 unauthenticated" in await stranger.refused("list_calendars")
