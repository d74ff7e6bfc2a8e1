"""Whether the event loop keeps up with what it has to do."""

import asyncio

LOOK_S = 0.01
LAG_MAX_S = 0.01
PATIENCE_S = 2.0


async def until_loop_keeps_up() -> None:
    """Return when the loop is at most ten milliseconds late, and after two seconds in any case.

    Whoever begins new runs waits for it, so that requests and notifications are answered first.
    """
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + PATIENCE_S
    while True:
        asked = loop.time()
        await asyncio.sleep(LOOK_S)
        now = loop.time()
        if now - asked - LOOK_S < LAG_MAX_S or now >= ends_at:
            return
