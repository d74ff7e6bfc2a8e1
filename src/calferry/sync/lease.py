"""Keeping a lease while a run waits for Google."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from calferry.core.failure import LeaseLost
from calferry.store import sync_states
from calferry.store.sync_states import LeaseTerms
from calferry.sync.engine import Engine
from calferry.sync.heartbeat import beating


def terms(engine: Engine) -> LeaseTerms:
    """What this process asks for now."""
    return LeaseTerms(engine.owner, engine.clock.boot_id(), engine.clock.lease_ms())


class LeaseWatch:
    """Tells a run whether its lease still stands."""

    def __init__(self) -> None:
        self.lost = False


@asynccontextmanager
async def kept(engine: Engine, state_id: str, fence: int) -> AsyncIterator[LeaseWatch]:
    """Renew the lease until the block ends, or until it is lost."""
    watch = LeaseWatch()

    async def renew() -> None:
        try:
            await engine.store.write(
                partial(sync_states.keep, state_id=state_id, fence=fence, lease=terms(engine))
            )
        except LeaseLost:
            watch.lost = True
            raise

    async with beating(engine.clock, state_id, renew):
        yield watch
