"""Reading an account's calendar list while somebody waits for it."""

from typing import Any

from calferry.store import sync_states
from calferry.sync.calendar_list import ListReport, refresh_calendar_list
from calferry.sync.engine import Engine

WAIT_MS = 10_000
LOOK_AGAIN_S = 0.1


async def list_calendars(engine: Engine, account_id: str, *, or_by_others: bool) -> ListReport:
    """Read the list now, after whoever is reading it. `or_by_others`: their reading will do as well.

    The report is `held` when the list stayed taken for ten seconds, or is being left alone after a failure.
    """
    began_ms = engine.clock.now_ms()
    while True:
        report = await refresh_calendar_list(engine, account_id)
        if not report.held or engine.clock.now_ms() >= began_ms + WAIT_MS:
            return report
        row = await engine.store.read(lambda conn: sync_states.find(conn, account_id))
        if row is None or is_put_off(row, began_ms):
            return report
        if or_by_others and (row.last_success_at or 0) >= began_ms:
            return ListReport()
        await engine.clock.sleep(LOOK_AGAIN_S)


def is_put_off(row: Any, now_ms: int) -> bool:
    return row.status not in ("idle", "syncing") or (row.not_before_at or 0) > now_ms + WAIT_MS
