"""An edit that was answered with 202 arrives once, though Google was down and the service was killed right after."""

import json
import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.system import forked
from tests.system.processes import DEADLINE_S, Site, free_port
from tests.waiting import until

EMAIL = "alice@example.com"
TEA = {
    "summary": "Tea",
    "start": {"dateTime": "2027-03-01T15:00:00+01:00"},
    "end": {"dateTime": "2027-03-01T16:00:00+01:00"},
}
KEY = {"Idempotency-Key": "order-4711"}


@dataclass
class Google:
    """A local Google in a process of its own, whose world outlives it."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator[None]:
        place = ["--port", str(self.port), "--data", str(self.folder / "google.json")]
        log = self.folder / "google.log"
        with forked.listening(["emulator", "--auto", *place], os.environ, log, self.port):
            yield

    def tokens(self) -> dict[str, str]:
        body = json.dumps({"email": EMAIL}).encode()
        with urllib.request.urlopen(f"{self.url}/_emulator/tokens", body, timeout=DEADLINE_S) as answer:
            return dict(json.load(answer))

    def events(self) -> list[dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self.tokens()['access_token']}"}
        address = f"{self.url}/calendar/v3/calendars/primary/events"
        return list(httpx.get(address, headers=headers, trust_env=False).json()["items"])


@dataclass
class Alice:
    """Her mirrored calendar, while Google is down."""

    google: Google
    site: Site
    token: str
    calendar_id: str = ""

    def mirror(self) -> None:
        calendars = self.site.ask("GET", "/calendar/calendars", self.token)["calendars"]
        self.calendar_id = next(calendar["id"] for calendar in calendars if calendar["primary"])
        address = f"/calendar/calendars/{self.calendar_id}"
        self.site.ask("PATCH", address, self.token, {"selected": True})
        until(self.is_mirrored, DEADLINE_S, "first sync")

    def is_mirrored(self) -> bool:
        states = self.site.ask("GET", "/calendar/sync-status", self.token)["calendars"]
        return any(state["up_to_date"] for state in states if state["calendar_id"] == self.calendar_id)

    def insert(self) -> httpx.Response:
        address = f"{self.site.address}/calendar/calendars/{self.calendar_id}/events"
        headers = {"Authorization": f"Bearer {self.token}", **KEY}
        return httpx.post(address, json=TEA, headers=headers, timeout=DEADLINE_S, trust_env=False)

    def is_done(self, intent_id: str) -> bool:
        return bool(self.site.ask("GET", f"/calendar/intents/{intent_id}", self.token)["status"] == "done")

    def assert_made_once(self, told: dict[str, Any]) -> None:
        until(lambda: self.is_done(told["intent"]["id"]), DEADLINE_S, "sent edit")
        made = [event["id"] for event in self.google.events() if event["summary"] == "Tea"]
        assert made == [told["event"]["id"]]
        assert self.insert().json()["id"] == made[0]
        assert len(self.google.events()) == 1


@pytest.fixture
def alice(tmp_path: Path) -> Alice:
    google = Google(tmp_path, free_port())
    site = Site(tmp_path / "site", google.url)
    with google.running():
        alice = Alice(google, site, site.connect(EMAIL, google.tokens()["refresh_token"]))
        with site.serving():
            alice.mirror()
    return alice


def accepted(alice: Alice) -> dict[str, Any]:
    answer = alice.insert()
    assert answer.status_code == 202, answer.text
    told = dict(answer.json())
    assert (told["intent"]["status"], told["event"]["pending"]) == ("pending", True)
    return told


def test_edit_made_while_google_is_down_arrives_once_when_it_is_back(alice: Alice) -> None:
    with alice.site.serving():
        told = accepted(alice)
        address = f"/calendar/calendars/{alice.calendar_id}/events/{told['event']['id']}"
        assert alice.site.ask("GET", address, alice.token)["summary"] == "Tea"
        with alice.google.running():
            alice.assert_made_once(told)
            until(lambda: "pending" not in alice.site.ask("GET", address, alice.token), DEADLINE_S, "pull")


def test_edit_survives_a_kill_right_after_it_was_accepted(alice: Alice) -> None:
    with alice.site.serving() as process:
        told = accepted(alice)
        forked.kill(process)
    with alice.google.running(), alice.site.serving():
        alice.assert_made_once(told)
