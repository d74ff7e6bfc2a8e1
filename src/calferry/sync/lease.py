"""Keeping a lease while a run waits for Google."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError

from calferry.core.failure import LeaseLost
from calferry.core.limits import LEASE_HEARTBEAT_S
from calferry.store import sync_states
from calferry.store.sync_states import LeaseTerms
from calferry.sync.engine import Engine

RETRY_S = 1.0

log = structlog.get_logger(__name__)


def terms(engine: Engine) -> LeaseTerms:
    """What this process asks for now."""
    return LeaseTerms(engine.owner, engine.clock.boot_id(), engine.clock.lease_ms())


class LeaseWatch:
    """Tells a run whether its lease still stands."""

    def __init__(self) -> None:
        self.lost = False


@asynccontextmanager
async def kept(engine: Engine, state_id: str, fence: int) -> AsyncIterator[LeaseWatch]:
    """Renew the lease every ten seconds until the block ends."""
    watch = LeaseWatch()
    beats = asyncio.create_task(beat(engine, state_id, fence, watch))
    try:
        yield watch
    finally:
        beats.cancel()
        with suppress(asyncio.CancelledError):
            await beats


async def beat(engine: Engine, state_id: str, fence: int, watch: LeaseWatch) -> None:
    """Ends with the lease. A store that does not answer is asked again until it does."""
    wait_s = LEASE_HEARTBEAT_S
    while True:
        await engine.clock.sleep(wait_s)
        try:
            await engine.store.write(
                partial(sync_states.keep, state_id=state_id, fence=fence, lease=terms(engine))
            )
        except LeaseLost:
            watch.lost = True
            return
        except (SQLAlchemyError, OSError) as error:
            log.warning("lease_not_renewed", resource=state_id, error=str(error))
            wait_s = RETRY_S
        else:
            wait_s = LEASE_HEARTBEAT_S
