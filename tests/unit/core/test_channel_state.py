"""Which messages of a channel count, and when it is replaced."""

import hashlib
from dataclasses import replace

import pytest

from calferry.core.channel_state import TRANSITIONS, KnownChannel, Message, origins, renew_time, verify

SECRET = "s3cret"
OPEN = KnownChannel(
    "active", hashlib.sha256(SECRET.encode()).digest(), "resource", 1_000, account_usable=True
)
TRUE = Message(SECRET, "resource")


def test_true_message_is_accepted() -> None:
    assert verify(OPEN, TRUE, 999) == "accepted"


@pytest.mark.parametrize("state", ["registering", "active", "draining"])
def test_channel_counts_until_it_is_stopped(state: str) -> None:
    assert verify(replace(OPEN, state=state), TRUE, 0) == "accepted"


@pytest.mark.parametrize("state", ["stopped", "failed"])
def test_closed_channel_does_not(state: str) -> None:
    assert verify(replace(OPEN, state=state), TRUE, 0) == "closed"


@pytest.mark.parametrize("token", [None, "", "guess", SECRET + " ", "\ud800", "ÿ" * 5_000])
def test_wrong_token_is_refused_whatever_else_is_right(token: str | None) -> None:
    assert verify(OPEN, Message(token, "resource"), 0) == "token"
    assert verify(None, Message(token, "resource"), 0) == "unknown"


def test_resource_has_to_be_the_known_one() -> None:
    assert verify(OPEN, Message(SECRET, "another"), 0) == "resource"
    unanswered = replace(OPEN, state="registering", resource_id=None, expires_at=None)
    assert verify(unanswered, Message(SECRET, "whatever"), 0) == "accepted"


def test_channel_ends_on_time() -> None:
    assert verify(OPEN, TRUE, 1_000) == "expired"


def test_account_that_cannot_be_used_takes_no_messages() -> None:
    assert verify(replace(OPEN, account_usable=False), TRUE, 0) == "account"


def test_every_state_can_be_left() -> None:
    left = {state for state, _ in TRANSITIONS}
    reached = set(TRANSITIONS.values())
    assert reached <= left


def test_end_of_its_time_stops_a_channel_that_is_open() -> None:
    assert [state for (state, event) in TRANSITIONS if event == "expired"] == ["active", "draining"]


def test_channel_that_failed_is_at_most_stopped() -> None:
    assert origins("stopped") == ["active", "draining"]
    assert origins("failed") == ["draining", "registering"]
    assert {event: after for (before, event), after in TRANSITIONS.items() if before == "failed"} == {
        "answered_late": "draining",
        "granted_again": "draining",
    }


def test_renewal_is_a_day_or_a_fifth_of_the_life_before_the_end() -> None:
    hour = 3_600_000
    assert renew_time(0, 7 * 24 * hour) == 6 * 24 * hour
    assert renew_time(0, 10 * hour) == 8 * hour
    assert renew_time(0, 7 * 24 * hour, 0.25) == (6 * 24 - 6) * hour
