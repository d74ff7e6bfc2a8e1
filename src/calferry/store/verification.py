"""What a verification reads beside event rows, which calendars it comes to next, and what it has found."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Connection, and_, bindparam, func, or_, select, update

from calferry.core.model import Mode, ProjectionId
from calferry.store.due import WORKING_ACCOUNT
from calferry.store.tables import accounts, calendars, events, projections, quarantine, sync_states

AT_MOST = 500


@dataclass(frozen=True, slots=True)
class Candidate:
    """A calendar that may be verified now. `proved_at` is when everything was last compared, UTC milliseconds."""

    calendar_id: str
    account_id: str
    projection_id: ProjectionId
    mode: Mode
    proved_at: int
    differed: bool


def candidates(
    connection: Connection, now_ms: int, *, proved_before_ms: int, differed_before_ms: int
) -> list[Candidate]:
    """Mirrored calendars at rest and clean, the longest unproved first; those that differed last time sooner.

    Not one that failed last time, waits for a run, or has a sweep held back. A proof in the future is left from
    another clock.
    """
    # A full listing compares as well as a verification does.
    proved_at = func.coalesce(sync_states.c.verified_at, sync_states.c.last_full_at)
    differed = func.coalesce(sync_states.c.verified_differences, 0) > 0
    statement = (
        select(calendars.c.id, calendars.c.account_id, calendars.c.projection_id, projections.c.mode)
        .add_columns(proved_at, differed)
        .join(sync_states, sync_states.c.id == calendars.c.id)
        .join(accounts, accounts.c.id == calendars.c.account_id)
        .join(projections, projections.c.id == calendars.c.projection_id)
        .where(
            calendars.c.selected,
            calendars.c.removed_at.is_(None),
            accounts.c.status.in_(WORKING_ACCOUNT),
            sync_states.c.status == "idle",
            sync_states.c.lease_owner.is_(None),
            sync_states.c.failures == 0,
            sync_states.c.sync_token.is_not(None),
            sync_states.c.page_token.is_(None),
            sync_states.c.guarded_at.is_(None),
            sync_states.c.dirty_seq == sync_states.c.clean_seq,
            or_(
                proved_at <= proved_before_ms,
                and_(differed, proved_at <= differed_before_ms),
                proved_at > now_ms,
            ),
        )
        .order_by(proved_at, calendars.c.id)
        .limit(AT_MOST)
    )
    return [
        Candidate(row[0], row[1], ProjectionId(row[2]), cast(Mode, row[3]), *row[4:])
        for row in connection.execute(statement)
    ]


def note(connection: Connection, calendar_id: str, now_ms: int, differences: int) -> None:
    """What a verification has found, for whoever asks how the calendar is doing."""
    connection.execute(
        update(sync_states)
        .where(sync_states.c.id == calendar_id)
        .values(verified_at=now_ms, verified_differences=differences)
    )


BESIDE = select(events.c.event_id, events.c.status, events.c.series_id).where(
    events.c.projection_id == bindparam("shown")
)
SET_ASIDE = select(quarantine.c.event_id).where(
    quarantine.c.projection_id == bindparam("shown"), quarantine.c.event_id.is_not(None)
)


def beside(
    connection: Connection, projection_id: ProjectionId, listed: AbstractSet[str], living: AbstractSet[str]
) -> list[str]:
    """Ids of rows that show something though they are not `listed`.

    These are live events, and cancelled occurrences that hide one of a series that is `living`.
    """
    return [
        event_id
        for event_id, status, series_id in connection.execute(BESIDE, {"shown": projection_id})
        if event_id not in listed and (status != "cancelled" or series_id in living)
    ]


def set_aside(connection: Connection, projection_id: ProjectionId) -> set[str]:
    """Events that could not be stored as Google has them, as is known."""
    return set(connection.execute(SET_ASIDE, {"shown": projection_id}).scalars())
