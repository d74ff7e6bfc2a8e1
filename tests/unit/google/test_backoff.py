import pytest

from calferry.google import RetryBudget, RetryPolicy, read_retry_after
from calferry.google.backoff import next_wait_s, wait_s

NOW = 1_791_280_800.0  # Tue, 06 Oct 2026 10:00:00 GMT


@pytest.mark.parametrize(
    ("retries", "jitter", "seconds"),
    [
        (0, 0.0, 1.0),
        (0, 0.5, 1.5),
        (1, 0.25, 2.25),
        (3, 1.0, 9.0),
        (4, 1.0, 17.0),
        (5, 0.5, 32.0),
        (99, 1.0, 32.0),
    ],
)
def test_waits_double_up_to_a_maximum(retries, jitter, seconds) -> None:
    assert wait_s(RetryPolicy(), retries, jitter) == seconds


def schedule(policy: RetryPolicy, retry_after_s: float | None = None) -> list[float]:
    waits: list[float] = []
    while True:
        wait = next_wait_s(
            policy,
            attempts=len(waits) + 1,
            elapsed_s=sum(waits),
            jitter_s=0.0,
            retry_after_s=retry_after_s,
        )
        if wait is None:
            return waits
        waits.append(wait)


def test_five_attempts_are_made_in_all() -> None:
    assert schedule(RetryPolicy()) == [1.0, 2.0, 4.0, 8.0]


def test_no_wait_reaches_beyond_a_minute_in_all() -> None:
    assert schedule(RetryPolicy(attempts_max=99)) == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_a_longer_retry_after_is_honoured_and_a_shorter_one_changes_nothing() -> None:
    assert schedule(RetryPolicy(), 20.0) == [20.0, 20.0]
    assert schedule(RetryPolicy(), 0.0) == [1.0, 2.0, 4.0, 8.0]


def test_a_retry_after_beyond_the_minute_is_left_to_the_caller() -> None:
    assert schedule(RetryPolicy(), 61.0) == []


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("7", 7.0),
        (" 120 ", 120.0),
        ("3601", 3600.0),
        ("1000000000", 3600.0),
        ("9" * 5000, 3600.0),
        ("-5", 0.0),
        ("-" + "9" * 50, 0.0),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("٣", None),
        ("Tue, 06 Oct 2026 10:00:30 GMT", 30.0),
        ("Tue, 06 Oct 2026 09:00:00 GMT", 0.0),
        ("Tue, 06 Oct 2099 10:00:00 GMT", 3600.0),
        ("Tue, 99 Oct 2026 10:00:00 GMT", None),
        ("Tue, 06 Oct 99999999999 10:00:00 GMT", None),
    ],
)
def test_retry_after_is_read_with_care(value, seconds) -> None:
    assert read_retry_after(value, NOW) == seconds


def test_a_date_without_a_clock_says_nothing() -> None:
    assert read_retry_after("Tue, 06 Oct 2026 10:00:30 GMT", None) is None


def test_a_lone_client_may_retry_a_little() -> None:
    budget = RetryBudget()
    budget.note_request(0.0)
    assert [budget.take_retry(0.0) for _ in range(12)] == [True] * 10 + [False] * 2


def test_retries_stay_below_a_tenth_of_the_requests_of_two_minutes() -> None:
    budget = RetryBudget()
    retried = 0
    for second in range(3600):
        budget.note_request(float(second))
        budget.note_request(float(second))
        retried += budget.take_retry(float(second))
    assert 0.08 * 7200 <= retried <= 0.1 * 7200


def test_a_spent_budget_is_free_again_after_two_minutes() -> None:
    budget = RetryBudget()
    while budget.take_retry(5.0):
        pass
    assert not budget.take_retry(124.9)
    assert budget.take_retry(125.1)
