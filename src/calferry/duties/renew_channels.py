"""Push channels that end soon."""

import asyncio
from typing import NamedTuple

from calferry.core.limits import CALENDARS_AT_ONCE
from calferry.store import due
from calferry.store.due import Renewable
from calferry.sync.engine import Engine
from calferry.sync.watch import renew_channel

AT_MOST = 500
ENDS_SOON_MS = 3_600_000
"""Within this, a channel is renewed whatever its own time of renewal says."""


class ChannelRenewal(NamedTuple):
    """Of calendars; those of calendar lists are renewed as well, but not counted."""

    renewed: int
    failed: int


async def renew_channels(engine: Engine) -> ChannelRenewal:
    """Replace each such channel by a new one, once however many calls there are; the old one is stopped only when the
    new one is stored."""
    if engine.webhook_address is None:
        return ChannelRenewal(0, 0)
    now_ms = engine.clock.now_ms()
    found = await engine.store.read(
        lambda connection: due.renewable_channels(connection, now_ms, now_ms + ENDS_SOON_MS, AT_MOST)
    )
    places = asyncio.Semaphore(CALENDARS_AT_ONCE)

    async def renew_one(channel: Renewable) -> bool | None:
        async with places:
            renewed = await renew_channel(engine, channel.id)
        return None if channel.is_list else renewed

    outcomes = await asyncio.gather(*(renew_one(channel) for channel in found))
    return ChannelRenewal(outcomes.count(True), outcomes.count(False))
