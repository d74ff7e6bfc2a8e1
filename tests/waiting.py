"""Waiting for something to become true, with a deadline: the only place in the tests that lets time pass."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

INTERVAL_S = 0.01


def until(condition: Callable[[], T], deadline_s: float = 60.0, what: str = "") -> T:
    """Returns the first truthy value of `condition()`; AssertionError when the deadline passes."""
    ends_at = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < ends_at, (
            f"{what or condition} was not true within {deadline_s} s; last: {value!r}"
        )
        time.sleep(INTERVAL_S)


async def eventually(
    condition: Callable[[], Awaitable[T] | T], deadline_s: float = 60.0, what: str = ""
) -> T:
    """`until` for coroutines and for conditions that other tasks of this loop bring about."""
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + deadline_s
    while True:
        value = condition()
        if isinstance(value, Awaitable):
            value = await value
        if value:
            return value
        assert loop.time() < ends_at, (
            f"{what or condition} was not true within {deadline_s} s; last: {value!r}"
        )
        await asyncio.sleep(INTERVAL_S)
