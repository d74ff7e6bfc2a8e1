"""Any number of workers do what is due once, whatever becomes of the queue between them."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from calferry.bootstrap.signals import InProcessSignals
from calferry.jobs import queue_driver
from calferry.jobs.postgres_queue import PostgresQueue, expression, shares_of
from calferry.jobs.timers import Timer
from calferry.store.due_scan import Due
from calferry.store.postgres import PostgresStore
from calferry.sync.engine import Engine
from tests.contract.many_processes.workers import (
    Runs,
    add_due,
    at_work,
    change,
    due_left,
    engine_over,
    shared_worker,
)
from tests.unit.duties.rows import NOW
from tests.waiting import eventually


class DeafSignals(InProcessSignals):
    """Loses every call."""

    def wake(self, topic: str) -> None:
        del topic


async def test_two_workers_do_everything_once_and_five_of_an_account_at_a_time(
    address: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_due(store, "big", 40)
    await add_due(store, "small", 3)
    runs = Runs(store, takes_s=0.02)
    monkeypatch.setattr(shared_worker, "run_due", runs)
    async with at_work(address, engine_over(store), 8), at_work(address, engine_over(store), 8):
        await eventually(lambda: len(runs.done) == 43)
    assert set(runs.done.values()) == {1}
    assert runs.twice == []
    assert runs.most["big"] <= 10


async def test_runs_begin_one_by_one_as_there_is_room(
    address: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_due(store, "acc", 5)
    runs, room, asking, most = Runs(store), asyncio.Event(), 0, 0
    monkeypatch.setattr(shared_worker, "run_due", runs)

    async def breathe() -> None:
        nonlocal asking, most
        asking += 1
        most = max(most, asking)
        await room.wait()
        asking -= 1

    async with at_work(address, engine_over(store), breathe=breathe):
        await eventually(lambda: asking == 1)
        assert runs.begun == []
        room.set()
        await eventually(lambda: len(runs.done) == 5)
    assert most == 1


async def test_emptying_the_queue_under_load_loses_nothing(
    address: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_worker, "SCAN_EVERY_S", 0.2)
    for number in range(8):
        await add_due(store, f"acc{number}", 5)
    runs = Runs(store, takes_s=0.05)
    monkeypatch.setattr(shared_worker, "run_due", runs)
    deaf = replace(engine_over(store), signals=DeafSignals())
    connection = await asyncpg.connect(address)
    async with at_work(address, deaf), at_work(address, deaf):
        for share in (5, 15, 30):
            await eventually(lambda share=share: len(runs.done) >= share)
            await connection.execute("DELETE FROM queue")
        await eventually(lambda: len(runs.done) == 40)
    await connection.close()
    assert await due_left(store) == []
    assert runs.twice == []


async def test_a_calendar_whose_run_always_crashes_backs_off_alone(
    address: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_worker, "SCAN_EVERY_S", 0.05)
    monkeypatch.setattr(shared_worker, "CRASH_WAIT_S", 2.0)
    await add_due(store, "acc", 3)
    runs = Runs(store, poisoned=frozenset({"acc_0"}))
    monkeypatch.setattr(shared_worker, "run_due", runs)
    async with at_work(address, engine_over(store)), at_work(address, engine_over(store)):
        await eventually(lambda: runs.begun.count("acc_0") == 1)
        for round_number in range(1, 4):
            await eventually(lambda n=round_number: min(runs.done["acc_1"], runs.done["acc_2"]) >= n)
            await change(store, "acc_1", next_due_at=NOW)
            await change(store, "acc_2", next_due_at=NOW)
        crashed_meanwhile = runs.begun.count("acc_0")
        await eventually(lambda: runs.begun.count("acc_0") == 3)
    assert crashed_meanwhile <= 2


async def test_what_is_not_due_any_more_is_dropped(
    address: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_due(store, "acc", 2)
    await change(store, "acc_0", next_due_at=None)
    runs = Runs(store)
    monkeypatch.setattr(shared_worker, "run_due", runs)
    async with queue_driver.opened(address) as driver:
        stale = [Due("acc_0", "events", "acc", "marked"), Due("acc_1", "events", "acc", "marked")]
        queue = PostgresQueue(driver, 2)
        assert await queue.call(stale) == 2
        assert await queue.call(stale) == 0
    async with at_work(address, engine_over(store)):
        await eventually(lambda: runs.done["acc_1"] == 1)
        await eventually(lambda: is_empty(address))
    assert runs.begun == ["acc_1"]


async def is_empty(address: str) -> bool:
    connection = await asyncpg.connect(address)
    try:
        return await connection.fetchval("SELECT count(*) FROM queue") == 0
    finally:
        await connection.close()


async def test_calls_of_a_dead_worker_are_answered_by_another(
    address: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_due(store, "acc", 1)
    runs = Runs(store)
    monkeypatch.setattr(shared_worker, "run_due", runs)
    async with queue_driver.opened(address) as driver:
        await PostgresQueue(driver, 2).call([Due("acc_0", "events", "acc", "marked")])
        dead = "UPDATE queue SET status = 'picked', queue_manager_id = gen_random_uuid(), heartbeat = now() - interval '11 s'"
        await driver.execute(dead)
    async with at_work(address, engine_over(store)):
        await eventually(lambda: runs.done["acc_0"] == 1)


async def test_workers_survive_the_loss_of_every_connection(
    address: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_worker, "SCAN_EVERY_S", 0.1)
    monkeypatch.setattr(queue_driver, "RETRY_S", 0.05)
    runs = Runs(store)
    monkeypatch.setattr(shared_worker, "run_due", runs)
    await add_due(store, "acc", 1)
    async with at_work(address, engine_over(store)):
        await eventually(lambda: runs.done["acc_0"] == 1)
        connection = await asyncpg.connect(address)
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND datname = current_database() AND application_name = 'calferry queue'"
        )
        await connection.close()
        await change(store, "acc_0", next_due_at=NOW)
        await eventually(lambda: runs.done["acc_0"] == 2)


async def test_a_duty_is_done_by_one_of_all_workers_and_rests_after_a_failure(
    address: str, store: PostgresStore
) -> None:
    now, most, failures = set[int](), list[int](), list[int]()

    async def duty(_engine: Engine) -> None:
        now.add(1)
        most.append(len(now))
        await asyncio.sleep(0.05)
        now.clear()

    async def failing(_engine: Engine) -> None:
        failures.append(1)
        raise RuntimeError("planted")

    timers = (Timer("duty", 1, duty), Timer("failing", 1, failing))
    engine = engine_over(store)
    async with at_work(address, engine, 2, timers), at_work(address, engine, 2, timers):
        await eventually(lambda: len(most) >= 2)
    assert max(most) == 1
    assert 1 <= len(failures) <= 2


def test_most_places_are_for_what_is_urgent_and_a_quarter_is_left_to_the_rest() -> None:
    for places in range(2, 201):
        shares = shares_of(places)
        assert sum(share.places for share in shares) == places
        assert shares[0].lanes == ("marked", "poll", "backfill")
    assert [share.places for share in shares_of(40)] == [30, 5, 5]
    assert [share.lanes for share in shares_of(40)[1:]] == [("poll", "backfill"), ("backfill",)]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.5, "* * * * * */1"), (2, "* * * * * */2"), (30, "* * * * * */30")],
)
def test_short_times_are_told_in_seconds(seconds: float, told: str) -> None:
    assert expression(seconds, "duty") == told


def test_long_times_keep_away_from_the_full_minute() -> None:
    assert expression(300, "duty").startswith("*/5 * * * * ")
    assert expression(3_600, "purge").split()[1] == "*/1"
    assert expression(300, "one") != expression(300, "another")
