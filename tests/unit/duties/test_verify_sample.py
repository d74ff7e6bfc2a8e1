"""Calendars compared with Google a few at a time: which, how many, and what becomes of those that differ."""

import random
from typing import Any

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from calferry.core.model import ProjectionId
from calferry.duties.verify_sample import REST_MS, SOON_MS, Sample, is_due, verify_sample
from calferry.store import calendars as calendar_rows
from calferry.store.tables import calendars, events, projections, sync_states
from calferry.store.verification import Candidate, candidates
from calferry.sync.change_mode import change_mode
from calferry.sync.run_calendar import run_calendar
from tests.harness.databases import empty_store
from tests.harness.ports import VirtualClock
from tests.harness.service import LocalGoogle, Service
from tests.harness.virtual_loop import run_virtually
from tests.unit.duties.rows import HOUR, NOW, add, add_account, add_calendar

ALICE = "alice@example.com"
REST_S = REST_MS / 1000 + 60
SOON_S = SOON_MS / 1000 + 60


class Office:
    """Alice's calendars, synced; times are virtual."""

    def __init__(self) -> None:
        clock, dice = VirtualClock(), random.Random(5)
        self.google = LocalGoogle(clock, dice)
        self.service = Service(self.google, clock, dice)
        self.engine = self.service.engine
        self.ids: list[str] = []

    async def open(self, *titles: str, mode: str = "series") -> None:
        """Her own calendar and others by these titles."""
        made = [self.call("POST", "calendars", {"summary": title})["id"] for title in titles]
        await self.service.sign_in()
        self.ids = [await self.service.calendar_id(google_id) for google_id in (ALICE, *made)]
        await self.service.store.write(lambda tx: calendar_rows.select_for_sync(tx, self.ids))
        for calendar_id in self.ids:
            if mode != "series":
                await change_mode(self.engine, calendar_id, "instances")
        self.add("lunch")
        await self.run_all()

    def call(self, method: str, path: str, body: Any) -> Any:
        return self.google.call(method, f"/calendar/v3/{path}", body, user=ALICE)

    def add(self, title: str) -> str:
        times = {"start": {"dateTime": "2026-10-01T10:00:00Z"}, "end": {"dateTime": "2026-10-01T11:00:00Z"}}
        return str(self.call("POST", f"calendars/{ALICE}/events", {"summary": title, **times})["id"])

    async def run_all(self) -> None:
        for calendar_id in self.ids:
            await self.engine.clock.sleep(2)
            report = await run_calendar(self.engine, calendar_id)
            assert report.outcome == "done", report

    async def spoil(self) -> None:
        """Something else has written the rows."""
        damage = update(events).values(raw='{"id": "other"}')
        await self.service.store.write(lambda tx: tx.execute(damage))

    async def set(self, calendar_id: str, **values: Any) -> None:
        statement = update(sync_states).where(sync_states.c.id == calendar_id).values(values)
        await self.service.store.write(lambda tx: tx.execute(statement))

    async def state(self, calendar_id: str) -> Any:
        return (await self.service.rows(select(sync_states).where(sync_states.c.id == calendar_id)))[0]

    async def verified(self) -> list[int | None]:
        return [(await self.state(calendar_id)).verified_differences for calendar_id in self.ids]


def test_calendars_are_verified_once_in_a_day_and_not_right_after_their_first_listing() -> None:
    async def story() -> None:
        office = Office()
        await office.open()
        assert await verify_sample(office.engine) == Sample(0, 0, 0)
        await office.engine.clock.sleep(REST_S)
        assert await verify_sample(office.engine) == Sample(1, 0, 0)
        state = await office.state(office.ids[0])
        assert (state.verified_at, state.verified_differences) == (office.engine.clock.now_ms(), 0)
        assert await verify_sample(office.engine) == Sample(0, 0, 0)
        await office.engine.clock.sleep(REST_S)
        assert await verify_sample(office.engine) == Sample(1, 0, 0)

    run_virtually(story())


@pytest.mark.parametrize("mode", ["series", "instances"])
def test_difference_is_told_mended_and_gone_at_the_next_look(mode: str) -> None:
    async def story() -> None:
        office = Office()
        await office.open(mode=mode)
        (calendar_id,) = office.ids
        await office.engine.clock.sleep(REST_S)
        await office.spoil()
        with capture_logs() as logs:
            assert await verify_sample(office.engine) == Sample(1, 1, 0)
        told = [entry for entry in logs if entry["event"] == "mirror_differs"]
        expected = {"event": "mirror_differs", "log_level": "warning", "calendar_id": calendar_id}
        assert told == [{**expected, "missing": 0, "extra": 0, "different": 1}]
        assert (await office.state(calendar_id)).verified_differences == 1
        (row,) = await office.service.rows(select(events.c.raw).where(events.c.status != "cancelled"))
        assert '"lunch"' in row.raw
        assert await verify_sample(office.engine) == Sample(0, 0, 0)
        await office.engine.clock.sleep(SOON_S)
        assert await verify_sample(office.engine) == Sample(1, 0, 0)
        assert (await office.state(calendar_id)).verified_differences == 0

    run_virtually(story())


