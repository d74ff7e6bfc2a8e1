"""Calendars compared with Google, a few at a time, each about once a day: whoever reads the mirror can tell it is right."""

from functools import partial
from math import ceil
from typing import NamedTuple

import structlog
from sqlalchemy import Connection

from calferry.core.failure import SourceFailure
from calferry.core.sync_state import page_size
from calferry.store import events, sync_states, verification
from calferry.store.verification import Candidate
from calferry.sync.engine import Engine
from calferry.sync.verify import Verification
from calferry.sync.verify_settled import list_in_full, verify_settled

REST_MS = 20 * 3_600_000
SOON_MS = 3_600_000
"""A calendar that differed is looked at again after this, to see that it was put right."""
PAGES_A_REST = 10
"""Larger calendars rest longer, so that no calendar costs more than this in the long run."""
PAGES_AT_ONCE = 60
AT_ONCE_MIN = 2
CALLS_TO_COME_ROUND = 24
FAILURES_MAX = 3

log = structlog.get_logger(__name__)


class Sample(NamedTuple):
    """Calendars that were compared, those of them that differed, and those that could not be compared."""

    verified: int
    differing: int
    failed: int


async def verify_sample(engine: Engine) -> Sample:
    """Verify the calendars that nobody has compared for the longest time; list those anew that differ.

    Few at a time, so that a day's work spreads over the day: a share of those that wait, and only so many pages.
    """
    waiting = await engine.store.read(partial(candidates, now_ms=engine.clock.now_ms()))
    places = max(AT_ONCE_MIN, ceil(len(waiting) / CALLS_TO_COME_ROUND))
    pages_left, outcomes, failing = PAGES_AT_ONCE, list[bool](), set[str]()
    for candidate in waiting:
        if len(outcomes) >= places or pages_left <= 0 or len(failing) >= FAILURES_MAX:
            break
        if candidate.account_id in failing:
            continue
        pages = await pages_of(engine, candidate)
        if not is_due(candidate, pages, engine.clock.now_ms()):
            continue
        pages_left -= pages
        equal = await verify_one(engine, candidate.calendar_id)
        if equal is None:
            failing.add(candidate.account_id)
        else:
            outcomes.append(equal)
    return Sample(len(outcomes), outcomes.count(False), len(failing))


def candidates(connection: Connection, now_ms: int) -> list[Candidate]:
    return verification.candidates(
        connection, now_ms, proved_before_ms=now_ms - REST_MS, differed_before_ms=now_ms - SOON_MS
    )


async def pages_of(engine: Engine, candidate: Candidate) -> int:
    """About how many pages its listing has."""
    live = await engine.store.read(partial(events.count_live, projection_id=candidate.projection_id))
    return max(1, ceil(live / page_size(candidate.mode)))


def is_due(candidate: Candidate, pages: int, now_ms: int) -> bool:
    """Whether a calendar of so many pages has rested long enough."""
    rest_ms = SOON_MS if candidate.differed else REST_MS
    rested_ms = now_ms - candidate.proved_at
    return rested_ms < 0 or rested_ms >= rest_ms * max(1.0, pages / PAGES_A_REST)


async def verify_one(engine: Engine, calendar_id: str) -> bool | None:
    """Whether the calendar was equal; None: Google did not answer, and the next run will say why."""
    try:
        found = await verify_settled(engine, calendar_id)
    except SourceFailure as failure:
        log.info("verification_failed", calendar_id=calendar_id, cause=failure.cause.name)
        now_ms = engine.clock.now_ms()
        await engine.store.write(lambda tx: sync_states.mark(tx, [calendar_id], now_ms))
        return None
    except LookupError:
        return None
    if found.failure is not None:
        log.info("verification_failed", calendar_id=calendar_id, cause=found.failure.code)
        return None
    if found.differences:
        await mend(engine, found)
    return not found.differences


async def mend(engine: Engine, found: Verification) -> None:
    """List the calendar into the rows that readers see; what is missing waits for a second listing where it is much."""
    log.warning(
        "mirror_differs",
        calendar_id=found.calendar_id,
        missing=len(found.missing),
        extra=len(found.extra),
        different=len(found.different),
    )
    failure = await list_in_full(engine, found.calendar_id, confirmed=False)
    if failure is not None:
        log.info("mirror_not_mended", calendar_id=found.calendar_id, cause=failure.code)
