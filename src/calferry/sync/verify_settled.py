"""Verifying a calendar that goes on changing, and bringing it right.

Google and the rows are read at two times, and something may change between them. A difference counts only when the
same version at Google stands beside the same row before and after the calendar was brought up to date: the run has
had every chance to store that version.
"""

from dataclasses import replace

from calferry.core.failure import FailureInfo
from calferry.store import sync_states, verification
from calferry.sync.engine import Engine
from calferry.sync.run_calendar import RunTerms
from calferry.sync.run_many import run_until_clean
from calferry.sync.verify import Look, Verification, look_at

LOOKS_AGAIN_MAX = 3
REPAIRS_MAX = 2
"""What was missing from a listing for the first time may only go with the second, where it is much."""


async def verify_settled(engine: Engine, calendar_id: str) -> Verification:
    """Compare until every doubt is settled, a few times at most, and note the result beside the calendar's state.

    Lists the calendar once where all is equal. Brings it up to date between two looks. Raises `SourceFailure` when
    Google cannot be listed, `LookupError` for an unknown calendar.
    """
    found = await looked_again(engine, calendar_id)
    if found.failure is None:
        now_ms = engine.clock.now_ms()
        await engine.store.write(lambda tx: verification.note(tx, calendar_id, now_ms, found.differences))
    return found


async def looked_again(engine: Engine, calendar_id: str) -> Verification:
    """A look, and others as long as something is in doubt."""
    before = await look_at(engine, calendar_id)
    found = before.verification(())
    for _ in range(LOOKS_AGAIN_MAX):
        if not found.unsettled:
            break
        failure = await bring_up_to_date(engine, calendar_id)
        if failure is not None:
            return replace(found, failure=failure)
        look = await look_at(engine, calendar_id)
        found, before = look.verification(confirmed(before, look)), look
    return found


def confirmed(before: Look, look: Look) -> list[str]:
    """Doubts that a run between the two looks has left as they were."""
    if before.projection_id != look.projection_id:
        return []
    return [event_id for event_id, doubt in look.doubts.items() if before.doubts.get(event_id) == doubt]


async def bring_up_to_date(engine: Engine, calendar_id: str) -> FailureInfo | None:
    """Store whatever Google has to tell by now. Returns why that was not possible."""
    now_ms = engine.clock.now_ms()
    marks = await engine.store.write(lambda tx: sync_states.mark(tx, [calendar_id], now_ms))
    report = await run_until_clean(engine, calendar_id, RunTerms(), marks.get(calendar_id, 0))
    return None if report.outcome == "done" else report.error or UNFINISHED


UNFINISHED = FailureInfo(
    "incomplete", "The calendar could not be brought up to date in one go.", retryable=True
)


async def repair_calendar(engine: Engine, found: Verification) -> Verification:
    """List everything into the mirror, as somebody asked who trusts Google's answer, and verify again.

    Readers see each row as it was until the page that brings it. Where the listing fails, what was `found` comes back
    with the failure. Raises as `verify_settled` does.
    """
    for _ in range(REPAIRS_MAX):
        failure = await list_in_full(engine, found.calendar_id, confirmed=True)
        if failure is not None:
            return replace(found, failure=failure)
        found = await verify_settled(engine, found.calendar_id)
        if not found.differences:
            break
    return found


async def list_in_full(engine: Engine, calendar_id: str, *, confirmed: bool) -> FailureInfo | None:
    """A full pass over the rows that readers see; returns why it did not come to its end."""
    terms = RunTerms(full=True, confirmed=confirmed)
    report = await run_until_clean(engine, calendar_id, terms)
    return None if report.outcome == "done" else report.error or UNFINISHED
