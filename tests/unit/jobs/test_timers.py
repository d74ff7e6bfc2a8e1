"""Duties come at their times; a failing one waits longer and disturbs no other."""

import asyncio
import itertools

import pytest

from calferry.jobs.timers import TIMERS, Timer, is_set_within, keep_time
from calferry.sync.engine import Engine
from tests.unit.duties.rows import empty_store, engine_over
from tests.waiting import eventually


@pytest.fixture
async def engine() -> Engine:
    return engine_over(await empty_store())


async def test_a_duty_is_done_again_and_again_until_stopped(engine: Engine) -> None:
    stopping, done = asyncio.Event(), list[int]()

    async def duty(_engine: Engine) -> None:
        done.append(1)

    task = asyncio.create_task(keep_time(engine, Timer("duty", 0.001, duty), stopping))
    await eventually(lambda: len(done) >= 3)
    stopping.set()
    await task


async def test_a_failing_duty_backs_off_and_recovers(engine: Engine) -> None:
    stopping, tries = asyncio.Event(), list[float]()

    async def duty(_engine: Engine) -> None:
        tries.append(asyncio.get_running_loop().time())
        if len(tries) < 4:
            raise RuntimeError("planted")

    task = asyncio.create_task(keep_time(engine, Timer("duty", 0.02, duty), stopping))
    await eventually(lambda: len(tries) >= 6)
    stopping.set()
    await task
    waits = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert waits[2] > waits[0]
    assert waits[2] >= 0.02 * 8 * 0.75


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
