"""`calferry sync --dry-run`: what listing everything again would change, told and not done."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from calferry.cli.endings import DONE, FAILED, SIGN_IN_AGAIN
from calferry.cli.output import Output, count, shortened, table
from calferry.core.failure import FailureInfo, SourceFailure, describe
from calferry.store.account_reads import CalendarRow
from calferry.sync.engine import Engine
from calferry.sync.verify import Verification, verify_calendar

NAMED_MAX = 20


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A calendar with what a full listing of it would do to its rows, or why that cannot be told."""

    calendar: CalendarRow
    found: Verification
    failure: FailureInfo | None = None


async def foresee(output: Output, engine: Engine, chosen: Sequence[CalendarRow]) -> int:
    """List each calendar at Google and compare it with its rows, which stay as they are. Returns the exit code."""
    began = time.monotonic()
    found = [await foresee_one(engine, calendar) for calendar in chosen]
    for one in found:
        if one.failure is not None:
            output.say(f"{shortened(one.calendar.summary)} could not be listed: {one.failure.message}")
    values = {
        "dry_run": True,
        "seconds": round(time.monotonic() - began, 3),
        "calendars": [shown(one) for one in found],
    }
    output.outcome(values, listing(found), sentence(found))
    return exit_code(found)


async def foresee_one(engine: Engine, calendar: CalendarRow) -> Foreseen:
    try:
        return Foreseen(calendar, await verify_calendar(engine, calendar.id))
    except SourceFailure as failure:
        return Foreseen(calendar, Verification(calendar.id), describe(failure))


def exit_code(found: Sequence[Foreseen]) -> int:
    """Differences are no failure here: the question was what they are."""
    codes = {one.failure.code for one in found if one.failure is not None}
    if "401" in codes:
        return SIGN_IN_AGAIN
    return FAILED if codes else DONE


def shown(one: Foreseen) -> dict[str, Any]:
    """Counts, and the ids of twenty events of each kind."""
    kinds = {"add": one.found.missing, "change": one.found.different, "remove": one.found.extra}
    return {
        "id": one.calendar.id,
        "listed": one.found.checked,
        **{name: len(ids) for name, ids in kinds.items()},
        "events": {name: ids[:NAMED_MAX] for name, ids in kinds.items()},
        "set_aside": len(one.found.set_aside),
        "error": one.failure and {"code": one.failure.code, "message": one.failure.message},
    }


def listing(found: Sequence[Foreseen]) -> object:
    rows = [[shortened(one.calendar.summary), *numbers(one)] for one in found]
    headings = ("calendar", "at Google", "add", "change", "remove")
    return table(headings, rows, "No calendar of this address is known.")


def numbers(one: Foreseen) -> list[str]:
    if one.failure is not None:
        return ["?"] * 4
    kinds = (one.found.missing, one.found.different, one.found.extra)
    return [str(one.found.checked), *(str(len(ids)) for ids in kinds)]


def sentence(found: Sequence[Foreseen]) -> str:
    changes = sum(one.found.differences for one in found)
    return f"A full sync would write {count(changes, 'event')}; nothing was written."
