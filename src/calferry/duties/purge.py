"""Rows past their keeping, in short transactions so that nobody waits."""

from dataclasses import dataclass
from functools import partial

from calferry.core.limits import (
    AUDIT_KEPT_MS,
    INTENT_KEPT_MS,
    PERSON_WITHOUT_ACCOUNT_KEPT_MS,
    SYNC_REQUEST_KEPT_MS,
    TOMBSTONE_KEPT_MS,
)
from calferry.store import audit, conflicts, erasure, intents, retention
from calferry.sync.engine import Engine

ROWS_AT_ONCE = 2_000
CHANNELS_KEPT_MS = 14 * 24 * 3_600_000
PROJECTIONS_KEPT_MS = 10 * 60_000
"""Somebody may be reading a projection page by page when it ends."""


@dataclass(frozen=True, slots=True)
class Purge:
    """How many rows went, by kind."""

    sign_ins: int
    sessions: int
    sync_requests: int
    channels: int
    intents: int
    conflicts: int
    calendars: int
    tombstones: int
    changes: int
    events: int
    people: int
    audit: int


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long tombstones, and calendars that left the list, stay; how long the change log does, and the audit."""

    tombstones_ms: int = TOMBSTONE_KEPT_MS
    changes_ms: int = TOMBSTONE_KEPT_MS
    audit_ms: int = AUDIT_KEPT_MS


KEEPING = Keeping()


async def purge(engine: Engine, keeping: Keeping = KEEPING) -> Purge:
    """Delete what is past its keeping, sync requests after an hour, and edits a week after they were settled."""
    store, now_ms = engine.store, engine.clock.now_ms()
    kept_since = now_ms - keeping.tombstones_ms
    return Purge(
        sign_ins=await store.write(partial(retention.delete_sign_ins, now_ms=now_ms)),
        sessions=await store.write(partial(retention.delete_sessions, now_ms=now_ms)),
        sync_requests=await store.write(
            partial(retention.delete_sync_requests, accepted_before_ms=now_ms - SYNC_REQUEST_KEPT_MS)
        ),
        channels=await store.write(
            partial(retention.delete_ended_channels, created_before_ms=now_ms - CHANNELS_KEPT_MS)
        ),
        intents=await store.write(partial(intents.delete_settled, settled_before_ms=now_ms - INTENT_KEPT_MS)),
        conflicts=await store.write(partial(conflicts.delete_resolved, resolved_before_ms=kept_since)),
        calendars=await store.write(
            partial(retention.retire_removed_calendars, removed_before_ms=kept_since, now_ms=now_ms)
        ),
        tombstones=await purge_tombstones(engine, kept_since),
        changes=await purge_changes(engine, now_ms - keeping.changes_ms),
        events=await purge_projections(engine, now_ms - PROJECTIONS_KEPT_MS),
        people=await purge_people(engine, now_ms),
        audit=await store.write(partial(audit.delete_old, before_ms=now_ms - keeping.audit_ms)),
    )


async def purge_people(engine: Engine, now_ms: int) -> int:
    """Who has had no account for a day; one transaction each."""
    before_ms = now_ms - PERSON_WITHOUT_ACCOUNT_KEPT_MS
    left = await engine.store.read(partial(erasure.people_who_left, before_ms=before_ms))
    erase = partial(erasure.erase_person, now_ms=now_ms)
    return sum([await engine.store.write(partial(erase, user_id=user_id)) for user_id in left])


async def purge_tombstones(engine: Engine, deleted_before_ms: int) -> int:
    """One transaction a projection."""
    gone = 0
    for projection_id in await engine.store.read(retention.projection_ids):
        gone += await engine.store.write(
            partial(
                retention.delete_tombstones, projection_id=projection_id, deleted_before_ms=deleted_before_ms
            )
        )
    return gone


async def purge_changes(engine: Engine, before_ms: int) -> int:
    """One transaction a user."""
    gone = 0
    old = await engine.store.read(partial(retention.users_with_old_changes, before_ms=before_ms))
    for user_id, up_to in old.items():
        gone += await engine.store.write(partial(retention.forget_changes, user_id=user_id, up_to=up_to))
    return gone


async def purge_projections(engine: Engine, ended_before_ms: int) -> int:
    """Rows of projections that nobody sees any more."""
    ended = await engine.store.read(partial(retention.ended_projections, ended_before_ms=ended_before_ms))
    return sum([await purge_projection(engine, projection_id) for projection_id in ended])


async def purge_projection(engine: Engine, projection_id: int) -> int:
    """So many rows a transaction."""
    some = partial(retention.delete_rows_of_projection, projection_id=projection_id, at_most=ROWS_AT_ONCE)
    gone = 0
    while (found := await engine.store.write(some)) == ROWS_AT_ONCE:
        gone += found
    return gone + found
