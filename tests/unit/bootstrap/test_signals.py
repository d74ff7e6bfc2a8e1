"""Wake-up calls reach who waits, and who was between two waits."""

import asyncio

from calferry.bootstrap.signals import InProcessSignals

SOON_S = 0.01
DEADLINE_S = 5.0


async def test_a_call_wakes_everybody_who_waits_for_the_topic() -> None:
    signals = InProcessSignals()
    waiting = [asyncio.create_task(signals.wait("user:1", DEADLINE_S)) for _ in range(3)]
    other = asyncio.create_task(signals.wait("user:2", SOON_S))
    await asyncio.sleep(0)
    signals.wake("user:1")
    assert await asyncio.gather(*waiting) == [True, True, True]
    assert await other is False


async def test_a_wait_without_a_call_ends_with_its_time() -> None:
    assert await InProcessSignals().wait("due", SOON_S) is False


async def test_a_call_between_two_waits_is_not_missed() -> None:
    signals = InProcessSignals()
    await signals.wait("due", SOON_S)
    signals.wake("due")
    assert await signals.wait("due", DEADLINE_S) is True
    assert await signals.wait("due", SOON_S) is False


async def test_a_call_counts_for_each_task_by_itself() -> None:
    signals = InProcessSignals()
    await signals.wait("due", SOON_S)
    signals.wake("due")
    assert await asyncio.create_task(signals.wait("due", DEADLINE_S)) is True
    assert await signals.wait("due", DEADLINE_S) is True


async def test_nothing_is_kept_of_waits_that_are_over() -> None:
    signals = InProcessSignals()
    await signals.wait("user:1", SOON_S)
    waiting = asyncio.create_task(signals.wait("user:1", DEADLINE_S))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert signals._waiters == {}
