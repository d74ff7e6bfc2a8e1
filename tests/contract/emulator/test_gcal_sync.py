"""gcal_sync with its own sync and its own store, unmodified, against the local Google.

It has methods for calendars, their list and events only: none for conditions on etags, batches, watches, busy
times, rules, settings, imports, moves and quick additions. Instances it computes itself. The deletion of an
instance and all after it fails inside the client, before anything is sent.
"""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from gcal_sync.api import GoogleCalendarService, LocalListEventsRequest, SyncEventsRequest
from gcal_sync.auth import AbstractAuth
from gcal_sync.model import DateOrDatetime, Event
from gcal_sync.store import InMemoryCalendarStore
from gcal_sync.sync import CalendarEventSyncManager, CalendarListSyncManager

from calferry.emulator.server import RunningGoogle
from tests.contract.emulator.checked import checked
from tests.contract.emulator.clients import ALICE, TEAM, event

# It leaves the answers to edits and deletions unread.
pytestmark = pytest.mark.filterwarnings("ignore:Unclosed connection:ResourceWarning")

PAGE = 1000  # what this client asks for
START = datetime(2026, 11, 23, 9, tzinfo=UTC)
WINDOW = LocalListEventsRequest(start_time=START - timedelta(days=1), end_time=START + timedelta(days=30))


class Auth(AbstractAuth):
    """What users of this client write themselves."""

    def __init__(self, session: aiohttp.ClientSession, google: RunningGoogle) -> None:
        super().__init__(session, f"{google.url}/calendar/v3")
        self._google = google

    async def async_get_access_token(self) -> str:
        return str(self._google.tokens(ALICE)["access_token"])


@pytest.fixture
async def service(local_google: RunningGoogle) -> AsyncIterator[GoogleCalendarService]:
    async with aiohttp.ClientSession() as session:
        yield GoogleCalendarService(Auth(session, local_google))


class Mirror:
    """The client's copy of one calendar."""

    def __init__(self, service: GoogleCalendarService) -> None:
        self.store = InMemoryCalendarStore()
        self.sync = CalendarEventSyncManager(service, ALICE, self.store)
        self.local = self.sync.store_service

    async def run(self) -> list[Event]:
        """Syncs; every event and every instance in the window, as the client's own timeline has them."""
        await self.sync.run()
        return (await self.local.async_list_events(WINDOW)).events

    async def summaries(self) -> list[str]:
        return [event.summary for event in await self.run()]


@pytest.fixture
def mirror(service: GoogleCalendarService) -> Mirror:
    return Mirror(service)


Asked = Callable[[], list[Any]]


@pytest.fixture
def asked(local_google: RunningGoogle) -> Asked:
    """Of every listing of events since the last call: whether it came with a token, and its status."""
    requests = local_google.emulator.requests

    def since() -> list[Any]:
        found = [
            ("syncToken" in request["query"], request["status"])
            for request in requests
            if request["api_method"] == "events.list"
        ]
        requests.clear()
        return found

    return since


def meeting(summary: str, **fields: Any) -> Event:
    times = {
        "start": DateOrDatetime(date_time=START),
        "end": DateOrDatetime(date_time=START + timedelta(hours=1)),
    }
    return Event(summary=summary, **times, **fields)


async def test_a_long_calendar_comes_in_pages(
    local_google: RunningGoogle, mirror: Mirror, asked: Asked
) -> None:
    local_google.control("seed", {"events": {ALICE: [event(f"E{number}") for number in range(PAGE + 1)]}})
    assert len(await mirror.run()) == PAGE + 1
    assert asked() == [(False, 200), (False, 200)]


async def test_inserts_edits_and_deletions_arrive_in_deltas(
    service: GoogleCalendarService, mirror: Mirror, asked: Asked
) -> None:
    for summary in ("A", "B"):
        await mirror.local.async_add_event(meeting(summary))
    first, second = await mirror.run()
    await service.async_create_event(ALICE, meeting("C"))
    await service.async_patch_event(ALICE, first.id, {"summary": "A2"})
    await mirror.local.async_delete_event(second.ical_uuid)
    assert sorted(await mirror.summaries()) == ["A2", "C"]
    assert asked() == [(False, 200), (True, 200)]
    assert (await service.async_get_event(ALICE, first.id)).summary == "A2"


async def test_a_series_loses_an_instance_and_then_its_end(
    mirror: Mirror, service: GoogleCalendarService
) -> None:
    body = event("S", recurrence=["RRULE:FREQ=DAILY;COUNT=6"])
    await service.async_create_event(ALICE, Event(**body))
    instances = await mirror.run()
    assert [each.start.value.day for each in instances] == [23, 24, 25, 26, 27, 28]
    uid, ids = instances[0].ical_uuid, [each.id for each in instances]
    await mirror.local.async_delete_event(uid, ids[1])
    assert [each.start.value.day for each in await mirror.run()] == [23, 25, 26, 27, 28]
    await service.async_patch_event(ALICE, ids[2], {"summary": "Odd"})
    assert await mirror.summaries() == ["S", "Odd", "S", "S", "S"]
    series, _, _ = ids[0].rpartition("_")
    await service.async_patch_event(ALICE, series, {"recurrence": ["RRULE:FREQ=DAILY;COUNT=4"]})
    assert [each.start.value.day for each in await mirror.run()] == [23, 25, 26]


async def test_a_day_long_event_stays_a_date(mirror: Mirror, service: GoogleCalendarService) -> None:
    times = {"start": {"date": "2026-11-24"}, "end": {"date": "2026-11-25"}}
    await service.async_create_event(ALICE, Event(summary="Holiday", **times))
    [found] = await mirror.run()
    assert found.start.value == date(2026, 11, 24)


async def test_a_dead_sync_token_makes_it_start_over(
    local_google: RunningGoogle, mirror: Mirror, asked: Asked
) -> None:
    local_google.control("seed", {"events": {ALICE: [event("A"), event("B")]}})
    first, _ = await mirror.run()
    await mirror.local.async_delete_event(first.ical_uuid)
    local_google.control("expire-sync-tokens", {"calendar_id": ALICE})
    assert len(await mirror.run()) == 1
    assert asked() == [(False, 200), (True, 410), (False, 200)]


async def test_a_restarted_copy_goes_on_from_its_store(
    local_google: RunningGoogle, service: GoogleCalendarService, mirror: Mirror, asked: Asked
) -> None:
    local_google.control("seed", {"events": {ALICE: [event("A")]}})
    await mirror.run()
    request = SyncEventsRequest(calendar_id=ALICE, start_time=START)
    again = CalendarEventSyncManager(service, request_template=request, store=mirror.store)
    await again.run()
    assert asked() == [(False, 200), (True, 200)]
    assert len((await again.store_service.async_list_events(WINDOW)).events) == 1


async def test_the_calendar_list_is_followed(
    local_google: RunningGoogle, service: GoogleCalendarService
) -> None:
    lists = CalendarListSyncManager(service, InMemoryCalendarStore())
    await lists.run()
    local_google.control("seed", {"calendars": [{"id": "new@group.calendar.google.com", "owner": ALICE}]})
    await lists.run()
    found = await lists.store_service.async_list_calendars()
    assert [each.id for each in found.calendars] == [ALICE, TEAM, "new@group.calendar.google.com"]
    assert (await service.async_get_calendar(TEAM)).summary == "Team"
    local_google.control("expire-sync-tokens", {})
    await lists.run()
    assert checked(local_google).checked["calendarList.list 410"] == 1
