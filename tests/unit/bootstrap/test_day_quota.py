"""A day's requests are counted from midnight to midnight in California."""

from datetime import UTC, datetime

import pytest

from calferry import google
from calferry.bootstrap.day_quota import DayQuota

EVENING = datetime(2027, 1, 15, 7, 59, tzinfo=UTC).timestamp()


class Unlimited:
    async def acquire(self, user: str, units: int, wait_max_s: float) -> None:
        return


class Used:
    async def acquire(self, user: str, units: int, wait_max_s: float) -> None:
        raise google.RateLimited(reason="localQuota")


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = EVENING

    def now(self) -> float:
        return self.at


async def test_a_used_up_day_ends_at_midnight_in_california() -> None:
    hands = Hands()
    quota = DayQuota(Unlimited(), 3, hands.now)
    await quota.acquire("acc", 2, 60)
    await quota.acquire("acc", 1, 60)
    with pytest.raises(google.DailyLimitExceeded, match="CALFERRY_QUOTA_PER_DAY") as refused:
        await quota.acquire("acc", 1, 60)
    assert refused.value.retry_after_s == 60
    hands.at += 61
    await quota.acquire("acc", 3, 60)


async def test_what_the_other_quota_refuses_is_not_counted() -> None:
    quota = DayQuota(Used(), 1, Hands().now)
    with pytest.raises(google.RateLimited):
        await quota.acquire("acc", 1, 60)
    assert quota._spent == 0
