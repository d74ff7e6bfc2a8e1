"""After a crash nothing stays half done: leases come free, and no channel is forgotten at Google."""

from typing import Any

import pytest
from sqlalchemy import Connection, select

from calferry.core.failure import Cause, SourceFailure
from calferry.duties.rescue import rescue
from calferry.ports import Store
from calferry.store.tables import channels, sync_states
from tests.harness.databases import empty_store
from tests.unit.duties.rows import (
    NOW,
    StopsChannels,
    add_account,
    add_calendar,
    add_channel,
    engine_over,
)


@pytest.fixture
async def store() -> Store:
    return empty_store()


async def channel(store: Store, channel_id: str = "ch") -> Any:
    statement = select(channels).where(channels.c.id == channel_id)
    return await store.read(lambda connection: connection.execute(statement).one())


async def test_an_abandoned_run_is_due_at_once(store: Store) -> None:
    def fill(connection: Connection) -> None:
        add_account(connection)
        dead = {"lease_owner": "dead", "lease_until": 999_999, "lease_boot": "boot-1"}
        add_calendar(connection, "dead", status="syncing", next_due_at=None, page_token="p7", **dead)
        alive = {"lease_owner": "alive", "lease_until": 1_000_001, "lease_boot": "boot-1"}
        add_calendar(connection, "alive", status="syncing", next_due_at=None, **alive)

    await store.write(fill)
    engine = engine_over(store)
    assert (await rescue(engine)).leases == 1
    assert await engine.signals.wait("due", 0.01)
    statement = select(sync_states.c.id, sync_states.c.lease_owner, sync_states.c.next_due_at)
    rows = await store.read(lambda connection: connection.execute(statement.order_by("id")).all())
    assert [tuple(row) for row in rows] == [("alive", "alive", None), ("dead", None, NOW)]


async def test_a_channel_that_was_never_finished_is_stopped(store: Store) -> None:
    def fill(connection: Connection) -> None:
        add_account(connection)
        add_channel(connection, "ch", "cal", state="registering", created_at=NOW - 121_000)
        add_channel(connection, "young", "cal", state="registering", created_at=NOW - 119_000)

    await store.write(fill)
    google = StopsChannels()
    report = await rescue(engine_over(store, google=google))
    assert (report.half_open, report.stopped) == (1, 1)
    assert google.stopped == [("ch", "res-1")]
    assert (await channel(store)).state == "stopped"
    assert (await channel(store, "young")).state == "registering"


@pytest.mark.parametrize(
    ("row", "state"),
    [
        ({"expires_at": NOW}, "stopped"),
        ({"resource_id": None}, "failed"),
        ({"stop_attempts": 10}, "failed"),
    ],
)
async def test_a_channel_that_cannot_be_stopped_is_settled_without_google(
    store: Store, row: dict[str, Any], state: str
) -> None:
    def fill(connection: Connection) -> None:
        add_account(connection)
        add_channel(connection, "ch", "cal", **({"state": "draining"} | row))

    await store.write(fill)
    await rescue(engine_over(store))
    assert (await channel(store)).state == state


@pytest.mark.parametrize(
    ("cause", "state", "attempts"),
    [(Cause.NOT_FOUND, "stopped", 0), (Cause.UNREACHABLE, "draining", 1)],
)
async def test_a_channel_unknown_to_google_is_over_and_an_outage_is_waited_out(
    store: Store, cause: Cause, state: str, attempts: int
) -> None:
    def fill(connection: Connection) -> None:
        add_account(connection)
        add_channel(connection, "ch", "cal", state="draining")

    await store.write(fill)
    await rescue(engine_over(store, google=StopsChannels(SourceFailure(cause, "no"))))
    row = await channel(store)
    assert (row.state, row.stop_attempts) == (state, attempts)
