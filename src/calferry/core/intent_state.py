"""What follows when Google does not take an edit.

Reasons by method: https://developers.google.com/workspace/calendar/api/guides/errors
"""

from dataclasses import dataclass
from typing import Literal

from calferry.core.failure import LATER_BY_CAUSE_MS, Cause, SourceFailure, describe
from calferry.core.intent import IntentKind
from calferry.core.limits import INTENT_BACKOFF_FIRST_MS, INTENT_BACKOFF_MAX_MS, WAIT_MAX_MS

Next = Literal["later", "refused", "gone", "changed", "taken"]
"""`later`: it is tried again. `refused`: Google will not have it. `gone`: there is no such event any more. `changed`: the
event is not what the edit was made on. `taken`: there is an event of that id already."""

REFUSALS = frozenset({Cause.FORBIDDEN, Cause.BAD_REQUEST, Cause.SCOPE_MISSING, Cause.NOT_A_CALENDAR_USER})
UNCLEAR = frozenset({Cause.UNREACHABLE, Cause.SERVER_ERROR, Cause.BAD_ANSWER, Cause.TOO_LARGE})


@dataclass(frozen=True, slots=True)
class Setback:
    """`code` is Google's status, or ours where it gave none; `uncertain`: it may have been done all the same."""

    next: Next
    wait_ms: int
    code: str
    reason: str
    message: str
    uncertain: bool = False


def after(failure: SourceFailure, kind: IntentKind, attempts: int) -> Setback:
    """Judge a failed attempt. `attempts`: those before this one."""
    info = describe(failure)
    return Setback(
        next_step(failure.cause, kind),
        wait_ms(failure, attempts),
        info.code,
        failure.reason,
        failure.message,
        uncertain=failure.follows_unclear or (failure.cause in UNCLEAR and not failure.surely_unsent),
    )


def next_step(cause: Cause, kind: IntentKind) -> Next:
    if cause in (Cause.NOT_FOUND, Cause.ALREADY_DELETED):
        return "refused" if kind == "insert" else "gone"
    if cause is Cause.PRECONDITION_FAILED:
        return "changed"
    if cause is Cause.DUPLICATE:
        return "taken" if kind == "insert" else "refused"
    return "refused" if cause in REFUSALS else "later"


def wait_ms(failure: SourceFailure, attempts: int) -> int:
    """Doubling from two seconds to a quarter of an hour; longer where Google or a quota says so."""
    usual: int = min(INTENT_BACKOFF_FIRST_MS * 2 ** min(attempts, 20), INTENT_BACKOFF_MAX_MS)
    asked = int((failure.retry_after_s or 0) * 1000)
    least = 0 if failure.cause is Cause.BAD_REQUEST else LATER_BY_CAUSE_MS.get(failure.cause, 0)
    return min(max(usual, asked, least), WAIT_MAX_MS)
