"""One accepted insert makes one event, whatever happens between the question and the answer."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.service import Service
from tests.scenarios.stage import Stage, staged

LOST = ["commit-then-return-503", "commit-then-reset", "truncate", "invalid-json"]


class Mortal:
    """A store that a process loses when it dies."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.is_dead = False

    async def read(self, work: Callable[[Any], Any]) -> Any:
        assert not self.is_dead
        return await self.store.read(work)

    async def write(self, work: Callable[[Any], Any]) -> Any:
        assert not self.is_dead
        return await self.store.write(work)


@pytest.mark.parametrize("action", LOST)
def test_lost_answer_is_looked_up(action: str) -> None:
    @staged()
    async def scenario(stage: Stage) -> None:
        await stage.done()
        stage.faults({"method": "events.insert", "action": action, "times": 1})
        await stage.edited("insert", None, {"summary": "Tea"})
        assert stage.names_at_google() == ["Tea"]
        assert await stage.send(60) == ["done"]
        assert stage.names_at_google() == ["Tea"]
        assert {request["method"] for request in stage.written()} == {"POST"}
        await stage.done()
        await stage.assert_equal()

    scenario()


@staged()
async def test_process_that_dies_after_google_has_answered_leaves_it_to_the_next(stage: Stage) -> None:
    await stage.done()
    await stage.edit("insert", None, {"summary": "Tea"})
    store = Mortal(stage.service.store)
    dying = Service(stage.google, stage.clock, stage.dice, store=store, owner="dying")
    dying.transport.latency_s = 3.0
    work = asyncio.create_task(stage.send(service=dying))
    await stage.clock.sleep(4)
    assert stage.names_at_google() == ["Tea"]
    store.is_dead = True
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert await stage.send() == ["pending"]
    assert await stage.send(60) == ["done"]
    assert stage.names_at_google() == ["Tea"]
    assert len(stage.written()) == 1


@staged()
async def test_two_workers_send_it_once(stage: Stage) -> None:
    await stage.done()
    await stage.edit("insert", None, {"summary": "Tea"})
    workers = [stage.another(f"worker-{number}") for number in range(3)]
    for worker in workers:
        worker.transport.latency_s = 0.5
    await asyncio.gather(*(stage.send(service=worker) for worker in workers))
    assert [row.status for row in await stage.intent_rows()] == ["done"]
    assert (stage.names_at_google(), len(stage.written())) == (["Tea"], 1)


@staged()
async def test_frozen_worker_that_wakes_up_late_writes_nothing(stage: Stage) -> None:
    await stage.done()
    await stage.edit("insert", None, {"summary": "Tea"})
    slow = stage.another("slow")
    slow.transport.latency_s = 5.0
    work = asyncio.create_task(stage.send(service=slow))
    await stage.clock.sleep(1)
    stage.clock.boot = "boot-2"
    assert await stage.send() == ["done"]
    await work
    assert [row.status for row in await stage.intent_rows()] == ["done"]
    assert stage.names_at_google() == ["Tea"]


@staged()
async def test_id_that_somebody_else_has_taken_is_refused(stage: Stage) -> None:
    await stage.done()
    stage.add({"id": "lunch", "summary": "Theirs"})
    assert await stage.edited("insert", None, {"id": "lunch", "summary": "Ours"}) == "failed"
    (row,) = await stage.intent_rows()
    assert (row.error_code, row.error_reason) == ("409", "duplicate")
    assert stage.names_at_google() == ["Theirs"]


@staged()
async def test_event_of_that_id_that_says_the_same_is_ours(stage: Stage) -> None:
    await stage.done()
    stage.add({"id": "lunch", "summary": "Lunch"})
    assert await stage.edited("insert", None, {"id": "lunch", "summary": "Lunch"}) == "done"
    assert stage.names_at_google() == ["Lunch"]
