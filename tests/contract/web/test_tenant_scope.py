"""No statement that answers a person reads a row of another: each is repeated where those rows are hidden."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from calferry.emulator.server import RunningGoogle
from calferry.store.tables import events
from calferry.store.tenant import acting_for
from calferry.sync.engine import Engine
from tests.contract.web.routes import addresses, ask
from tests.contract.web.site import running_site
from tests.contract.web.test_two_people import ALICE, Two, attempts, two_people
from tests.harness.scoped_store import ScopedStore


@pytest.fixture(autouse=True)
def always_on_both() -> None:
    """PostgreSQL holds every request to its person's rows by itself: `store.row_security`."""


@pytest.fixture
def scoped(google: RunningGoogle, tmp_path: Path) -> Iterator[tuple[Two, ScopedStore]]:
    stores: list[ScopedStore] = []

    def scope(engine: Engine) -> Engine:
        stores.append(ScopedStore(engine.store))
        return replace(engine, store=stores[0])

    with running_site(google, tmp_path, change=scope) as site:
        yield two_people(site), stores[0]


def test_requests_of_a_person_read_rows_of_that_person_alone(scoped: tuple[Two, ScopedStore]) -> None:
    two, store = scoped
    asked = [*attempts(two), *own_requests(two)]
    for request in asked:
        two.site.clock.advance(6)
        ask(two.alice.http, request)
    assert len(asked) > 200
    assert store.compared > 45
    assert store.different == []


def own_requests(two: Two) -> Iterator[httpx.Request]:
    """Everything that can be read, with ids of hers."""
    ids = {
        "calendar_id": two.alice.calendars[ALICE],
        "account_id": two.alice.account_id,
        "event_id": "herstea000",
    }
    for address in addresses(two.site.app):
        if "GET" in address.methods and not address.path.startswith("/api/"):
            yield two.alice.http.build_request("GET", address.filled(ids))
    for query in ("singleEvents=true", "maxResults=1", "q=tea"):
        yield two.alice.http.build_request(
            "GET", f"/calendar/events?{query}&calendar_ids={ids['calendar_id']}"
        )


def test_a_read_beyond_the_person_would_be_found(scoped: tuple[Two, ScopedStore]) -> None:
    two, store = scoped

    async def look() -> None:
        acting_for.set(two.alice.user_id)
        await store.read(lambda conn: conn.execute(select(events.c.event_id)).all())

    two.site.run(look)
    assert len(store.different) == 1
    assert "bobmtea000" in store.different[0]
