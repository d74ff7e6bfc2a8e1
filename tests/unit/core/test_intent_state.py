"""What follows when Google does not take an edit."""

import pytest

from calferry.core.failure import Cause, SourceFailure
from calferry.core.intent import IntentKind
from calferry.core.intent_state import after, next_step


@pytest.mark.parametrize(
    ("cause", "kind", "step"),
    [
        (Cause.UNREACHABLE, "insert", "later"),
        (Cause.SERVER_ERROR, "patch", "later"),
        (Cause.RATE_LIMITED, "delete", "later"),
        (Cause.QUOTA_EXCEEDED, "insert", "later"),
        (Cause.GRANT_REVOKED, "patch", "later"),
        (Cause.FORBIDDEN, "patch", "refused"),
        (Cause.BAD_REQUEST, "insert", "refused"),
        (Cause.NOT_FOUND, "insert", "refused"),
        (Cause.NOT_FOUND, "patch", "gone"),
        (Cause.NOT_FOUND, "delete", "gone"),
        (Cause.ALREADY_DELETED, "delete", "gone"),
        (Cause.PRECONDITION_FAILED, "patch", "changed"),
        (Cause.DUPLICATE, "insert", "taken"),
    ],
)
def test_cause_and_kind_say_what_follows(cause: Cause, kind: IntentKind, step: str) -> None:
    assert next_step(cause, kind) == step


def test_waits_double_and_are_bounded() -> None:
    failure = SourceFailure(Cause.SERVER_ERROR, "down", status=503)
    waits = [after(failure, "patch", attempts).wait_ms for attempts in (0, 1, 2, 30)]
    assert waits == [2_000, 4_000, 8_000, 900_000]


def test_googles_own_wait_is_honoured() -> None:
    failure = SourceFailure(Cause.RATE_LIMITED, "slow down", status=429, retry_after_s=120)
    assert after(failure, "patch", 0).wait_ms == 120_000


def test_spent_quota_waits_for_an_hour() -> None:
    failure = SourceFailure(Cause.QUOTA_EXCEEDED, "no more", status=403)
    assert after(failure, "insert", 0).wait_ms == 3_600_000


def test_what_surely_never_left_is_certain() -> None:
    lost = SourceFailure(Cause.UNREACHABLE, "reset")
    unsent = SourceFailure(Cause.UNREACHABLE, "refused", surely_unsent=True)
    refused = SourceFailure(Cause.FORBIDDEN, "no", status=403)
    assert [after(one, "insert", 0).uncertain for one in (lost, unsent, refused)] == [True, False, False]
