"""Random edits, mode switches, short runs and full listings: the mirror and whoever follows its log come out right."""

import json
import random
from contextlib import ExitStack
from typing import Any

import pytest

from calferry.store import sync_requests
from calferry.sync.change_mode import change_mode
from tests.harness.virtual_loop import run_virtually
from tests.scenarios.stage import ALICE, Stage, set_page_size

ROUNDS = 14
RULES = ("RRULE:FREQ=WEEKLY;COUNT=5", "RRULE:FREQ=DAILY;COUNT=9", "RRULE:FREQ=WEEKLY;UNTIL=20261120T000000Z")


class Follower:
    """Somebody who reads the log from time to time and keeps what it says."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.position = 0
        self.known: dict[str, str] = {}

    async def read(self) -> None:
        asked = {self.stage.calendar_id: sync_requests.Asked(0, 0)}
        request = sync_requests.SyncRequest("req", 1, 0, 0, 0, None, asked)
        more = True
        while more:
            now_ms = self.stage.clock.now_ms()
            snapshot = await self.stage.service.store.read(
                lambda tx, now_ms=now_ms: sync_requests.stream_state(
                    tx, request, self.position, now_ms, limit=3
                )
            )
            more = snapshot.more
            for entry in snapshot.entries:
                self.position = entry.number
                self.known[entry.event_id] = entry.raw

    def live(self) -> list[str]:
        return sorted(i for i, raw in self.known.items() if json.loads(raw).get("status") != "cancelled")


class Hand:
    """Somebody who edits a calendar by chance."""

    def __init__(self, stage: Stage, dice: random.Random) -> None:
        self.stage = stage
        self.dice = dice
        self.count = 0

    def edit(self) -> None:
        act = self.dice.choice(
            [self.insert, self.insert_series, self.change, self.change, self.occurrence, self.delete]
        )
        act()

    def times(self) -> dict[str, Any]:
        month, day, hour = (
            self.dice.choice((5, 10, 11, 12)),
            self.dice.randrange(1, 28),
            self.dice.randrange(8, 18),
        )
        year = self.dice.choice((2026, 2026, 2026, 2029))
        zone = self.dice.choice(("Europe/Berlin", "UTC"))
        return {
            name: {"dateTime": f"{year}-{month:02d}-{day:02d}T{at:02d}:00:00", "timeZone": zone}
            for name, at in (("start", hour), ("end", hour + 1))
        }

    def insert(self) -> None:
        self.count += 1
        self.stage.add({"id": f"event{self.count:04d}", **self.times()})

    def insert_series(self) -> None:
        self.count += 1
        self.stage.add(
            {"id": f"serie{self.count:04d}", **self.times(), "recurrence": [self.dice.choice(RULES)]}
        )

    def one(self) -> str | None:
        shelf = self.stage.google.emulator.world.calendars[ALICE].shelf
        found = sorted(event.id for event in shelf if not event.is_cancelled and not event.recurring_event_id)
        return self.dice.choice(found) if found else None

    def send(self, method: str, event_id: str, body: Any = None) -> None:
        self.stage.google.ask(method, f"/calendar/v3/calendars/{ALICE}/events/{event_id}", body, user=ALICE)

    def change(self) -> None:
        event_id = self.one()
        if event_id is None:
            return
        bodies = [{"summary": f"title {self.dice.random()}"}, self.times(), {"status": "confirmed"}]
        if event_id.startswith("serie"):
            bodies.append({"recurrence": [self.dice.choice(RULES)]})
            bodies.append({"recurrence": None})
        self.send("PATCH", event_id, self.dice.choice(bodies))

    def occurrence(self) -> None:
        event_id = self.one()
        if event_id is None or not event_id.startswith("serie"):
            return
        path = f"/calendar/v3/calendars/{ALICE}/events/{event_id}/instances"
        status, answer = self.stage.google.ask("GET", path, user=ALICE)
        if status == 200 and answer["items"]:
            chosen = self.dice.choice(answer["items"])["id"]
            if self.dice.random() < 0.5:
                self.send("DELETE", chosen)
            else:
                self.send("PATCH", chosen, self.dice.choice([{"summary": "special"}, self.times()]))

    def delete(self) -> None:
        event_id = self.one()
        if event_id is not None:
            self.send("DELETE", event_id)


async def walk(seed: int) -> None:
    stage, dice = Stage(seed_number=seed), random.Random(seed)
    await stage.connect()
    hand, follower = Hand(stage, dice), Follower(stage)
    for _ in range(ROUNDS):
        for _ in range(dice.randrange(4)):
            hand.edit()
        chance = dice.random()
        if chance < 0.2:
            await change_mode(stage.engine, stage.calendar_id, dice.choice(("series", "instances")))
        elif chance < 0.3:
            stage.control("expire-sync-tokens")
        elif chance < 0.35:
            stage.control("expire-page-tokens")
        elif chance < 0.4:
            await stage.clock.sleep(35 * 86_400)
        await stage.run(page_limit=dice.choice((None, 1, 2)), full=dice.random() < 0.1)
        if dice.random() < 0.4:
            await follower.read()
    await stage.scan(30)
    await stage.assert_equal()
    await follower.read()
    assert follower.live() == await stage.live()
    rows = await stage.event_rows()
    assert {i: json.loads(follower.known[i]) for i in follower.live()} == {
        i: without_version(json.loads(rows[i].raw), json.loads(follower.known[i])) for i in follower.live()
    }


def without_version(row: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """The row under the version that the follower knows: an echo is no news."""
    return {**row, **{name: known[name] for name in ("etag", "updated") if name in known}}


@pytest.mark.parametrize("seed", range(30))
def test_mirror_and_follower_agree_with_google(seed: int) -> None:
    with ExitStack() as limits:
        set_page_size(limits, 3)
        run_virtually(walk(seed))
