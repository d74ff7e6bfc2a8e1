"""`calferry.Client` against the real service, over lines that are cut."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

import calferry
from calferry.client import Change, CursorExpired, Progress, Refused, Synced, SyncFailed, Unreachable
from calferry.client.answers import Changed
from calferry.client.wire import Wire
from calferry.store import retention
from tests.contract.service_client.cut_line import cut_line
from tests.contract.web.site import Person, Site
from tests.harness.postgres import free_port

ALICE = "alice@example.com"
DAY = {"start": {"date": "2026-03-01"}, "end": {"date": "2026-03-02"}}
WITHIN_S = 20.0


def client_of(person: Person, url: str | None = None) -> calferry.Client:
    return calferry.Client(url or person.site.url, person.token)


def at_google(site: Site, *ids: str) -> None:
    google = site.google_client(ALICE)
    for event_id in ids:
        google.post(
            f"/calendars/{ALICE}/events", json={"id": event_id, "summary": event_id, **DAY}
        ).raise_for_status()


async def synced(client: calferry.Client, calendar_id: str) -> list[Any]:
    return [update async for update in client.sync(calendar_id)]


async def first(changes: AsyncIterator[Change], count: int) -> list[Change]:
    async with asyncio.timeout(WITHIN_S):
        return [await anext(changes) for _ in range(count)]


async def test_a_round_tells_what_changes_and_how_it_ends(site: Site, alice: Person) -> None:
    at_google(site, "first0", "second0")
    async with client_of(alice) as client:
        (calendar,) = [one for one in await client.calendars() if one.google_id == ALICE]
        updates = await synced(client, calendar.id)
        changed = [
            event["id"] for update in updates if isinstance(update, Changed) for event in update.events
        ]
        assert sorted(changed) == ["first0", "second0"]
        assert any(isinstance(update, Progress) for update in updates)
        assert isinstance(updates[-1], Synced)
        assert updates[-1].total_events == 2
        assert [one.up_to_date for one in await client.status() if one.calendar_id == calendar.id] == [True]
        site.clock.advance(6)
        site.google.control(
            "faults", {"faults": [{"method": "events.list", "times": 9, "action": "return-403"}]}
        )
        assert any(isinstance(update, SyncFailed) for update in await synced(client, calendar.id))


async def test_events_are_read_over_pages_and_expanded_on_demand(site: Site, alice: Person) -> None:
    at_google(site, *(f"event{number:04}" for number in range(5)))
    calendar = alice.calendars[ALICE]
    async with client_of(alice) as client:
        await synced(client, calendar)
        series = {"summary": "Daily", "recurrence": ["RRULE:FREQ=DAILY;COUNT=3"], **DAY}
        made = await client.insert(calendar, series)
        assert made.event is not None
        assert len([event async for event in client.events()]) == 6
        window = {"time_min": "2026-03-01", "time_max": "2026-03-08"}
        instances = [
            event async for event in client.events(calendar, single_events=True, query="daily", **window)
        ]
        assert [event["recurringEventId"] for event in instances] == [made.event["id"]] * 3


async def test_an_edit_is_made_once_although_its_answer_is_lost(site: Site, alice: Person) -> None:
    calendar = alice.calendars[ALICE]
    async with cut_line(site.url) as line, client_of(alice, line.url) as client:
        await synced(client, calendar)
        line.answers_lost = 1
        made = await client.insert(calendar, {"summary": "Once", **DAY})
        assert made.event is not None
        assert not made.is_pending
        assert line.connections > 1
        at_google = site.google_client(ALICE).get(f"/calendars/{ALICE}/events").json()["items"]
        assert [event["summary"] for event in at_google] == ["Once"]
        renamed = await client.patch(calendar, made.event["id"], {"summary": "Renamed"}, etag=made.etag)
        assert renamed.event is not None
        assert renamed.event["summary"] == "Renamed"
        with pytest.raises(Refused) as refused:
            await client.patch(calendar, made.event["id"], {"summary": "Late"}, etag=made.etag)
        assert (refused.value.status, refused.value.code) == (412, "precondition_failed")
        assert (await client.delete(calendar, made.event["id"])).event is None
        with pytest.raises(Refused, match="404"):
            await client.event(calendar, made.event["id"])


async def test_changes_go_on_after_a_lost_connection_without_a_gap_or_a_double(
    site: Site, alice: Person
) -> None:
    calendar = alice.calendars[ALICE]
    async with cut_line(site.url) as line, client_of(alice, line.url) as client:
        await synced(client, calendar)
        cursor = await client.cursor()
        changes = client.changes(cursor)
        seen: list[Change] = []
        for turn in range(3):
            at_google(site, f"turn{turn}a0", f"turn{turn}b0")
            site.clock.advance(6)
            await synced(client, calendar)
            seen += await first(changes, 2)
            line.cut()
        assert sorted(change.event_id or "" for change in seen) == [
            f"turn{n}{x}0" for n in range(3) for x in "ab"
        ]
        assert [change.id for change in seen] == sorted({change.id for change in seen}, key=int)
        again = [change async for change in client.changes_since(cursor)]
        assert [change.id for change in again] == [change.id for change in seen]


async def test_a_cursor_that_is_too_old_is_told(site: Site, alice: Person) -> None:
    at_google(site, "first0")
    async with client_of(alice) as client:
        await synced(client, alice.calendars[ALICE])
        site.write(lambda conn: retention.forget_changes(conn, alice.user_id, 1))
        with pytest.raises(CursorExpired):
            [change async for change in client.changes_since("0")]
        with pytest.raises(CursorExpired) as told:
            await first(client.changes("0"), 1)
        assert told.value.cursor == await client.cursor()


async def test_who_does_not_answer_is_unreachable_and_a_wrong_token_refused(
    site: Site, alice: Person
) -> None:
    async with calferry.Client(site.url, "wrong") as client:
        with pytest.raises(Refused) as refused:
            await client.calendars()
        assert (refused.value.status, refused.value.code) == (401, "unauthenticated")
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    nobody = f"http://127.0.0.1:{free_port()}"
    async with calferry.Client(nobody, "any", wire=Wire(nobody, "any", timeout_s=5, sleep=wait)) as client:
        with pytest.raises(Unreachable):
            await client.calendars()
    assert waits == [0.5, 1.0, 2.0, 4.0]
    with pytest.raises(RuntimeError, match="async with"):
        await calferry.Client(site.url, "any").calendars()
