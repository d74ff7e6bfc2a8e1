"""The database does not answer for a while: nothing that Google told us is lost."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from calferry.emulator.server import RunningGoogle
from calferry.ports import Store
from calferry.store.tables import sync_states
from calferry.sync.engine import Engine
from tests.contract.web.site import Person, Site, running_site, sync
from tests.contract.web.test_webhook_and_cron import WEBHOOK, assert_acknowledged, channel_headers, marks
from tests.waiting import until

T = TypeVar("T")
ALICE = "alice@example.com"
QUARTER_HOUR_MS = 15 * 60_000


class BreakableStore:
    """The real store, unless it is told to refuse or to hang."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.refusing = False
        self.answering = asyncio.Event()
        self.answering.set()
        self.writable = asyncio.Event()
        self.writable.set()

    async def read(self, work: Callable[[Any], T], /) -> T:
        await self.pass_through()
        return await self.store.read(work)

    async def write(self, work: Callable[[Any], T], /) -> T:
        await self.pass_through()
        await self.writable.wait()
        return await self.store.write(work)

    async def pass_through(self) -> None:
        if self.refusing:
            raise OperationalError("BEGIN", {}, sqlite3.OperationalError("disk I/O error"))
        await self.answering.wait()

    async def close(self) -> None:
        await self.store.close()


@pytest.fixture
def broken(
    google: RunningGoogle, tmp_path: Path
) -> Iterator[tuple[Site, Person, dict[str, str], BreakableStore]]:
    stores: list[BreakableStore] = []

    def change(engine: Engine) -> Engine:
        stores.append(BreakableStore(engine.store))
        return replace(engine, store=stores[0])

    with running_site(google, tmp_path, push=True, change=change) as site:
        alice = site.person(ALICE)
        sync(alice.http, alice.calendars[ALICE])
        google.control("push", {"mode": "drop"})
        yield site, alice, channel_headers(site), stores[0]


def due_at(site: Site, calendar_id: str) -> int | None:
    query = select(sync_states.c.next_due_at).where(sync_states.c.id == calendar_id)
    return site.read(lambda conn: conn.execute(query).scalar_one())


def test_a_push_that_cannot_be_stored_is_kept_and_written_later(broken) -> None:
    site, alice, headers, store = broken
    before = marks(site, alice.calendars[ALICE])
    store.refusing = True
    for _ in range(3):
        assert_acknowledged(site.client().post(WEBHOOK, headers=headers))
    assert site.app.state.pushes.counters.late == 3
    store.refusing = False
    until(lambda: marks(site, alice.calendars[ALICE]) > before, what="the mark")
    assert (due_at(site, alice.calendars[ALICE]) or 0) <= site.clock.now_ms() + QUARTER_HOUR_MS


def test_a_store_that_hangs_keeps_no_sender_waiting(broken, monkeypatch: pytest.MonkeyPatch) -> None:
    site, alice, headers, store = broken
    monkeypatch.setattr("calferry.web.pushes.STORED_WITHIN_S", 0.1)
    before = marks(site, alice.calendars[ALICE])
    site.loop.call_soon_threadsafe(store.answering.clear)
    assert_acknowledged(site.client().post(WEBHOOK, headers=headers))
    site.loop.call_soon_threadsafe(store.answering.set)
    until(lambda: marks(site, alice.calendars[ALICE]) > before, what="the mark")


def test_more_than_is_kept_is_made_good_by_polling(broken, monkeypatch: pytest.MonkeyPatch) -> None:
    site, alice, headers, _store = broken
    monkeypatch.setattr("calferry.web.pushes.WAITING_MAX", 0)
    assert_acknowledged(site.client().post(WEBHOOK, headers=headers))
    assert site.app.state.pushes.counters.dropped == 1
    until(
        lambda: (due_at(site, alice.calendars[ALICE]) or 0) <= site.clock.now_ms() + QUARTER_HOUR_MS,
        what="a poll brought forward",
    )


def test_requests_of_people_say_that_it_will_pass(broken) -> None:
    site, alice, _headers, store = broken
    store.refusing = True
    for address in (
        "/calendar/events",
        "/calendar/calendars",
        f"/calendar/sync?calendar_ids={alice.calendar_id}",
    ):
        answer = alice.http.get(address)
        assert (answer.status_code, answer.json()["retryable"]) == (503, True)
        assert "disk" not in answer.text
    assert site.client().get("/readyz").status_code == 503
    assert site.client().get("/healthz").status_code == 200


def test_who_only_reads_does_not_wait_for_the_writer(broken) -> None:
    site, alice, _headers, store = broken
    used = alice.http.get("/auth/tokens").json()["tokens"][0]["last_used_at"]
    site.clock.advance(120)
    site.loop.call_soon_threadsafe(store.writable.clear)
    assert alice.http.get("/calendar/events", timeout=5).status_code == 200
    site.loop.call_soon_threadsafe(store.writable.set)
    until(
        lambda: alice.http.get("/auth/tokens").json()["tokens"][0]["last_used_at"] != used,
        what="the time of use",
    )


def test_text_that_the_database_cannot_hold_is_refused_in_words(alice: Person) -> None:
    answer = alice.http.get("/calendar/events", params={"calendar_ids": alice.calendar_id, "q": "a\0b"})
    assert answer.status_code in (200, 400), answer.text
    assert alice.http.get("/calendar/intents/int_%00").status_code == 404
    assert alice.http.delete("/auth/tokens/tok_%00").status_code == 404
