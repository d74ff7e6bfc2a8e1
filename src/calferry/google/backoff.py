"""When to try again: pure arithmetic over time that is passed in.

Rules: https://developers.google.com/workspace/calendar/api/guides/quota (truncated exponential backoff).
"""

from collections import deque
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

RETRY_AFTER_MAX_S = 3600.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Limits of the tries inside one request. Seconds."""

    attempts_max: int = 5
    violations_max: int = 3
    total_s: float = 60.0
    wait_max_s: float = 32.0


def wait_s(policy: RetryPolicy, retries_before: int, jitter_s: float) -> float:
    """min(2ⁿ + jitter, maximum) seconds; n is the number of retries already made, jitter uniform in 0 to 1."""
    return min(2.0 ** min(retries_before, 32) + jitter_s, policy.wait_max_s)


def next_wait_s(
    policy: RetryPolicy, *, attempts: int, elapsed_s: float, jitter_s: float, retry_after_s: float | None
) -> float | None:
    """Seconds to wait before another attempt, or None when the limits leave no room for one.

    attempts: how many were made, at least 1. elapsed_s: since the first began.
    A Retry-After that is longer than our own wait is honoured; one that does not fit gives None.
    """
    if attempts >= policy.attempts_max:
        return None
    wait = max(wait_s(policy, attempts - 1, jitter_s), retry_after_s or 0.0)
    return wait if elapsed_s + wait < policy.total_s else None


def read_retry_after(value: str | None, now: float | None) -> float | None:
    """Seconds asked for by a Retry-After header, clamped to an hour; None if absent or unreadable.

    now: Unix seconds against which an HTTP date is measured; None makes dates unreadable.
    """
    if value is None:
        return None
    seconds = _seconds(value.strip())
    if seconds is None and now is not None:
        seconds = _seconds_until(value, now)
    return None if seconds is None else min(max(seconds, 0.0), RETRY_AFTER_MAX_S)


def _seconds(text: str) -> float | None:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        return None
    if len(digits) > 9:
        return RETRY_AFTER_MAX_S if digits is text else 0.0
    return float(text)


def _seconds_until(value: str, now: float) -> float | None:
    try:
        return parsedate_to_datetime(value).timestamp() - now
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


class RetryBudget:
    """Keeps retries below a share of the requests of the last two minutes, over all requests that share it.

    The first `free` retries in a window are always granted, so that a lone client may retry at all.
    """

    def __init__(self, share: float = 0.1, window_s: float = 120.0, free: int = 10) -> None:
        self._share = share
        self._window_s = window_s
        self._free = free
        self._requests: deque[float] = deque()
        self._retries: deque[float] = deque()

    def note_request(self, now: float) -> None:
        """Count one request (not its retries). now: monotonic seconds."""
        self._forget(now)
        self._requests.append(now)

    def take_retry(self, now: float) -> bool:
        """Spend one retry if the budget has one left."""
        self._forget(now)
        if len(self._retries) >= max(self._free, self._share * len(self._requests)):
            return False
        self._retries.append(now)
        return True

    def _forget(self, now: float) -> None:
        for moments in (self._requests, self._retries):
            while moments and moments[0] <= now - self._window_s:
                moments.popleft()
