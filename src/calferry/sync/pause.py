"""A person pauses a calendar, and resumes it."""

from sqlalchemy import Connection

from calferry.store import calendars, channels, sync_states
from calferry.sync.begin import USABLE
from calferry.sync.engine import Engine


async def pause_calendar(engine: Engine, calendar_id: str) -> bool:
    """Ask Google nothing more about the calendar. What is mirrored stays readable; its channel is stopped soon.

    False when it is paused already, or gone.
    """
    return await engine.store.write(lambda tx: pause(tx, calendar_id))


async def resume_calendar(engine: Engine, calendar_id: str) -> bool:
    """Go on from where it was paused, at once. False when it is not paused."""
    now_ms = engine.clock.now_ms()
    resumed = await engine.store.write(lambda tx: resume(tx, calendar_id, now_ms))
    if resumed:
        engine.signals.wake("due")
    return resumed


def pause(connection: Connection, calendar_id: str) -> bool:
    """The same inside a transaction."""
    if not sync_states.halt(connection, calendar_id):
        return False
    channels.drain(connection, calendar_id)
    return True


def resume(connection: Connection, calendar_id: str, now_ms: int) -> bool:
    """The same inside a transaction. Under an account that cannot be used the calendar waits with the others."""
    if not sync_states.go_on(connection, calendar_id):
        return False
    sync_states.mark(connection, [calendar_id], now_ms)
    calendar = calendars.load(connection, calendar_id)
    if calendar is not None and calendar.account_status not in USABLE:
        sync_states.await_account(connection, calendar_id)
    return True
