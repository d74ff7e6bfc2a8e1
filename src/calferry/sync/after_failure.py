"""What a failed run writes down."""

from sqlalchemy import Connection

from calferry.core.failure import Decision
from calferry.store import accounts, calendars, sync_states
from calferry.store.tables import sync_states as states
from calferry.sync.begin import Begun
from calferry.sync.engine import Engine


async def settle_failure(engine: Engine, begun: Begun, decision: Decision) -> None:
    """Record the failure and give the lease back. Raises `LeaseLost` when it is not ours any more."""
    now_ms = engine.clock.now_ms()
    await engine.store.write(lambda tx: record(tx, begun, decision, now_ms))
    engine.signals.wake(f"user:{begun.calendar.user_id}")


def record(connection: Connection, begun: Begun, decision: Decision, now_ms: int) -> None:
    state, calendar = begun.state, begun.calendar
    values = sync_states.failed_values(now_ms, decision.info, decision.wait_ms)
    if decision.forget_page:
        values |= sync_states.NO_PASS
    sync_states.change(connection, state.id, state.fence, values)
    if decision.quota_wait_ms is not None:
        quota_until = now_ms + decision.quota_wait_ms
        accounts.change(connection, calendar.account_id, quota_until=quota_until)
    if decision.next == "account" and decision.account_status is not None:
        stop_account(connection, begun, decision, now_ms)
    if decision.next == "confirm_removal":
        calendars.change(connection, calendar.id, missing_since=now_ms)
    if decision.next in ("confirm_removal", "relist"):
        connection.execute(
            states.update()
            .where(states.c.id == calendar.account_id)
            .values(last_full_at=None, next_due_at=now_ms)
        )


def stop_account(connection: Connection, begun: Begun, decision: Decision, now_ms: int) -> None:
    """The account cannot be used, unless its owner has renewed the grant meanwhile."""
    calendar = begun.calendar
    values = {"status": decision.account_status, "status_reason": decision.info.message}
    applied = accounts.with_grant(connection, calendar.account_id, calendar.grant_number, values)
    if applied and decision.account_status != "partial":
        sync_states.block_account(connection, calendar.account_id, decision.info, now_ms)
