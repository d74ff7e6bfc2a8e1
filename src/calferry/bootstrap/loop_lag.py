"""Whether the event loop keeps up with what it has to do."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

LOOK_S = 0.002
PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class Calm:
    """A loop is calm that was at most `lag_max_s` late, `looks` times in a row."""

    looks: int
    lag_max_s: float


NEARLY_IDLE = Calm(5, 0.0005)


async def until_loop_is_calm(
    calm: Calm,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Return when it is, and after two seconds in any case.

    Whoever begins new runs waits for it, so that requests and notifications are answered first.
    """
    ends_at, looks = now() + PATIENCE_S, 0
    while looks < calm.looks:
        asked = now()
        await sleep(LOOK_S)
        woken = now()
        looks = looks + 1 if woken - asked - LOOK_S < calm.lag_max_s else 0
        if woken >= ends_at:
            return
