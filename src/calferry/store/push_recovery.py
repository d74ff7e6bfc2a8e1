"""After notifications may have been lost: calendars that rely on them are polled soon."""

from collections.abc import Callable

from sqlalchemy import BigInteger, BindParameter, Connection, bindparam, or_, select, update

from calferry.store.tables import channels, sync_states


def spread_push_covered(conn: Connection, now_ms: int, delay_ms: Callable[[], int]) -> int:
    """Bring forward the due time of every calendar with a live channel, each by its own delay; return how many."""
    covered = (
        select(sync_states.c.id)
        .join_from(sync_states, channels, channels.c.resource == sync_states.c.id)
        .where(channels.c.state == "active", sync_states.c.status.in_(("idle", "syncing")))
        .distinct()
    )
    rows = [
        {"state_id": state_id, "due_at": now_ms + delay_ms()} for state_id in conn.execute(covered).scalars()
    ]
    if rows:
        due_at: BindParameter[int] = bindparam("due_at", type_=BigInteger)
        later = or_(sync_states.c.next_due_at.is_(None), sync_states.c.next_due_at > due_at)
        change = update(sync_states).where(sync_states.c.id == bindparam("state_id"), later)
        conn.execute(change.values(next_due_at=due_at), rows)
    return len(rows)
