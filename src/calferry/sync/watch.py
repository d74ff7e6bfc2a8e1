"""Push channels: open, replace, stop."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, TypeVar

from sqlalchemy import Connection

from calferry.core.channel_state import renew_time
from calferry.core.failure import Cause, SourceFailure
from calferry.core.google_calendar import ChannelRequest, OpenedChannel
from calferry.core.limits import CHANNEL_LIFE_MS
from calferry.core.model import AccountId
from calferry.store import channels, sync_states, watched
from calferry.store.channels import NewChannel
from calferry.store.fingerprints import fingerprint
from calferry.store.unavailable import UNAVAILABLE
from calferry.store.watched import Watched
from calferry.sync.engine import Engine

T = TypeVar("T")

Opening = Literal["active", "unwatchable", "unconfigured", "failed"]
Elsewhere = Literal["elsewhere"]
"""Another process, or another task of this one, is at it or has done it."""

IDS_TRIED_MAX = 3
LOOK_AGAIN_S = 0.1
WAIT_FOR_PEER_S = 30.0
STORE_TRIES = 30
STORE_RETRY_S = 1.0
UNCERTAIN = frozenset({Cause.UNREACHABLE, Cause.SERVER_ERROR, Cause.BAD_ANSWER})
RECHECK_UNWATCHABLE_MS = 24 * 3_600_000
LASTING = frozenset({Cause.PUSH_UNSUPPORTED, Cause.PUSH_REFUSED})
LASTING_FOR_LISTS = LASTING | {Cause.SCOPE_MISSING, Cause.FORBIDDEN, Cause.NOT_FOUND, Cause.BAD_REQUEST}
"""Refusals that the next minute will not change; a calendar list is polled every quarter of an hour in any case."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A row that waits for Google's answer; the token is only ever sent to Google."""

    watched: Watched
    request: ChannelRequest


async def ensure_channel(engine: Engine, calendar_id: str) -> Opening:
    """See to it that the calendar has a channel, unless it cannot be watched."""
    if engine.webhook_address is None:
        return "unconfigured"
    waited_s = 0.0
    while waited_s < WAIT_FOR_PEER_S:
        found = await engine.store.read(lambda tx: find_opening(tx, calendar_id, engine.clock.now_ms()))
        opened = await open_channel(engine, calendar_id) if found == "missing" else found
        if opened != "registering" and opened != "elsewhere":  # noqa: PLR1714 - narrows for the type checker
            return opened
        await engine.clock.sleep(LOOK_AGAIN_S)
        waited_s += LOOK_AGAIN_S
    return "failed"


def find_opening(
    connection: Connection, calendar_id: str, now_ms: int
) -> Opening | Literal["missing", "registering"]:
    live = channels.live_of(connection, calendar_id, now_ms)
    if live is not None:
        return "active" if live.state == "active" else "registering"
    row = watched.load(connection, calendar_id)
    if row is None:
        return "failed"
    known = row.push == "unsupported" and now_ms - (row.push_checked_at or 0) < RECHECK_UNWATCHABLE_MS
    return "unwatchable" if known else "missing"


async def open_channel(engine: Engine, resource: str, replaced_id: str | None = None) -> Opening | Elsewhere:
    """Open a channel where there is none, or one in the place of `replaced_id`.

    `resource` is a calendar's id, or an account's for its calendar list. The others of the resource are stopped
    afterwards. Of several who try at once, one does it.
    """
    for _ in range(IDS_TRIED_MAX):
        registered = await register(engine, resource, replaced_id)
        if registered is None:
            return "failed"
        if registered == "elsewhere":
            return registered
        try:
            opened = await ask_google(engine, registered)
        except SourceFailure as failure:
            if await refused(engine, registered, failure):
                continue
            return "unwatchable" if failure.cause is Cause.PUSH_UNSUPPORTED else "failed"
        return await opened_channel(engine, registered, opened)
    return "failed"


async def ask_google(engine: Engine, registered: Registered) -> OpenedChannel:
    """Raises `SourceFailure`."""
    source, google_id = engine.source(registered.watched.account_id), registered.watched.google_id
    if google_id is None:
        return await source.watch_calendar_list(registered.request)
    return await source.watch_events(google_id, registered.request)


