"""The project's quota of a day, which Google counts from midnight to midnight in California."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from calferry import google

GOOGLE_DAY = ZoneInfo("America/Los_Angeles")


class DayQuota:
    """`google.Quota`: so many requests a day from this process, on top of another quota's limits.

    `now` answers unix seconds. The count begins anew with the process.
    """

    def __init__(self, inner: google.Quota, per_day: int, now: Callable[[], float]) -> None:
        self._inner = inner
        self._per_day = per_day
        self._now = now
        self._day = self._today().date()
        self._spent = 0

    async def acquire(self, user: str, units: int, wait_max_s: float) -> None:
        """Spend. Raises DailyLimitExceeded until the next day begins, RateLimited as the other quota does."""
        self._turn_page()
        if self._spent + units > self._per_day:
            wait_s = self._seconds_left()
            text = f"CALFERRY_QUOTA_PER_DAY is used up: {self._per_day} requests were sent today."
            raise google.DailyLimitExceeded(text, reason="localDailyQuota", retry_after_s=wait_s)
        await self._inner.acquire(user, units, wait_max_s)
        self._spent += units

    def left(self) -> int:
        """Units that this process may still spend today."""
        self._turn_page()
        return self._per_day - self._spent

    def _turn_page(self) -> None:
        today = self._today().date()
        if today != self._day:
            self._day, self._spent = today, 0

    def _seconds_left(self) -> float:
        midnight = datetime.combine(self._day + timedelta(days=1), datetime.min.time(), GOOGLE_DAY)
        return midnight.timestamp() - self._now()

    def _today(self) -> datetime:
        return datetime.fromtimestamp(self._now(), GOOGLE_DAY)
