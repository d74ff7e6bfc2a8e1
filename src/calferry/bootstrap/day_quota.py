"""The project's quota of a day, which Google counts from midnight to midnight in California."""

from collections.abc import Callable

from calferry import google
from calferry.bootstrap.google_day import day_began, day_ends


class DayQuota:
    """`google.Quota`: so many requests a day from this process, on top of another quota's limits.

    `now` answers unix seconds. The count begins anew with the process.
    """

    def __init__(self, inner: google.Quota, per_day: int, now: Callable[[], float]) -> None:
        self._inner = inner
        self._per_day = per_day
        self._now = now
        self._day = day_began(now())
        self._spent = 0

    async def acquire(self, user: str, units: int, wait_max_s: float) -> None:
        """Spend. Raises DailyLimitExceeded until the next day begins, RateLimited as the other quota does."""
        self._turn_page()
        if self._spent + units > self._per_day:
            wait_s = day_ends(self._now()) - self._now()
            text = f"CALFERRY_QUOTA_PER_DAY is used up: {self._per_day} requests were sent today."
            raise google.DailyLimitExceeded(text, reason="localDailyQuota", retry_after_s=wait_s)
        await self._inner.acquire(user, units, wait_max_s)
        self._spent += units

    def left(self) -> int:
        """Units that this process may still spend today."""
        self._turn_page()
        return self._per_day - self._spent

    def _turn_page(self) -> None:
        today = day_began(self._now())
        if today != self._day:
            self._day, self._spent = today, 0