async def register(engine: Engine, resource: str, replaced_id: str | None) -> Registered | Elsewhere | None:
    """Commit the row first: Google's first message may come before its answer."""
    channel_id, token, now_ms = engine.ids.channel_id(), engine.ids.secret(), engine.clock.now_ms()

    def work(connection: Connection) -> Watched | Elsewhere | None:
        sync_states.hold(connection, resource)
        row = watched.load(connection, resource)
        if row is None or not row.is_usable:
            return None
        live = channels.live_of(connection, resource, now_ms)
        if live is not None and live.id != replaced_id:
            return "elsewhere"
        new = NewChannel(channel_id, row.user_id, row.account_id, resource, fingerprint(token))
        channels.register(connection, new, now_ms)
        return row

    found = await engine.store.write(work)
    if found == "elsewhere":
        return "elsewhere"
    if found is None or engine.webhook_address is None:
        return None
    request = ChannelRequest(channel_id, token, engine.webhook_address, CHANNEL_LIFE_MS // 1000)
    return Registered(found, request)


async def opened_channel(engine: Engine, registered: Registered, opened: OpenedChannel) -> Opening:
    """Commit the new channel, then stop the old ones, then catch up on what neither of them told.

    A process that ends just then leaves the channel to be stopped by the next one.
    """
    now_ms, channel_id = engine.clock.now_ms(), registered.request.channel_id
    renew_at = renew_time(now_ms, opened.expires_at, engine.dice.uniform(0, engine.intervals.jitter))
    row = registered.watched

    def work(connection: Connection) -> list[tuple[str, str | None]] | None:
        if not channels.activate(connection, channel_id, opened, renew_at):
            channels.abandon(connection, channel_id, opened)
            return None
        watched.note_push(connection, row, "on", None)
        sync_states.mark(connection, [row.id], now_ms)
        return [(old.id, old.resource_id) for old in channels.drain_others(connection, row.id, channel_id)]

    try:
        replaced = await stored(engine, work)
    except asyncio.CancelledError:
        with suppress(*UNAVAILABLE):
            await engine.store.write(lambda tx: channels.abandon(tx, channel_id, opened))
        raise
    if replaced is None:
        await stop(engine, row.account_id, channel_id, opened.resource_id)
        return "failed"
    engine.signals.wake("due")
    for old_id, resource_id in replaced:
        await stop(engine, row.account_id, old_id, resource_id)
    return "active"


async def stored(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Write what Google has opened, and ask a store that fails again for a while: nobody else knows how to stop it."""
    for _ in range(STORE_TRIES):
        with suppress(*UNAVAILABLE):
            return await engine.store.write(work)
        await engine.clock.sleep(STORE_RETRY_S)
    return await engine.store.write(work)


async def refused(engine: Engine, registered: Registered, failure: SourceFailure) -> bool:
    """Note that the watch failed; True when another id is worth trying.

    After an uncertain answer the channel may exist: its row stays, so that its messages are known and it can be
    stopped.
    """
    now_ms, request, row = engine.clock.now_ms(), registered.request, registered.watched
    lasting = LASTING_FOR_LISTS if row.is_list else LASTING

    def work(connection: Connection) -> None:
        if failure.cause not in UNCERTAIN:
            channels.settle(connection, request.channel_id, "failed")
        else:
            channels.abandon(connection, request.channel_id)
        if failure.cause in lasting:
            push = "unsupported" if failure.cause is Cause.PUSH_UNSUPPORTED else None
            watched.note_push(connection, row, push, now_ms)

    await engine.store.write(work)
    return failure.cause is Cause.CHANNEL_ID_TAKEN


async def renew_channel(engine: Engine, channel_id: str) -> bool | None:
    """Replace a channel by a new one; None when there is nothing to replace any more.

    A channel of something that is gone or not wanted is only stopped.
    """
    row = await engine.store.read(lambda tx: channels.load(tx, channel_id))
    if row is None or row.state != "active":
        return None
    about = await engine.store.read(lambda tx: watched.load(tx, row.resource))
    if about is None or not about.is_wanted or not about.is_usable:
        await engine.store.write(lambda tx: channels.settle(tx, channel_id, "draining"))
        await stop(engine, AccountId(row.account_id), channel_id, row.resource_id)
        return None
    opened = await open_channel(engine, row.resource, channel_id)
    return None if opened == "elsewhere" else opened == "active"


async def stop(engine: Engine, account_id: AccountId, channel_id: str, resource_id: str | None) -> bool:
    """Stop a channel now if Google answers; else it stays draining, and is tried again later.

    Under a dead grant nobody can stop it: it ends by itself.
    """
    if resource_id is None:
        return False
    state = "stopped"
    try:
        await engine.source(account_id).stop_channel(channel_id, resource_id)
    except SourceFailure as failure:
        if failure.cause not in (Cause.NOT_FOUND, Cause.ALREADY_DELETED, Cause.GRANT_REVOKED):
            return False
        state = "failed" if failure.cause is Cause.GRANT_REVOKED else state
    await engine.store.write(lambda tx: channels.settle(tx, channel_id, state))
    return True


async def stop_account_channels(engine: Engine, account_id: str) -> None:
    """Stop every channel of the account that Google will let us stop."""
    await engine.store.write(lambda tx: channels.drain_account(tx, account_id))
    rows = await engine.store.read(lambda tx: channels.of_account(tx, account_id, "draining"))
    for row in rows:
        await stop(engine, AccountId(account_id), row.id, row.resource_id)
