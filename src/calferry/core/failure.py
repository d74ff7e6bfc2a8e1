"""What went wrong, and what the run does next.

    SourceFailure            Google's side failed, for one `Cause`
    LeaseLost                somebody else runs this calendar now, or it is gone

A cause is named for what it means, not for its status: 403 and 410 have several causes each.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

from calferry.core.limits import BACKOFF_FIRST_MS, BACKOFF_MAX_MS, WAIT_MAX_MS


class Cause(Enum):
    """Why Google did not answer as hoped."""

    SYNC_TOKEN_EXPIRED = auto()
    PAGE_TOKEN_INVALID = auto()
    RATE_LIMITED = auto()
    QUOTA_EXCEEDED = auto()
    DAILY_LIMIT = auto()
    GRANT_REVOKED = auto()
    UNAUTHORIZED = auto()
    SCOPE_MISSING = auto()
    API_DISABLED = auto()
    NOT_A_CALENDAR_USER = auto()
    FORBIDDEN = auto()
    NOT_FOUND = auto()
    ALREADY_DELETED = auto()
    DUPLICATE = auto()
    PRECONDITION_FAILED = auto()
    BAD_REQUEST = auto()
    CHANNEL_ID_TAKEN = auto()
    PUSH_UNSUPPORTED = auto()
    PUSH_REFUSED = auto()
    CLIENT_INVALID = auto()
    SERVER_ERROR = auto()
    BAD_ANSWER = auto()
    TOO_LARGE = auto()
    UNREACHABLE = auto()


class SourceFailure(Exception):
    """One failed request to Google, after its own retries. The message is safe to show and to log.

    `follows_unclear`: an earlier try of it may have been done, whatever came of the last one.
    """

    def __init__(
        self,
        cause: Cause,
        message: str,
        *,
        status: int | None = None,
        reason: str = "",
        retry_after_s: float | None = None,
        surely_unsent: bool = False,
        follows_unclear: bool = False,
    ) -> None:
        super().__init__(message)
        self.cause = cause
        self.message = message
        self.status = status
        self.reason = reason
        self.retry_after_s = retry_after_s
        self.surely_unsent = surely_unsent
        self.follows_unclear = follows_unclear


class LeaseLost(Exception):
    """The fence has moved: this run may not write any more."""


@dataclass(frozen=True, slots=True)
class FailureInfo:
    """How a failure is shown: `code` is Google's status, or ours where Google gave none."""

    code: str
    message: str
    retryable: bool


Next = Literal["full_sync", "restart_pass", "later", "account", "confirm_removal", "relist"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows a failure; `wait_ms` counts from now."""

    next: Next
    wait_ms: int
    info: FailureInfo
    account_status: Literal["needs_reauth", "partial", "calendar_disabled"] | None = None
    forget_page: bool = False
    """The stored page leads nowhere: the next run begins its pass anew."""
    quota_wait_ms: int | None = None
    """Our own quota is used up for so long: nothing of the account is run until then."""


# Reasons of our own, for listings that do not end.
PAGE_TOKEN_LOOP = "page_token_loop"  # noqa: S105 - a reason, no secret
TOO_MANY_PAGES = "too_many_pages"
OWN_QUOTA = frozenset({"localQuota", "localDailyQuota"})
ENDLESS = frozenset({PAGE_TOKEN_LOOP, TOO_MANY_PAGES})

LATER_BY_CAUSE_MS = {
    Cause.QUOTA_EXCEEDED: 3_600_000,
    Cause.DAILY_LIMIT: 4 * 3_600_000,
    Cause.API_DISABLED: 600_000,
    Cause.CLIENT_INVALID: 600_000,
    Cause.BAD_REQUEST: 3_600_000,
    Cause.TOO_LARGE: 3_600_000,
}

ACCOUNT_STATUS: dict[Cause, Literal["needs_reauth", "partial", "calendar_disabled"]] = {
    Cause.GRANT_REVOKED: "needs_reauth",
    Cause.UNAUTHORIZED: "needs_reauth",
    Cause.SCOPE_MISSING: "partial",
    Cause.NOT_A_CALENDAR_USER: "calendar_disabled",
}

CODE_WITHOUT_STATUS = {
    Cause.GRANT_REVOKED: "401",
    Cause.UNREACHABLE: "502",
    Cause.BAD_ANSWER: "502",
    Cause.TOO_LARGE: "502",
}

PERMANENT = frozenset(
    {
        Cause.GRANT_REVOKED,
        Cause.UNAUTHORIZED,
        Cause.NOT_A_CALENDAR_USER,
        Cause.NOT_FOUND,
        Cause.BAD_REQUEST,
        Cause.CLIENT_INVALID,
    }
)


def decide(failure: SourceFailure, *, full: bool, failures: int, restarts: int) -> Decision:
    """Turn a failed request of a run into what the run does next.

    `full`: the pass was a full listing, so another full sync would not help. `failures`: runs that failed in a
    row before this one. `restarts`: how often this pass was already started again.
    """
    info = describe(failure)
    cause = failure.cause
    if cause is Cause.SYNC_TOKEN_EXPIRED and not full:
        return Decision("full_sync", 0, info)
    if cause is Cause.PAGE_TOKEN_INVALID and restarts < 5:
        return Decision("restart_pass", 0, info)
    if cause in ACCOUNT_STATUS:
        wait_ms = WAIT_MAX_MS if cause is Cause.SCOPE_MISSING else 0
        return Decision("account", wait_ms, info, ACCOUNT_STATUS[cause])
    if cause is Cause.NOT_FOUND:
        return Decision("confirm_removal", backoff_ms(failures), info)
    if cause is Cause.FORBIDDEN:
        return Decision("relist", max(backoff_ms(failures), 60_000), info)
    wait_ms = LATER_BY_CAUSE_MS.get(cause, backoff_ms(failures))
    told_ms = None if failure.retry_after_s is None else min(int(failure.retry_after_s * 1000), WAIT_MAX_MS)
    if told_ms is not None:
        wait_ms = max(wait_ms, told_ms)
    forget_page = cause is Cause.PAGE_TOKEN_INVALID or failure.reason in ENDLESS
    quota_wait_ms = told_ms if failure.reason in OWN_QUOTA else None
    return Decision("later", min(wait_ms, WAIT_MAX_MS), info, None, forget_page, quota_wait_ms)


def describe(failure: SourceFailure) -> FailureInfo:
    """The failure in the words of `sync_error`. Every 403 counts as retryable there, as documented."""
    unasked = 429 if failure.cause is Cause.RATE_LIMITED else 502
    code = CODE_WITHOUT_STATUS.get(failure.cause) or str(failure.status or unasked)
    retryable = code == "403" or failure.cause not in PERMANENT
    return FailureInfo(code, failure.message, retryable)


def backoff_ms(failures: int) -> int:
    """Wait after the n-th failed run in a row: doubling from ten seconds to an hour."""
    return int(min(BACKOFF_FIRST_MS * 2 ** min(failures, 20), BACKOFF_MAX_MS))


OURS = FailureInfo("500", "The server failed while syncing this calendar; it will be tried again.", True)
UNKNOWN_CALENDAR = FailureInfo("404", "There is no such calendar among yours.", False)
DEAD_GRANT = FailureInfo("401", "Google no longer accepts this account's grant; connect it again.", False)
HALTED = FailureInfo("409", "This calendar is paused: it is not synced until somebody resumes it.", False)
