"""A full re-sync in mid-life, seen by a reader who never stops looking."""

import threading

import pytest

from calferry.emulator.server import RunningGoogle
from tests.contract.web.site import Person, Site

PRIMARY = "alice@example.com"
EVENTS = 5_200
PAGE_WAIT_MS = 400
DELETED = 40


def event(number: int) -> dict[str, object]:
    day = f"2026-{number % 12 + 1:02d}-{number % 28 + 1:02d}"
    return {
        "id": f"event{number:05d}",
        "summary": f"Event {number}",
        "start": {"dateTime": f"{day}T10:00:00Z"},
        "end": {"dateTime": f"{day}T11:00:00Z"},
    }


def live_ids(person: Person) -> set[str]:
    """Every live event that a reader is shown now."""
    found: set[str] = set()
    query: dict[str, object] = {"calendar_ids": person.calendars[PRIMARY], "maxResults": 2_500}
    while True:
        page = person.http.get("/calendar/events", params=query).json()
        found.update(item["id"] for item in page["items"])
        if not page.get("nextPageToken"):
            return found
        query["pageToken"] = page["nextPageToken"]


def sync(person: Person) -> str:
    person.site.clock.advance(6)
    answer = person.http.get("/calendar/sync", params={"calendar_ids": person.calendars[PRIMARY]})
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.fixture
def stored(google: RunningGoogle, site: Site) -> Person:
    google.control("seed", {"events": {PRIMARY: [event(number) for number in range(EVENTS)]}})
    person = site.person(PRIMARY)
    assert "event: complete" in sync(person)
    return person


def test_a_reader_never_sees_fewer_events_than_google_has_during_a_full_resync(
    google: RunningGoogle, site: Site, stored: Person
) -> None:
    everything = live_ids(stored)
    assert len(everything) == EVENTS
    gone = sorted(everything)[:DELETED]
    with site.google_client(PRIMARY) as editing:
        for event_id in gone:
            assert editing.delete(f"/calendars/primary/events/{event_id}").status_code == 204
    google.control("expire-sync-tokens", {})
    google.control(
        "faults", {"faults": [{"method": "events.list", "times": 9, "action": f"stall-{PAGE_WAIT_MS}"}]}
    )
    at_google = everything - set(gone)
    streams: list[str] = []
    syncing = threading.Thread(target=lambda: streams.append(sync(stored)))
    looks = 0
    syncing.start()
    while syncing.is_alive():
        seen = live_ids(stored)
        assert at_google <= seen, sorted(at_google - seen)[:5]
        looks += 1
    syncing.join()
    assert looks >= 3
    assert "event: complete" in streams[0]
    assert "sync_error" not in streams[0]
    assert live_ids(stored) == at_google
    pages = [one for one in site.google_requests("/events") if one["api_method"] == "events.list"]
    assert [one["status"] for one in pages[-4:]] == [410, 200, 200, 200]
