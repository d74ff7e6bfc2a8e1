"""`kill -9` in the middle of a first sync: the next process goes on at the stored page."""

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from calferry.emulator.server import RunningGoogle, run_in_thread
from calferry.emulator.world.sample import sample_events
from tests.system import forked
from tests.system.processes import DEADLINE_S, Site
from tests.waiting import until

EVENTS = 12_500
PAGES_BEFORE = 3
EMAIL = "many@example.com"


@pytest.fixture
def google() -> Iterator[RunningGoogle]:
    events = sample_events(random.Random(1), EVENTS, time.time(), "Europe/Zurich")
    calendar = {"id": EMAIL, "summary": "Many", "primary": True, "events": events}
    person = {"email": EMAIL, "time_zone": "Europe/Zurich", "calendars": [calendar]}
    with run_in_thread(seeds=[{"people": [person]}]) as running:
        yield running


def listings(google: RunningGoogle) -> list[dict[str, Any]]:
    return [request for request in list(google.emulator.requests) if request["path"].endswith("/events")]


def page_token(request: dict[str, Any]) -> str | None:
    token = request["query"].get("pageToken")
    return token[0] if isinstance(token, list) else token


def test_killed_first_sync_resumes_at_the_stored_page(google: RunningGoogle, tmp_path: Path) -> None:
    site = Site(tmp_path, google.url)
    token = site.connect(EMAIL, google.tokens(EMAIL)["refresh_token"])
    stall = {"method": "events.list", "times": 1, "skip": PAGES_BEFORE, "action": "stall-60000"}
    google.control("faults", {"faults": [stall]})

    with site.serving() as process:
        (calendar,) = site.ask("GET", "/calendar/calendars", token)["calendars"]
        site.ask("PATCH", f"/calendar/calendars/{calendar['id']}", token, {"selected": True})
        state = "SELECT page_token, pass_pages, last_success_at FROM sync_states WHERE id = ?"
        until(
            lambda: [row for row in site.rows(state, calendar["id"]) if row["pass_pages"] == PAGES_BEFORE],
            DEADLINE_S,
            "page stored before the stall",
        )
        forked.kill(process)
    (stored,) = site.rows(state, calendar["id"])
    assert stored["page_token"]
    assert stored["last_success_at"] is None
    before = listings(google)

    with site.serving():
        until(
            lambda: site.rows(state, calendar["id"])[0]["last_success_at"], DEADLINE_S, "finished first sync"
        )
        after = [request for request in listings(google)[len(before) :] if page_token(request)]
    read_before = {page_token(request) for request in before[:PAGES_BEFORE]}
    assert page_token(after[0]) == stored["page_token"]
    assert not read_before & {page_token(request) for request in after}

    code, outcome, said = site.run("verify", EMAIL)
    assert code == 0, (outcome, said)
    assert outcome["calendars"][0]["checked"] == EVENTS
