"""What a calendar is mirrored as: series with their exceptions, or the instances that Google expands."""

from sqlalchemy import Connection

from calferry.core.model import Mode
from calferry.core.sync_state import effective_mode
from calferry.store import calendars, sync_states
from calferry.sync.engine import Engine


async def change_mode(engine: Engine, calendar_id: str, mode: Mode) -> bool:
    """Want another mode; readers see the old one until everything is listed in the new one.

    Throws out a run in flight. False when nothing has to be listed for it; raises `LookupError` for an unknown
    calendar.
    """
    now_ms = engine.clock.now_ms()
    changed = await engine.store.write(lambda tx: want(tx, calendar_id, mode, now_ms))
    if changed:
        engine.signals.wake("due")
    return changed


def want(connection: Connection, calendar_id: str, mode: Mode, now_ms: int) -> bool:
    """The same inside a transaction; whoever calls wakes the worker."""
    calendar = calendars.load(connection, calendar_id)
    if calendar is None or sync_states.find(connection, calendar_id) is None:
        raise LookupError(calendar_id)
    calendars.set_mode(connection, calendar_id, mode)
    changed = effective_mode(mode, calendar.envelope.access_role) != calendar.active.wanted
    if changed:
        sync_states.invalidate(connection, [calendar_id], now_ms)
    return changed
