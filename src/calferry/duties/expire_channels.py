"""Push channels that have ended without being replaced."""

from calferry.store import channels
from calferry.sync.engine import Engine


async def expire_channels(engine: Engine) -> int:
    """Go back to polling where nobody tells of changes any more; returns for how many calendars."""
    now_ms = engine.clock.now_ms()
    unwatched = await engine.store.write(lambda connection: channels.expire(connection, now_ms))
    if unwatched:
        engine.signals.wake("due")
    return len(unwatched)
