"""Whether the event loop keeps up with what it has to do."""

import asyncio
import time
from collections.abc import Awaitable, Callable

LOOK_S = 0.002
LAG_MAX_S = 0.005
PATIENCE_S = 2.0


async def until_loop_keeps_up(
    now: Callable[[], float] = time.monotonic, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Return when the loop is at most five milliseconds late, and after two seconds in any case.

    Whoever begins new runs waits for it, so that requests and notifications are answered first.
    """
    ends_at = now() + PATIENCE_S
    while True:
        asked = now()
        await sleep(LOOK_S)
        woken = now()
        if woken - asked - LOOK_S < LAG_MAX_S or woken >= ends_at:
            return
