"""A client that follows Google's documented sync algorithm always ends with what a full listing shows."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calferry.emulator.world.sample import sample_events
from calferry.emulator.world.sample_edits import sample_edit
from tests.unit.emulator.desk import ALICE, START, Desk

WINDOW = {"timeMin": "2026-09-01T00:00:00Z", "timeMax": "2027-04-01T00:00:00Z"}
FORMS: dict[str, dict[str, str]] = {
    "series": {"singleEvents": "false"},
    "series with tombstones": {"singleEvents": "false", "showDeleted": "true"},
    "instances": {"singleEvents": "true"},
}


class Client:
    """A full listing, then deltas; a 410 starts over. Others edit between any two requests."""

    def __init__(self, desk: Desk, dice: random.Random, form: dict[str, str]) -> None:
        self.desk = desk
        self.dice = dice
        self.form = form
        self.expands = form["singleEvents"] == "true"
        self.sizes = (100, 700) if self.expands else (1, 7, 50)
        self.token: str | None = None
        self.mirror: dict[str, Any] = {}

    def sync(self, edits: int) -> None:
        found = self._pages(edits)
        if found is None:
            self.token = None
            found = self._pages(edits)
        assert found is not None, "a full listing met an expired token"
        items, full, self.token = found
        if full:
            self.mirror = {}
        for item in items:
            self._apply(item)
        if not full and not self.expands:
            for item in items:
                self._refresh_series(item)

    def _pages(self, edits: int) -> tuple[list[Any], bool, str] | None:
        question: dict[str, Any] = {**self.form, "maxResults": self.dice.choice(self.sizes)}
        full = self.token is None
        question |= WINDOW if full and self.expands else {}
        question |= {} if full else {"syncToken": self.token}
        items: list[Any] = []
        page: dict[str, str] = {}
        while True:
            answer = self.desk.events(**question, **page)
            if answer.status == 410:
                return None
            assert answer.status == 200, answer.json
            items += answer.json["items"]
            if "nextSyncToken" in answer.json:
                return items, full, answer.json["nextSyncToken"]
            page = {"pageToken": answer.json["nextPageToken"]}
            if edits and self.dice.random() < 0.1:
                edit(self.desk, self.dice, 1)

    def _apply(self, item: Any) -> None:
        wanted = item["status"] != "cancelled" or (not self.expands and "recurringEventId" in item)
        if wanted and (not self.expands or in_window(item)):
            self.mirror[item["id"]] = item
            return
        self.mirror.pop(item["id"], None)

    def _refresh_series(self, item: Any) -> None:
        """Exceptions come and go with their series unmentioned, so a changed series is listed once."""
        if "recurringEventId" in item:
            return
        self.mirror = {
            key: kept for key, kept in self.mirror.items() if kept.get("recurringEventId") != item["id"]
        }
        if item["status"] == "cancelled" or "recurrence" not in item:
            return
        answer = self.desk.events(iCalUID=item["iCalUID"], singleEvents="false", maxResults=2500)
        for found in answer.json["items"]:
            if found.get("recurringEventId") == item["id"]:
                self.mirror[found["id"]] = found

    def truth(self) -> dict[str, Any]:
        window = WINDOW if self.expands else {}
        items, _ = self.desk.all_events(**{**self.form, "showDeleted": "false"}, **window, maxResults=2500)
        return {item["id"]: item for item in items}


def in_window(item: Any) -> bool:
    """By day, which is near enough for samples that end before midnight of the window's edges."""
    start, end = (item[name].get("dateTime") or item[name]["date"] for name in ("start", "end"))
    return bool(end > WINDOW["timeMin"][:10] and start < WINDOW["timeMax"][:10])


def edit(desk: Desk, dice: random.Random, times: int) -> None:
    calendar = desk.google.world.calendars[ALICE]
    for _ in range(times):
        desk.now += dice.choice((0, 0.0004, 1, 9))
        sample_edit(dice, desk.google.world, calendar, desk.google.now())


def living(mirror: dict[str, Any], form: dict[str, str]) -> dict[str, Any]:
    """What has to agree: with tombstones the mirror of a cancelled series' exceptions may linger."""
    series = {key for key, item in mirror.items() if "recurringEventId" not in item}
    return {
        key: item for key, item in mirror.items()
        if form["singleEvents"] == "true" or item.get("recurringEventId", key) in series
    }  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
@settings(max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_documented_client_converges(name: str, seed: int) -> None:
    dice = random.Random(seed)
    events = sample_events(dice, 12, START, "Europe/Berlin")
    desk = Desk(({"events": {ALICE: events}},))
    client = Client(desk, dice, FORMS[name])
    for _ in range(dice.randrange(1, 6)):
        client.sync(edits=1)
        edit(desk, dice, dice.randrange(0, 8))
        if dice.random() < 0.15:
            desk.control("expire-sync-tokens", {"calendar_id": ALICE})
        if dice.random() < 0.15:
            desk.control("empty-pages", {"calendar_id": ALICE, "count": dice.randrange(1, 3)})
    client.sync(edits=0)
    assert living(client.mirror, FORMS[name]) == client.truth()
