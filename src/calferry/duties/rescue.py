"""What a crash left half done."""

from dataclasses import dataclass

from calferry.core.failure import Cause, SourceFailure
from calferry.core.limits import CHANNEL_REGISTERING_MS
from calferry.core.model import AccountId
from calferry.store import channels, intents, leftovers
from calferry.store.leftovers import DrainingChannel
from calferry.sync.engine import Engine
from calferry.sync.lease import terms

DISABLED_RECHECK_MS = 24 * 3_600_000
STOPS_AT_ONCE = 50
STOP_ATTEMPTS_MAX = 10
GONE_AT_GOOGLE = frozenset({Cause.NOT_FOUND, Cause.ALREADY_DELETED, Cause.BAD_REQUEST})


@dataclass(frozen=True, slots=True)
class Rescue:
    """How many leases were freed, half-opened channels found, channels stopped, and accounts tried again."""

    leases: int
    half_open: int
    stopped: int
    retried: int = 0


async def rescue(engine: Engine) -> Rescue:
    """Make abandoned runs due again, and stop the channels that nobody counts on any more."""
    now_ms, lease = engine.clock.now_ms(), terms(engine)
    leases = await engine.store.write(
        lambda connection: leftovers.free_expired_leases(connection, lease, now_ms)
    )
    half_open = await engine.store.write(
        lambda connection: leftovers.drain_half_open_channels(connection, now_ms - CHANNEL_REGISTERING_MS)
    )
    retried = await engine.store.write(
        lambda connection: leftovers.retry_disabled_accounts(connection, now_ms - DISABLED_RECHECK_MS, now_ms)
    )
    await engine.store.write(intents.forget_pulled)
    if leases or retried:
        engine.signals.wake("due")
    return Rescue(leases, half_open, await stop_draining_channels(engine), retried)


async def stop_draining_channels(engine: Engine) -> int:
    """Stop them one after the other; returns how many are settled."""
    draining = await engine.store.read(
        lambda connection: leftovers.draining_channels(connection, STOPS_AT_ONCE)
    )
    return sum([await stop_draining_channel(engine, channel) for channel in draining])


async def stop_draining_channel(engine: Engine, channel: DrainingChannel) -> bool:
    """Whether the channel is settled: stopped, over by itself, unknown to Google, or given up."""
    state = await state_after_stopping(engine, channel)
    if state is None:
        await engine.store.write(lambda connection: leftovers.count_stop_attempt(connection, channel.id))
        return False
    await engine.store.write(lambda connection: channels.settle(connection, channel.id, state))
    return True


async def state_after_stopping(engine: Engine, channel: DrainingChannel) -> str | None:
    """What has become of the channel; None: to be tried again."""
    if channel.expires_at is not None and channel.expires_at <= engine.clock.now_ms():
        return "stopped"
    if channel.resource_id is None or channel.stop_attempts >= STOP_ATTEMPTS_MAX:
        return "failed"
    try:
        await engine.source(AccountId(channel.account_id)).stop_channel(channel.id, channel.resource_id)
    except SourceFailure as failure:
        if failure.cause is Cause.GRANT_REVOKED:
            return "failed"
        return "stopped" if failure.cause in GONE_AT_GOOGLE else None
    return "stopped"
