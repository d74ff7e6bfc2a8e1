"""Push channels that tell of new, renamed and lost calendars of an account."""

import asyncio

from calferry.core.limits import CALENDARS_AT_ONCE
from calferry.duties.open_channels import AT_MOST, UNWATCHABLE_KEPT_MS
from calferry.store import due
from calferry.sync.engine import Engine
from calferry.sync.watch import open_channel


async def watch_calendar_lists(engine: Engine) -> int:
    """Open the missing ones; returns how many were opened. A list that cannot be watched is polled as ever.

    Without a webhook address there is nothing to do.
    """
    if engine.webhook_address is None:
        return 0
    now_ms = engine.clock.now_ms()
    account_ids = await engine.store.read(
        lambda connection: due.lists_without_channel(
            connection, now_ms, now_ms - UNWATCHABLE_KEPT_MS, AT_MOST
        )
    )
    places = asyncio.Semaphore(CALENDARS_AT_ONCE)

    async def open_one(account_id: str) -> str:
        async with places:
            return await open_channel(engine, account_id)

    outcomes = await asyncio.gather(*(open_one(account_id) for account_id in account_ids))
    return outcomes.count("active")
