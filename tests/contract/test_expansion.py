"""What a reader sees of real calendars with singleEvents=true is what Google lists, field by field."""

import json
import random
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest

from calferry.core.event_window import read_bound
from calferry.emulator import ics
from calferry.emulator.world.sample_edits import sample_edit
from calferry.store.event_reads import EventQuery
from calferry.sync.run_calendar import run_calendar
from calferry.web.expanded_events import page
from tests.harness.ports import VirtualClock
from tests.harness.service import LocalGoogle, Service
from tests.harness.virtual_loop import run_virtually

FILES = sorted((Path(__file__).parents[1] / "samples" / "ics").glob("*.ics"))
PERSON = "owner@example.com"
WINDOWS = [("2010-01-01T00:00:00Z", "2030-01-01T00:00:00Z"), ("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z")]
FIFTEEN_MONTHS = ("2026-01-01T00:00:01Z", "2027-04-01T00:00:00Z")
BURSTS, EDITS_A_BURST = 3, 25
ZONES = (None, "Asia/Kolkata")

Item = dict[str, Any]


def listed(google: LocalGoogle, calendar: str, window: tuple[str, str], zone: str | None) -> list[Item]:
    asked = {"singleEvents": "true", "orderBy": "startTime"} | ({"timeZone": zone} if zone else {})
    return pages(google, f"{calendar}/events", asked, window)


def series_by_series(google: LocalGoogle, calendar: str, window: tuple[str, str]) -> dict[str, list[Item]]:
    """By master, its instances from `events.instances`."""
    everything = pages(google, f"{calendar}/events", {}, WINDOWS[0])
    masters = [item["id"] for item in everything if "recurrence" in item]
    return {one: pages(google, f"{calendar}/events/{one}/instances", {}, window) for one in masters}


def pages(google: LocalGoogle, path: str, terms: dict[str, str], window: tuple[str, str]) -> list[Item]:
    asked = {"maxResults": "2500", "timeMin": window[0], "timeMax": window[1], **terms}
    items: list[Item] = []
    while True:
        answer = google.call("GET", f"/calendar/v3/calendars/{path}?{urlencode(asked)}", user=PERSON)
        items += answer["items"]
        if "nextPageToken" not in answer:
            return items
        asked["pageToken"] = answer["nextPageToken"]


async def read(service: Service, calendar_id: str, window: tuple[str, str], zone: str | None) -> list[Item]:
    query = EventQuery(
        1, (calendar_id,), read_bound(window[0]), read_bound(window[1]), False, "", at_most=150_000
    )
    asked = ZoneInfo(zone) if zone else None
    found = await service.engine.store.read(lambda conn: page(conn, query, asked, None))
    assert (found.next_place, found.truncated, found.unexpanded) == (None, False, [])
    return [json.loads(text) for text in found.items]


def by_id(items: list[Item]) -> dict[str, Item]:
    found = {item["id"]: item for item in items}
    assert len(found) == len(items)
    return found


async def compare(
    google: LocalGoogle, service: Service, google_id: str, calendar_id: str, zone: str | None
) -> None:
    await service.clock.sleep(2)
    report = await run_calendar(service.engine, calendar_id)
    assert report.outcome == "done", report
    for window in WINDOWS:
        wanted = by_id(listed(google, google_id, window, zone))
        found = by_id(await read(service, calendar_id, window, zone))
        assert found.keys() == wanted.keys()
        assert found == {key: item | {"calendar_id": calendar_id} for key, item in wanted.items()}
    found = by_id(await read(service, calendar_id, FIFTEEN_MONTHS, None))
    for master, instances in series_by_series(google, google_id, FIFTEEN_MONTHS).items():
        mine = {key: item for key, item in found.items() if item.get("recurringEventId") == master}
        assert mine == {key: item | {"calendar_id": calendar_id} for key, item in by_id(instances).items()}


async def expand_through_edits(content: bytes, name: str) -> None:
    clock, dice = VirtualClock(), random.Random(name)
    document = ics.seed_document(content, name)
    calendars = [{"id": PERSON, "primary": True}, *(one | {"owner": PERSON} for one in document["calendars"])]
    google = LocalGoogle(clock, dice, {"people": [{"email": PERSON, "calendars": calendars}]})
    service = Service(google, clock, dice)
    await service.sign_in(PERSON)
    world = google.emulator.world
    calendar = next(one for one in world.calendars.values() if one.id != PERSON)
    calendar_id = await service.calendar_id(calendar.id)
    await compare(google, service, calendar.id, calendar_id, ZONES[0])
    for burst in range(1, BURSTS + 1):
        for _ in range(EDITS_A_BURST):
            sample_edit(dice, world, calendar, google.emulator.now())
        await compare(google, service, calendar.id, calendar_id, ZONES[burst % len(ZONES)])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_real_calendar_is_expanded_as_google_expands_it(path: Path) -> None:
    run_virtually(expand_through_edits(path.read_bytes(), path.stem))
