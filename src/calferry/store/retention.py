"""Rows past their keeping. Each function is one short transaction's work; callers repeat it while it finds something."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    delete,
    func,
    literal_column,
    or_,
    select,
    update,
)

from calferry.store.event_rows import live_master
from calferry.store.sync_states import NO_LEASE, NO_PASS, bound, one_of
from calferry.store.tables import (
    calendars,
    changes,
    channels,
    events,
    projections,
    quarantine,
    sessions,
    sign_ins,
    sync_requests,
    sync_states,
    users,
)

BEFORE = bound("before")
OLD_SIGN_INS = delete(sign_ins).where(sign_ins.c.expires_at < BEFORE)
OLD_SESSIONS = delete(sessions).where(sessions.c.expires_at < BEFORE)
OLD_SYNC_REQUESTS = delete(sync_requests).where(sync_requests.c.accepted_at < BEFORE)
OLD_CHANNELS = delete(channels).where(
    one_of(channels.c.state, ("stopped", "failed")),
    channels.c.created_at < BEFORE,
    or_(channels.c.expires_at.is_(None), channels.c.expires_at < BEFORE),
)
PROJECTION_IDS = select(projections.c.id).order_by(projections.c.id)


def delete_sign_ins(connection: Connection, now_ms: int) -> int:
    return connection.execute(OLD_SIGN_INS, {"before": now_ms}).rowcount


def delete_sessions(connection: Connection, now_ms: int) -> int:
    return connection.execute(OLD_SESSIONS, {"before": now_ms}).rowcount


def delete_sync_requests(connection: Connection, accepted_before_ms: int) -> int:
    return connection.execute(OLD_SYNC_REQUESTS, {"before": accepted_before_ms}).rowcount


def delete_ended_channels(connection: Connection, created_before_ms: int) -> int:
    return connection.execute(OLD_CHANNELS, {"before": created_before_ms}).rowcount


def projection_ids(connection: Connection) -> list[int]:
    return list(connection.execute(PROJECTION_IDS).scalars())


OLD_TOMBSTONES = delete(events).where(
    events.c.projection_id == bindparam("projection"),
    events.c.deleted_at < bound("deleted_before"),
    events.c.status == "cancelled",
    or_(events.c.series_id.is_(None), ~live_master(events)),
)


def delete_tombstones(connection: Connection, projection_id: int, deleted_before_ms: int) -> int:
    """Old tombstones of one projection. A cancelled occurrence of a living series is no tombstone: it stays."""
    terms = {"projection": projection_id, "deleted_before": deleted_before_ms}
    return connection.execute(OLD_TOMBSTONES, terms).rowcount


OLD_CHANGES = (
    select(changes.c.user_id, func.max(changes.c.id)).where(changes.c.at < BEFORE).group_by(changes.c.user_id)
)


def users_with_old_changes(connection: Connection, before_ms: int) -> dict[int, int]:
    """The last change number to forget, by user id."""
    return {row[0]: row[1] for row in connection.execute(OLD_CHANGES, {"before": before_ms})}


def forget_changes(connection: Connection, user_id: int, up_to: int) -> int:
    """Drop the log up to and with that number; cursors from before it are expired from now on."""
    connection.execute(
        update(users).where(users.c.id == user_id, users.c.change_floor < up_to).values(change_floor=up_to)
    )
    return connection.execute(
        delete(changes).where(changes.c.user_id == user_id, changes.c.id <= up_to)
    ).rowcount


ENDED = select(projections.c.id).where(projections.c.ended_at < BEFORE)


def ended_projections(connection: Connection, ended_before_ms: int) -> list[int]:
    return list(connection.execute(ENDED, {"before": ended_before_ms}).scalars())


def delete_rows_of_projection(connection: Connection, projection_id: int, at_most: int) -> int:
    """Some rows of an ended projection; the projection itself goes with the last of them."""
    row_key: ColumnElement[Any] = literal_column(
        "ctid" if connection.dialect.name == "postgresql" else "rowid"
    )
    some = select(row_key).select_from(events).where(events.c.projection_id == projection_id).limit(at_most)
    gone = connection.execute(delete(events).where(row_key.in_(some))).rowcount
    if gone < at_most:
        connection.execute(delete(quarantine).where(quarantine.c.projection_id == projection_id))
        connection.execute(delete(projections).where(projections.c.id == projection_id))
    return gone


GONE = (
    select(calendars.c.id)
    .where(calendars.c.removed_at < BEFORE, calendars.c.projection_id.is_not(None))
    .with_for_update()
)


def retire_removed_calendars(connection: Connection, removed_before_ms: int, now_ms: int) -> int:
    """End the mirror of calendars that left the list long ago; one that returns is listed from the start."""
    calendar_ids = list(connection.execute(GONE, {"before": removed_before_ms}).scalars())
    if not calendar_ids:
        return 0
    connection.execute(
        update(sync_states)
        .where(sync_states.c.id.in_(calendar_ids))
        .values({**NO_PASS, **NO_LEASE, "sync_token": None, "fence": sync_states.c.fence + 1})
    )
    connection.execute(
        update(projections)
        .where(projections.c.calendar_id.in_(calendar_ids), projections.c.ended_at.is_(None))
        .values(ended_at=now_ms)
    )
    connection.execute(update(calendars).where(calendars.c.id.in_(calendar_ids)).values(projection_id=None))
    return len(calendar_ids)
