"""What was acknowledged is in the database: another process sends it, and knows the request again."""

import asyncio
import random

import pytest

from calferry.sync.edit import EditRefused
from tests.harness.service import Service
from tests.scenarios.stage import Stage, staged

KEY = "order-4711"
TEA = {"id": "event", "summary": "Tea"}


def crash(stage: Stage) -> None:
    """The process is gone; another one starts on the same database."""
    dice = random.Random(stage.dice.random())
    stage.service = Service(stage.google, stage.clock, dice, store=stage.service.store, owner="next")
    stage.engine = stage.service.engine
    stage.clock.boot = "boot-2"


@staged()
async def test_edit_that_was_never_tried_is_sent(stage: Stage) -> None:
    await stage.done()
    await stage.edit("insert", None, TEA, key=KEY)
    crash(stage)
    assert await stage.shown("event") is not None
    assert await stage.send() == ["done"]
    assert stage.names_at_google() == ["Tea"]


@staged()
async def test_same_key_after_a_restart_is_the_same_edit(stage: Stage) -> None:
    await stage.done()
    first = await stage.edit("insert", None, TEA, key=KEY)
    crash(stage)
    assert await stage.edit("insert", None, TEA, key=KEY) == first
    await stage.send()
    assert await stage.edit("insert", None, TEA, key=KEY) == first
    assert (await stage.send(), stage.names_at_google()) == (["done"], ["Tea"])
    with pytest.raises(EditRefused) as refused:
        await stage.edit("insert", None, {**TEA, "summary": "Cake"}, key=KEY)
    assert refused.value.code == "idempotency_key_reused"


@staged()
async def test_deletion_repeated_under_its_key_is_the_same_deletion(stage: Stage) -> None:
    stage.add({"id": "retro", "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=4"]})
    await stage.done()
    first = await stage.edit("delete", "retro", key=KEY, scope="all")
    await stage.send()
    crash(stage)
    assert await stage.edit("delete", "retro", key=KEY, scope="all") == first


@staged()
async def test_edit_that_was_on_its_way_is_finished(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    await stage.edit("patch", "lunch", {"summary": "Brunch"})
    stage.service.transport.latency_s = 5.0
    work = asyncio.create_task(stage.send())
    await stage.clock.sleep(6)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert stage.at_google("lunch")["summary"] == "Brunch"
    crash(stage)
    assert await stage.send(60) == ["done"]
    assert await stage.conflict_rows() == []


@staged()
async def test_many_edits_are_accepted_and_each_is_made_once(stage: Stage) -> None:
    await stage.done()
    for number in range(12):
        await stage.edit("insert", None, {"id": f"event{number:02d}", "summary": f"{number:02d}"})
        if number % 5 == 4:
            crash(stage)
    assert await stage.send() == ["done"] * 12
    assert stage.names_at_google() == [f"{number:02d}" for number in range(12)]
