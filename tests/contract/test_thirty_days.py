"""A month of edits, mirrored as series and as instances: both are what Google has, and no reader ever sees a hole."""

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from unittest.mock import patch
from urllib.parse import urlencode

import pytest
from sqlalchemy import Connection, bindparam, func, select, update

from calferry.core.event_window import read_bound
from calferry.core.limits import WEEK_MS
from calferry.duties.purge import KEEPING
from calferry.emulator.world.calendar import Calendar
from calferry.emulator.world.event import Event
from calferry.jobs.scheduler import Scheduler
from calferry.jobs.timers import timers_for
from calferry.store.event_reads import EventQuery
from calferry.store.tables import calendars, changes, events
from calferry.sync.change_mode import change_mode
from calferry.sync.engine import Intervals
from calferry.sync.verify import verify_calendar
from calferry.web.expanded_events import page
from tests.harness.databases import guarded_store
from tests.harness.ports import VirtualClock
from tests.harness.service import Service
from tests.harness.virtual_loop import run_virtually
from tests.simulation.edits import EDITS, Editor
from tests.simulation.scale import scaled
from tests.simulation.trace import Trace
from tests.simulation.world import SimulatedGoogle

Json = dict[str, Any]
T = TypeVar("T")

ALICE, BOB = "alice@example.com", "bob@example.com"
TEAM = "team@group.calendar.google.com"
WORLD: Json = {
    "people": [
        {"email": email, "calendars": [{"id": email, "primary": True}, {"id": TEAM, "owner": ALICE, **more}]}
        for email, more in ((ALICE, {}), (BOB, {"access_role": "writer"}))
    ]
}
HOUR, DAY = 3_600, 86_400
DAYS = 30
EDITING_HOURS = 14
EDITS_A_DAY = 7
LOST = 0.25
"""How many messages of Google never arrive."""
SELDOM = tuple(replace(timer, every_s=max(timer.every_s, 6 * HOUR)) for timer in timers_for(KEEPING))
INTERVALS = Intervals(poll_with_push_s=8 * HOUR, poll_without_push_s=8 * HOUR, calendar_list_s=12 * HOUR)
ENDLESS = "endless"
ENDLESS_MIN = 450
"""So many days any window has."""
READ_FROM, READ_UNTIL = "2026-08-01T00:00:00Z", "2027-08-01T00:00:00Z"
TOLD_AHEAD = timedelta(days=183 - 8)
GHOSTS_S = 8 * DAY
"""A window rolls on within a week and some hours."""
STANDING = (
    select(calendars.c.projection_id, func.count(events.c.event_id))
    .join(events, events.c.projection_id == calendars.c.projection_id)
    .where(calendars.c.id == bindparam("calendar_id"), events.c.status != "cancelled")
    .where(events.c.event_id.between(ENDLESS, ENDLESS + "~"))
    .group_by(calendars.c.projection_id)
)
"""How much of the endless series readers see; asked after every commit, so it is built once."""
VERBS = {verb: weight for verb, weight in EDITS.items() if verb is not Editor.spoil}


class OthersEditor(Editor):
    """Somebody who leaves the endless series alone."""

    def some(self, calendar: Calendar, suits: Callable[[Event], bool]) -> Event | None:
        return super().some(calendar, lambda event: suits(event) and not event.id.startswith(ENDLESS))


