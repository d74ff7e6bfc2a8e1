"""Readers move to a projection that was built beside the one they see."""

from sqlalchemy import Connection

from calferry.core.limits import SWEEP_GUARD_ROWS_MIN, SWEEP_GUARD_WAIT_MS
from calferry.core.model import Pass, ProjectionId
from calferry.core.sweep import has_waited
from calferry.store import calendars, changes, events, projections, sync_states
from calferry.sync.begin import Begun


def switch(connection: Connection, begun: Begun, walk: Pass, now_ms: int, *, confirmed: bool) -> int:
    """Move readers to the complete projection of the pass; returns how many changes the log tells them.

    A new projection without any event is not believed at once where there were fifty or more.
    """
    old = begun.calendar.active.projection_id
    if old is None:
        return 0
    believed = confirmed or has_waited(begun.state.guarded_at, now_ms)
    if not believed and is_suspicious(connection, old, walk.projection_id):
        hold_back(connection, begun, now_ms)
        return 0
    count = tell(connection, begun, walk, old, now_ms)
    calendars.activate(connection, begun.calendar.id, walk.projection_id, now_ms)
    return count


def is_suspicious(connection: Connection, old: ProjectionId, new: ProjectionId) -> bool:
    return (
        events.count_live(connection, new) == 0 and events.count_live(connection, old) >= SWEEP_GUARD_ROWS_MIN
    )


def hold_back(connection: Connection, begun: Begun, now_ms: int) -> None:
    """Readers keep what they see; the next listing decides, in a quarter of an hour or after a mark made meanwhile."""
    state = begun.state
    values = {
        "sync_token": None,
        "guarded_at": state.guarded_at or now_ms,
        "next_due_at": sync_states.later_unless_marked(now_ms + SWEEP_GUARD_WAIT_MS),
    }
    sync_states.change(connection, state.id, state.fence, values)


def tell(connection: Connection, begun: Begun, walk: Pass, old: ProjectionId, now_ms: int) -> int:
    calendar, new = begun.calendar, walk.projection_id
    buried = projections.left_behind(connection, old, new)
    kinds: list[tuple[str | None, str]] = list(projections.differing(connection, old, new))
    gone: list[tuple[str | None, str]] = [
        (row.event_id, "cancelled") for row in buried if row.status != "cancelled"
    ]
    kinds += gone
    first = changes.append(connection, calendar.user_id, calendar.id, kinds, now_ms)
    numbers = {str(event_id): first + n for n, (event_id, _) in enumerate(kinds)}
    projections.inherit_numbers(connection, old, new)
    projections.set_numbers(connection, new, numbers)
    projections.entomb(connection, new, buried, numbers, generation=walk.generation, now_ms=now_ms)
    return len(kinds)
