"""Push channels for mirrored calendars that have none."""

import asyncio
from typing import NamedTuple

from calferry.core.limits import CALENDARS_AT_ONCE
from calferry.store import due
from calferry.sync.engine import Engine
from calferry.sync.watch import open_channel

AT_MOST = 500
UNWATCHABLE_KEPT_MS = 24 * 3_600_000
"""A calendar that Google would not let us watch is asked about again after a day."""


class ChannelSetup(NamedTuple):
    created: int
    failed: int


async def setup_channels(engine: Engine) -> ChannelSetup:
    """Open the missing channels, each once however many calls there are. Without a webhook address there is nothing
    to do."""
    if engine.webhook_address is None:
        return ChannelSetup(0, 0)
    now_ms = engine.clock.now_ms()
    calendar_ids = await engine.store.read(
        lambda connection: due.without_channel(connection, now_ms, now_ms - UNWATCHABLE_KEPT_MS, AT_MOST)
    )
    places = asyncio.Semaphore(CALENDARS_AT_ONCE)

    async def open_one(calendar_id: str) -> str:
        async with places:
            return await open_channel(engine, calendar_id)

    outcomes = await asyncio.gather(*(open_one(calendar_id) for calendar_id in calendar_ids))
    return ChannelSetup(outcomes.count("active"), outcomes.count("failed"))
