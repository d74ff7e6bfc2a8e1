"""Renewing what a process holds in the store while it waits for Google."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog

from calferry.core.failure import LeaseLost
from calferry.core.limits import LEASE_HEARTBEAT_S
from calferry.ports import Clock
from calferry.store.unavailable import UNAVAILABLE

RETRY_S = 1.0

log = structlog.get_logger(__name__)

Renew = Callable[[], Awaitable[None]]


@asynccontextmanager
async def beating(clock: Clock, held: str, renew: Renew) -> AsyncIterator[None]:
    """Renew every ten seconds until the block ends, or until `renew` raises `LeaseLost`. `held` is for the log."""
    beats = asyncio.create_task(beat(clock, held, renew))
    try:
        yield
    finally:
        beats.cancel()
        with suppress(asyncio.CancelledError):
            await beats


async def beat(clock: Clock, held: str, renew: Renew) -> None:
    """A store that does not answer is asked again until it does."""
    wait_s = LEASE_HEARTBEAT_S
    while True:
        await clock.sleep(wait_s)
        try:
            await renew()
        except LeaseLost:
            return
        except UNAVAILABLE as error:
            log.warning("lease_not_renewed", resource=held, error=str(error))
            wait_s = RETRY_S
        else:
            wait_s = LEASE_HEARTBEAT_S
