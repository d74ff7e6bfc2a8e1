"""Staying below Google's per-minute quotas, which are counted in sliding windows.

https://developers.google.com/workspace/calendar/api/guides/quota
"""

from collections import deque
from typing import Protocol

from calferry.google.errors import RateLimited

REQUESTS_PER_MINUTE = 10_000
REQUESTS_PER_MINUTE_PER_USER = 600
WINDOW_S = 60.0
USERS_KEPT = 10_000


class Quota(Protocol):
    """What the client asks before each request that leaves."""

    async def acquire(self, user: str, units: int, wait_max_s: float) -> None:
        """Wait for room. Raises RateLimited with reason localQuota when that would take too long."""
        ...


class SleepingClock(Protocol):
    def monotonic(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class SlidingWindow:
    """How many units were spent in the last minute. Pure: time is passed in."""

    def __init__(self, limit: int, window_s: float = WINDOW_S) -> None:
        self._limit = limit
        self._window_s = window_s
        self._spent: deque[float] = deque()

    def wait_s(self, now: float, units: int) -> float:
        """Seconds until `units` fit; 0 if they fit now."""
        while self._spent and self._spent[0] <= now - self._window_s:
            self._spent.popleft()
        units = min(units, self._limit)
        excess = len(self._spent) + units - self._limit
        return 0.0 if excess <= 0 else self._spent[excess - 1] + self._window_s - now

    def left(self, now: float) -> int:
        """Units that fit now."""
        self.wait_s(now, 0)
        return self._limit - len(self._spent)

    def spend(self, now: float, units: int) -> None:
        self._spent.extend([now] * units)

    @property
    def is_empty(self) -> bool:
        return not self._spent


class SlidingQuota:
    """Both limits, for one process."""

    def __init__(
        self,
        clock: SleepingClock,
        per_minute: int = REQUESTS_PER_MINUTE,
        per_minute_per_user: int = REQUESTS_PER_MINUTE_PER_USER,
    ) -> None:
        self._clock = clock
        self._project = SlidingWindow(per_minute)
        self._per_user = per_minute_per_user
        self._users: dict[str, SlidingWindow] = {}

    async def acquire(self, user: str, units: int = 1, wait_max_s: float = WINDOW_S) -> None:
        """Wait until the project and this user both have `units` left, then spend them."""
        until = self._clock.monotonic() + wait_max_s
        while wait := self._try(user, units):
            if self._clock.monotonic() + wait > until:
                raise RateLimited("our own quota is used up", reason="localQuota", retry_after_s=wait)
            await self._clock.sleep(wait)

    def left(self) -> int:
        """Units of the project that may be spent at once."""
        return self._project.left(self._clock.monotonic())

    def _try(self, user: str, units: int) -> float:
        now = self._clock.monotonic()
        window = self._window_of(user)
        wait = max(window.wait_s(now, units), self._project.wait_s(now, units))
        if wait <= 0:
            window.spend(now, units)
            self._project.spend(now, units)
        return max(wait, 0.0)

    def _window_of(self, user: str) -> SlidingWindow:
        if len(self._users) > USERS_KEPT:
            self._drop_idle_users()
        return self._users.setdefault(user, SlidingWindow(self._per_user))

    def _drop_idle_users(self) -> None:
        now = self._clock.monotonic()
        for window in self._users.values():
            window.wait_s(now, 0)
        self._users = {user: window for user, window in self._users.items() if not window.is_empty}
