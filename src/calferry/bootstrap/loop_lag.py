"""Whether the event loop keeps up with what it has to do."""

import asyncio
import time
from collections.abc import Awaitable, Callable

LOOK_S = 0.002
LAG_MAX_S = 0.0005
CALM_LOOKS = 5
PATIENCE_S = 2.0


async def until_loop_is_calm(
    now: Callable[[], float] = time.monotonic, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Return when the loop was at most half a millisecond late five times in a row, and after two seconds in any case.

    Whoever begins new runs waits for it, so that requests and notifications are answered first.
    """
    ends_at, looks = now() + PATIENCE_S, 0
    while looks < CALM_LOOKS:
        asked = now()
        await sleep(LOOK_S)
        woken = now()
        looks = looks + 1 if woken - asked - LOOK_S < LAG_MAX_S else 0
        if woken >= ends_at:
            return
