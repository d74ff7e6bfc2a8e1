"""The due scan alone decides what runs: it is fair, and nothing that must wait gets through."""

from typing import Any

import pytest
from sqlalchemy import Connection

from calferry.duties.poll_stale import due_now
from calferry.ports import Store
from tests.harness.databases import empty_store
from tests.unit.duties.rows import (
    HOUR,
    NOW,
    StillClock,
    add_account,
    add_calendar,
    add_state,
    engine_over,
)


@pytest.fixture
async def store() -> Store:
    return empty_store()


async def due_ids(store: Store, **options: Any) -> list[str]:
    found = await due_now(engine_over(store), **({"per_account": 5} | options))
    return [item.id for item in found.items]


async def test_only_what_has_reached_its_time_is_due(store: Store) -> None:
    def fill(connection: Connection) -> None:
        add_account(connection)
        add_calendar(connection, "late", next_due_at=NOW - 1)
        add_calendar(connection, "now", next_due_at=NOW)
        add_calendar(connection, "soon", next_due_at=NOW + 1)
        add_calendar(connection, "never", next_due_at=None)

    await store.write(fill)
    assert await due_ids(store) == ["late", "now"]


@pytest.mark.parametrize(
    "held_back",
    [
        {"not_before_at": NOW + 1},
        {"last_attempt_at": NOW - 999},
        {"status": "blocked"},
        {"status": "halted"},
        {"status": "removed"},
        {"selected": False},
        {"removed_at": NOW - HOUR},
        {"lease_owner": "other", "lease_until": 1_000_001, "lease_boot": "boot-1"},
    ],
)
async def test_what_must_wait_is_not_due(store: Store, held_back: dict[str, Any]) -> None:
    def fill(connection: Connection) -> None:
        add_account(connection)
        add_calendar(connection, "waits", next_due_at=NOW, **held_back)

    await store.write(fill)
    assert await due_ids(store) == []


@pytest.mark.parametrize(
    "over",
    [{"lease_until": 1_000_000, "lease_boot": "boot-1"}, {"lease_until": 9_000_000, "lease_boot": "boot-0"}],
)
async def test_a_lease_that_is_over_holds_nothing_back(store: Store, over: dict[str, Any]) -> None:
    def fill(connection: Connection) -> None:
        add_account(connection)
        add_calendar(connection, "abandoned", next_due_at=NOW, lease_owner="other", **over)

    await store.write(fill)
    assert await due_ids(store) == ["abandoned"]


async def test_an_account_that_needs_its_person_is_left_alone(store: Store) -> None:
    def fill(connection: Connection) -> None:
        add_account(connection, "dead", status="needs_reauth")
        add_calendar(connection, "cal_dead", "dead", next_due_at=NOW)
        add_account(connection, "alive", status="partial")
        add_calendar(connection, "cal_alive", "alive", next_due_at=NOW)

    await store.write(fill)
    assert await due_ids(store) == ["cal_alive"]


async def test_an_account_without_quota_waits_until_it_has_some(store: Store) -> None:
    def fill(connection: Connection) -> None:
        for name, until in (("spent", NOW + 1), ("over", NOW), ("other clock", NOW + 5 * HOUR)):
            add_account(connection, name, quota_until=until)
            add_calendar(connection, f"of {name}", name, next_due_at=NOW)

    await store.write(fill)
    assert sorted(await due_ids(store)) == ["of other clock", "of over"]


async def test_one_account_with_a_thousand_due_calendars_does_not_starve_the_others(
    store: Store,
) -> None:
    def fill(connection: Connection) -> None:
        add_account(connection, "big")
        for n in range(1_000):
            add_calendar(connection, f"big_{n:04}", "big", next_due_at=NOW - HOUR)
        add_account(connection, "small")
        add_calendar(connection, "small", "small", next_due_at=NOW)

    await store.write(fill)
    found = await due_ids(store)
    assert found.index("small") == 1
    assert len(found) == 6


async def test_the_list_of_calendars_and_the_primary_calendar_come_first(store: Store) -> None:
    def fill(connection: Connection) -> None:
        add_account(connection)
        add_calendar(connection, "other", next_due_at=NOW - HOUR)
        add_calendar(connection, "primary", next_due_at=NOW, is_primary=True)
        add_state(connection, "acc_1", "acc_1", kind="calendar_list", next_due_at=NOW)

    await store.write(fill)
    assert await due_ids(store) == ["acc_1", "primary", "other"]


async def test_a_clock_that_jumps_frees_no_lease(store: Store) -> None:
    def fill(connection: Connection) -> None:
        add_account(connection)
        add_calendar(
            connection, "held", next_due_at=NOW, lease_owner="x", lease_until=1_020_000, lease_boot="boot-1"
        )

    await store.write(fill)
    clock = StillClock(now=NOW + 365 * 24 * HOUR)
    assert (await due_now(engine_over(store, clock), per_account=5)).items == []


async def test_the_scan_says_when_something_else_comes_due(store: Store) -> None:
    def fill(connection: Connection) -> None:
        add_account(connection)
        add_calendar(connection, "now", next_due_at=NOW)
        add_calendar(connection, "soon", next_due_at=NOW + 500)
        add_calendar(connection, "later", next_due_at=NOW + HOUR)

    assert (await due_now(engine_over(store), per_account=5)).next_s is None
    await store.write(fill)
    assert (await due_now(engine_over(store), per_account=5)).next_s == 0.5


async def test_what_ran_just_now_is_looked_at_as_soon_as_it_may_run_again(store: Store) -> None:
    def fill(connection: Connection) -> None:
        add_account(connection)
        add_calendar(connection, "again", next_due_at=NOW, last_attempt_at=NOW - 400)

    await store.write(fill)
    assert (await due_now(engine_over(store), per_account=5)).next_s == 0.6
    assert await due_ids(store) == []
    later = engine_over(store, StillClock(now=NOW + 600))
    assert [item.id for item in (await due_now(later, per_account=5)).items] == ["again"]
