"""From a failed request to what the run does next."""

import pytest

from calferry.core.failure import (
    ACCOUNT_STATUS,
    LATER_BY_CAUSE_MS,
    Cause,
    SourceFailure,
    backoff_ms,
    decide,
    describe,
)
from calferry.core.limits import BACKOFF_MAX_MS, WAIT_MAX_MS


def failure(cause: Cause, **fields: object) -> SourceFailure:
    return SourceFailure(cause, "because", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("cause", Cause)
@pytest.mark.parametrize("full", [True, False])
def test_every_cause_has_a_bounded_consequence(cause: Cause, full: bool) -> None:
    decision = decide(failure(cause), full=full, failures=50, restarts=0)
    assert 0 <= decision.wait_ms <= WAIT_MAX_MS
    assert decision.info.message == "because"
    assert (decision.next == "account") == (decision.account_status is not None)


def test_expired_sync_token_lists_everything_once() -> None:
    expired = failure(Cause.SYNC_TOKEN_EXPIRED)
    assert decide(expired, full=False, failures=0, restarts=0).next == "full_sync"
    assert decide(expired, full=True, failures=0, restarts=0).next == "later"


def test_dead_page_token_restarts_the_pass_a_few_times() -> None:
    dead = failure(Cause.PAGE_TOKEN_INVALID)
    nexts = [decide(dead, full=True, failures=0, restarts=n).next for n in range(7)]
    assert nexts == ["restart_pass"] * 5 + ["later"] * 2


@pytest.mark.parametrize(("cause", "status"), ACCOUNT_STATUS.items())
def test_only_the_account_stops_for_its_own_reasons(cause: Cause, status: str) -> None:
    assert decide(failure(cause), full=False, failures=0, restarts=0).account_status == status


def test_missing_scope_is_not_asked_for_again_at_once() -> None:
    assert decide(failure(Cause.SCOPE_MISSING), full=False, failures=0, restarts=0).wait_ms == WAIT_MAX_MS


@pytest.mark.parametrize(
    "cause",
    [Cause.RATE_LIMITED, Cause.SERVER_ERROR, Cause.UNREACHABLE, Cause.BAD_ANSWER, Cause.CLIENT_INVALID],
)
def test_passing_trouble_never_touches_the_account(cause: Cause) -> None:
    decision = decide(failure(cause), full=False, failures=0, restarts=0)
    assert (decision.next, decision.account_status) == ("later", None)
    assert decision.wait_ms >= 10_000


def test_404_is_confirmed_and_403_looked_into() -> None:
    assert decide(failure(Cause.NOT_FOUND), full=False, failures=0, restarts=0).next == "confirm_removal"
    assert decide(failure(Cause.FORBIDDEN), full=False, failures=0, restarts=0).next == "relist"


def test_retry_after_lengthens_and_never_shortens() -> None:
    short = decide(failure(Cause.RATE_LIMITED, retry_after_s=1), full=False, failures=3, restarts=0)
    long = decide(failure(Cause.RATE_LIMITED, retry_after_s=600), full=False, failures=0, restarts=0)
    endless = decide(failure(Cause.RATE_LIMITED, retry_after_s=1e9), full=False, failures=0, restarts=0)
    assert (short.wait_ms, long.wait_ms, endless.wait_ms) == (80_000, 600_000, WAIT_MAX_MS)


def test_backoff_doubles_up_to_an_hour() -> None:
    waits = [backoff_ms(n) for n in range(100)]
    assert waits[:4] == [10_000, 20_000, 40_000, 80_000]
    assert waits == sorted(waits)
    assert waits[-1] == BACKOFF_MAX_MS


def test_quotas_wait_longer_than_backoff() -> None:
    assert LATER_BY_CAUSE_MS[Cause.DAILY_LIMIT] > LATER_BY_CAUSE_MS[Cause.QUOTA_EXCEEDED] >= BACKOFF_MAX_MS


@pytest.mark.parametrize(
    ("cause", "status", "code", "retryable"),
    [
        (Cause.RATE_LIMITED, 403, "403", True),
        (Cause.RATE_LIMITED, 429, "429", True),
        (Cause.RATE_LIMITED, None, "429", True),
        (Cause.FORBIDDEN, 403, "403", True),
        (Cause.NOT_A_CALENDAR_USER, 403, "403", True),
        (Cause.NOT_FOUND, 404, "404", False),
        (Cause.GRANT_REVOKED, 400, "401", False),
        (Cause.UNAUTHORIZED, 401, "401", False),
        (Cause.UNREACHABLE, None, "502", True),
        (Cause.BAD_ANSWER, 200, "502", True),
        (Cause.SERVER_ERROR, 503, "503", True),
        (Cause.SYNC_TOKEN_EXPIRED, 410, "410", True),
        (Cause.BAD_REQUEST, 400, "400", False),
    ],
)
def test_failure_in_the_words_of_a_stream(
    cause: Cause, status: int | None, code: str, retryable: bool
) -> None:
    info = describe(failure(cause, status=status))
    assert (info.code, info.retryable) == (code, retryable)


def test_our_own_quota_holds_the_account_back_for_as_long_as_it_is_used_up() -> None:
    spent = SourceFailure(Cause.RATE_LIMITED, "used up", reason="localQuota", retry_after_s=42)
    assert decide(spent, full=False, failures=0, restarts=0).quota_wait_ms == 42_000
    googles = SourceFailure(Cause.RATE_LIMITED, "slow down", reason="rateLimitExceeded", retry_after_s=42)
    assert decide(googles, full=False, failures=0, restarts=0).quota_wait_ms is None