class WatchedStore:
    """A store of which somebody reads after every commit."""

    def __init__(self) -> None:
        self.inner = guarded_store()
        self.watch: Callable[[Connection], object] | None = None
        self.commits = 0

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await self.inner.read(work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        result = await self.inner.write(work)
        self.commits += 1
        if self.watch is not None:
            await self.inner.read(self.watch)
        return result

    async def close(self) -> None:
        await self.inner.close()


class Mirror:
    """A calendar as one person's account mirrors it, with what readers have seen of it."""

    def __init__(self, calendar_id: str, user_id: int) -> None:
        self.calendar_id = calendar_id
        self.user_id = user_id
        self.projections: list[int] = []
        self.position = 0
        self.followed: set[str] = set()
        self.at_least = 0
        self.ghosts: dict[str, float] = {}
        """Instances that Google no longer has, and when they were first seen to be here."""

    def look(self, conn: Connection) -> None:
        """What a reader sees now. The endless series is there, whole, in every moment."""
        ((projection_id, count),) = conn.execute(STANDING, {"calendar_id": self.calendar_id})
        if projection_id not in self.projections:
            self.projections.append(projection_id)
        assert count >= self.at_least, f"a hole: {count} of {self.at_least}"

    def live(self, conn: Connection) -> set[str]:
        statement = (
            select(events.c.event_id)
            .join(calendars, calendars.c.projection_id == events.c.projection_id)
            .where(calendars.c.id == self.calendar_id, events.c.status != "cancelled")
        )
        return set(conn.execute(statement).scalars())

    def follow(self, conn: Connection) -> set[str]:
        """What somebody knows who reads nothing but the change log."""
        statement = select(changes).where(
            changes.c.user_id == self.user_id, changes.c.id > self.position, changes.c.event_id.is_not(None)
        )
        for entry in conn.execute(statement.order_by(changes.c.id)):
            self.position = entry.id
            if entry.calendar_id == self.calendar_id:
                keep = self.followed.discard if entry.kind == "cancelled" else self.followed.add
                keep(entry.event_id)
        return self.followed


class Month:
    """Thirty days of virtual time."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(f"thirty days/{seed}")
        self.clock = VirtualClock()
        with patch("tests.simulation.world.seed_document", lambda _: WORLD):
            self.google = SimulatedGoogle(self.dice, Trace())
        self.store = WatchedStore()
        self.service = Service(self.google, self.clock, self.dice, store=self.store, intervals=INTERVALS)
        self.editor = OthersEditor(self.google, random.Random(f"edits/{seed}"))

    @property
    def calendar(self) -> Any:
        return self.google.world.calendars[TEAM]

    async def run(self) -> None:
        self.fill()
        series, instances = await self.mirror(ALICE), await self.mirror(BOB)
        await change_mode(self.service.engine, instances.calendar_id, "instances")
        worker = Scheduler(self.service.engine, timers=SELDOM)
        running = asyncio.create_task(worker.run())
        await self.clock.sleep(HOUR)
        series.at_least, instances.at_least = 1, ENDLESS_MIN
        self.store.watch = lambda conn: (series.look(conn), instances.look(conn))
        for _ in range(DAYS):
            await self.day()
            await self.compare(series, instances)
        await self.clock.sleep(GHOSTS_S)
        await self.compare(series, instances)
        assert instances.ghosts == {}
        worker.stop()
        await running
        assert len(series.projections) == 1
        assert len(instances.projections) > DAYS * DAY * 1000 // WEEK_MS

    def fill(self) -> None:
        times = {
            name: {"dateTime": f"2026-05-01T{at}:00:00", "timeZone": "Europe/Berlin"}
            for name, at in (("start", 10), ("end", 11))
        }
        body = {"id": ENDLESS, "summary": ENDLESS, "recurrence": ["RRULE:FREQ=DAILY"], **times}
        self.google.call("POST", f"/calendar/v3/calendars/{TEAM}/events", body, user=ALICE)
        for _ in range(30):
            self.editor.insert(self.calendar)

    async def mirror(self, email: str) -> Mirror:
        account_id = await self.service.sign_in(email)
        found = select(calendars.c.id, calendars.c.user_id).where(
            calendars.c.google_id == TEAM, calendars.c.account_id == account_id
        )
        (row,) = await self.service.rows(found)
        select_it = update(calendars).where(calendars.c.id == row.id).values(selected=True)
        await self.store.write(lambda conn: conn.execute(select_it))
        return Mirror(row.id, row.user_id)

    async def day(self) -> None:
        """People edit until the afternoon; by night every poll has come round."""
        pause = EDITING_HOURS * HOUR / EDITS_A_DAY
        for _ in range(EDITS_A_DAY):
            self.edit()
            await self.clock.sleep(self.dice.uniform(1.0, 60.0))
            await self.deliver()
            await self.clock.sleep(pause - 60)
        await self.clock.sleep((24 - EDITING_HOURS) * HOUR)

    def edit(self) -> None:
        verb = self.editor.dice.choices(list(VERBS), list(VERBS.values()))[0]
        verb(self.editor, self.calendar)

    async def deliver(self) -> None:
        if self.dice.random() < LOST:
            for delivery in self.google.emulator.take_deliveries():
                self.google.emulator.delivered(delivery, 200)
        await self.service.deliver()

    async def compare(self, series: Mirror, instances: Mirror) -> None:
        """Both mirrors, what readers of instances get from them, and what the change log has told of them."""
        for mirror in (series, instances):
            found = await verify_calendar(self.service.engine, mirror.calendar_id)
            assert (found.missing, found.different) == ([], []), (self.clock.now(), found)
            assert found.checked > 20
            self.check_ghosts(mirror, set(found.extra))
            live, followed = await self.store.read(mirror.live), await self.store.read(mirror.follow)
            assert live == followed
        assert series.ghosts == {}
        listed = self.listed()
        assert await self.read(series) == listed
        assert {
            key: value for key, value in (await self.read(instances)).items() if key not in instances.ghosts
        } == listed

    def check_ghosts(self, mirror: Mirror, extra: set[str]) -> None:
        """Google says nothing of instances lost more than half a year ahead: they go when the window rolls on."""
        now = self.clock.now()
        mirror.ghosts = {key: mirror.ghosts.get(key, now) for key in extra}
        soonest = f"{datetime.fromtimestamp(now, UTC) + TOLD_AHEAD:%Y%m%d}"
        assert all(key.partition("_")[2] > soonest for key in extra), (now, extra)
        assert all(now - since < GHOSTS_S for since in mirror.ghosts.values()), (now, mirror.ghosts)

    async def read(self, mirror: Mirror) -> dict[str, Any]:
        """What a reader of instances gets."""
        low, high = read_bound(READ_FROM), read_bound(READ_UNTIL)
        query = EventQuery(mirror.user_id, (mirror.calendar_id,), low, high, False, "", at_most=150_000)
        found = await self.store.read(lambda conn: page(conn, query, None, None))
        return times_of(json.loads(text) for text in found.items)

    def listed(self) -> dict[str, Any]:
        asked = {"singleEvents": "true", "maxResults": "2500", "timeMin": READ_FROM, "timeMax": READ_UNTIL}
        path = f"/calendar/v3/calendars/{TEAM}/events?{urlencode(asked)}"
        return times_of(self.google.call("GET", path, user=ALICE)["items"])


def times_of(items: Any) -> dict[str, Any]:
    return {item["id"]: (item.get("summary"), item["start"], item["end"]) for item in items}


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in (1, 2))])
def test_both_modes_are_what_google_has_for_thirty_days(seed: int) -> None:
    async def run() -> None:
        await Month(seed).run()

    with scaled(SCAN_EVERY_S=1800.0):
        run_virtually(run())
