"""What Google's own client writes at Google is readable here within two seconds, told by a notification."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build

from calferry.emulator.server import RunningGoogle, run_in_thread
from tests.system.processes import DEADLINE_S, Site
from tests.waiting import until

EMAIL = "alice@example.com"
ARRIVES_WITHIN_S = 2.0
TRIES = 3
MORNING = {"dateTime": "2027-03-01T09:00:00+01:00", "timeZone": "Europe/Zurich"}
LATER = {"dateTime": "2027-03-01T10:00:00+01:00", "timeZone": "Europe/Zurich"}


@dataclass
class Alice:
    """Her calendar at Google, by Google's own client, and here, over HTTP."""

    google: RunningGoogle
    site: Site
    token: str
    calendar_id: str
    events: Any

    def here(self, event_id: str) -> dict[str, Any] | None:
        query = f"calendar_ids={self.calendar_id}&maxResults=2500"
        items = self.site.ask("GET", f"/calendar/events?{query}", self.token)["items"]
        return next((item for item in items if item["id"] == event_id), None)

    def arrives(self, condition: Callable[[], bool], what: str) -> float:
        """Seconds until it is so."""
        began = time.monotonic()
        until(condition, DEADLINE_S, what)
        return time.monotonic() - began


@pytest.fixture
def alice(tmp_path: Path) -> Iterator[Alice]:
    with run_in_thread() as google:
        site = Site(tmp_path, google.url)
        tokens = google.tokens(EMAIL)
        token = site.connect(EMAIL, tokens["refresh_token"])
        client = build(
            "calendar",
            "v3",
            credentials=Credentials(tokens["access_token"]),
            client_options={"api_endpoint": f"{google.url}/calendar/v3/"},
            static_discovery=True,
            cache_discovery=False,
        )
        with site.serving():
            calendars = site.ask("GET", "/calendar/calendars", token)["calendars"]
            mine = next(calendar["id"] for calendar in calendars if calendar["primary"])
            site.ask("PATCH", f"/calendar/calendars/{mine}", token, {"selected": True})
            person = Alice(google, site, token, mine, client.events())
            until(lambda: is_watched(person), DEADLINE_S, "finished sync with an active channel")
            yield person
        client.close()


def is_watched(alice: Alice) -> bool:
    states = alice.site.ask("GET", "/calendar/sync-status", alice.token)["calendars"]
    mine = next(state for state in states if state["calendar_id"] == alice.calendar_id)
    return bool(mine["up_to_date"] and mine["channel"] and mine["channel"]["state"] == "active")


def deliveries(alice: Alice) -> list[dict[str, Any]]:
    return list(alice.google.control("deliveries")["deliveries"])


def slowest_arrival(alice: Alice) -> float:
    """Insert, move and delete an event at Google; the longest of the three ways here, in seconds."""
    body = {"summary": "Dentist", "start": MORNING, "end": LATER}
    made = alice.events.insert(calendarId="primary", body=body).execute()["id"]
    inserted = alice.arrives(lambda: alice.here(made) is not None, "inserted event")
    alice.events.patch(calendarId="primary", eventId=made, body={"start": LATER, "end": LATER}).execute()
    moved = alice.arrives(lambda: (alice.here(made) or {}).get("start") == LATER, "moved event")
    alice.events.delete(calendarId="primary", eventId=made).execute()
    deleted = alice.arrives(lambda: alice.here(made) is None, "deleted event")
    return max(inserted, moved, deleted)


def test_insert_move_and_delete_arrive_by_notification(alice: Alice) -> None:
    known = len(deliveries(alice))
    # A busy machine may be late once; calferry may not be late every time.
    slowest = [slowest_arrival(alice)]
    while slowest[-1] > ARRIVES_WITHIN_S and len(slowest) < TRIES:
        slowest.append(slowest_arrival(alice))
    assert slowest[-1] <= ARRIVES_WITHIN_S, slowest
    assert len(deliveries(alice)) >= known + 3