def test_rows_stay_readable_while_a_calendar_is_mended() -> None:
    async def story() -> None:
        office = Office()
        await office.open()
        (before,) = await office.service.rows(select(calendars.c.projection_id).where(calendars.c.selected))
        await office.engine.clock.sleep(REST_S)
        await office.spoil()
        await verify_sample(office.engine)
        (after,) = await office.service.rows(select(calendars.c.projection_id).where(calendars.c.selected))
        assert after == before
        assert len(await office.service.rows(select(events.c.event_id))) == 1

    run_virtually(story())


def test_the_longest_unproved_come_first_a_few_at_a_time() -> None:
    async def story() -> None:
        office = Office()
        await office.open("one", "two", "three")
        await office.engine.clock.sleep(3 * REST_S)
        long_ago = (await office.state(office.ids[0])).last_full_at
        for calendar_id, age in zip(office.ids, (4, 1, 3, 2), strict=True):
            await office.set(calendar_id, verified_at=long_ago - age * HOUR)
        await verify_sample(office.engine)
        assert await office.verified() == [0, None, 0, None]
        await verify_sample(office.engine)
        assert await office.verified() == [0, 0, 0, 0]

    run_virtually(story())


def test_calendar_whose_listing_fails_is_tried_later() -> None:
    async def story() -> None:
        office = Office()
        await office.open()
        (calendar_id,) = office.ids
        await office.engine.clock.sleep(REST_S)
        office.google.faults({"method": "events.list", "times": 1, "action": "return-404:notFound"})
        assert await verify_sample(office.engine) == Sample(0, 0, 1)
        state = await office.state(calendar_id)
        assert (state.verified_at, state.dirty_seq > state.clean_seq) == (None, True)
        assert await verify_sample(office.engine) == Sample(0, 0, 0)
        await office.run_all()
        assert await verify_sample(office.engine) == Sample(1, 0, 0)

    run_virtually(story())


def test_one_account_that_fails_does_not_keep_others_waiting() -> None:
    async def story() -> None:
        office = Office()
        await office.open("one", "two", "three")
        await office.engine.clock.sleep(REST_S)
        office.google.faults({"method": "events.list", "times": 99, "action": "return-404:notFound"})
        assert await verify_sample(office.engine) == Sample(0, 0, 1)
        assert len(office.google.requests("events.list")) == 4 + 1

    run_virtually(story())


def test_edits_that_nobody_has_heard_of_are_no_difference() -> None:
    async def story() -> None:
        office = Office()
        await office.open()
        await office.engine.clock.sleep(REST_S)
        office.add("dinner")
        with capture_logs() as logs:
            assert await verify_sample(office.engine) == Sample(1, 0, 0)
        assert [entry for entry in logs if entry["log_level"] == "warning"] == []
        assert await office.verified() == [0]

    run_virtually(story())


async def found_among(**state: Any) -> bool:
    """Whether a calendar in that state is a candidate; values named like columns of others go there."""
    store = empty_store()
    account = {"status": state.pop("account_status", "active")}
    given = {"sync_token": "token", "last_full_at": NOW - 2 * REST_MS, "projection_id": 1}

    def fill(connection: Any) -> None:
        add_account(connection, **account)
        add(connection, projections, id=1, user_id=1, calendar_id="cal_1", mode="series", created_at=NOW)
        add_calendar(connection, "cal_1", **{**given, **state})

    await store.write(fill)
    found = await store.read(
        lambda tx: candidates(tx, NOW, proved_before_ms=NOW - REST_MS, differed_before_ms=NOW - SOON_MS)
    )
    return [candidate.calendar_id for candidate in found] == ["cal_1"]


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"verified_at": NOW - REST_MS},
        {"verified_at": NOW - SOON_MS, "verified_differences": 3},
        {"verified_at": NOW + HOUR},
        {"account_status": "partial"},
    ],
    ids=str,
)
async def test_calendars_at_rest_are_candidates(state: dict[str, Any]) -> None:
    assert await found_among(**state)


@pytest.mark.parametrize(
    "state",
    [
        {"verified_at": NOW - HOUR},
        {"verified_at": NOW - HOUR // 2, "verified_differences": 3},
        {"last_full_at": NOW - HOUR},
        {"account_status": "needs_reauth"},
        {"selected": False},
        {"removed_at": NOW},
        {"status": "halted"},
        {"status": "syncing", "lease_owner": "another"},
        {"failures": 1},
        {"sync_token": None},
        {"page_token": "page"},
        {"guarded_at": NOW},
        {"dirty_seq": 1},
    ],
    ids=str,
)
async def test_calendars_that_wait_for_something_are_none(state: dict[str, Any]) -> None:
    assert not await found_among(**state)


def test_large_calendars_rest_longer() -> None:
    candidate = Candidate("cal_1", "acc_1", ProjectionId(1), "series", NOW, differed=False)
    assert is_due(candidate, 10, NOW + REST_MS)
    assert not is_due(candidate, 40, NOW + 3 * REST_MS)
    assert is_due(candidate, 40, NOW + 4 * REST_MS)
