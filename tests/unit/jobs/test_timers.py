"""Duties come at their times; a failing one waits longer and disturbs no other."""

import asyncio
import itertools

import pytest

from calferry.jobs.timers import TIMERS, Timer, is_set_within, keep_time
from calferry.sync.engine import Engine
from tests.harness.databases import empty_store
from tests.harness.virtual_loop import run_virtually
from tests.unit.duties.rows import engine_over
from tests.waiting import eventually


@pytest.fixture
async def engine() -> Engine:
    return engine_over(empty_store())


async def test_a_duty_is_done_again_and_again_until_stopped(engine: Engine) -> None:
    stopping, done = asyncio.Event(), list[int]()

    async def duty(_engine: Engine) -> None:
        done.append(1)

    task = asyncio.create_task(keep_time(engine, Timer("duty", 0.001, duty), stopping))
    await eventually(lambda: len(done) >= 3)
    stopping.set()
    await task


def test_a_failing_duty_backs_off_and_recovers() -> None:
    tries = list[float]()

    async def duty(_engine: Engine) -> None:
        tries.append(asyncio.get_running_loop().time())
        if len(tries) < 4:
            raise RuntimeError("planted")

    async def story() -> None:
        stopping, engine = asyncio.Event(), engine_over(empty_store())
        task = asyncio.create_task(keep_time(engine, Timer("duty", 10, duty), stopping))
        await asyncio.sleep(400)
        stopping.set()
        await task

    run_virtually(story())
    waits = [later - earlier for earlier, later in itertools.pairwise(tries)]
    expected = [20, 40, 80, *[10] * len(waits)]
    assert len(waits) > 10
    assert all(0.75 * due <= wait <= 1.25 * due for wait, due in zip(waits, expected, strict=False))


async def test_stopping_ends_a_long_wait_at_once(engine: Engine) -> None:
    stopping = asyncio.Event()

    async def duty(_engine: Engine) -> None:
        raise AssertionError("its time has not come")

    task = asyncio.create_task(keep_time(engine, Timer("duty", 3_600, duty, first_s=3_600), stopping))
    await asyncio.sleep(0)
    stopping.set()
    await asyncio.wait_for(task, 5)


async def test_waiting_tells_whether_the_event_came() -> None:
    event = asyncio.Event()
    assert await is_set_within(event, 0.001) is False
    event.set()
    assert await is_set_within(event, 5) is True


def test_every_duty_has_a_name_and_a_time() -> None:
    assert len({timer.name for timer in TIMERS}) == len(TIMERS)
    assert all(timer.first_s >= 0 and timer.every_s > 0 for timer in TIMERS)
