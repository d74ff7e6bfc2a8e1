"""Google's quotas where several processes spend them: reserved together in the database, a few units at a time."""

import asyncio
from collections import Counter
from dataclasses import dataclass, replace

from calferry import google
from calferry.bootstrap.google_day import day_began, day_ends
from calferry.ports import Store
from calferry.store import quota
from calferry.store.quota import DAY, PROJECT, SOON_S, Asked, Limits, Lots, Reserved
from calferry.store.tenant import for_nobody

HELD_S = 2.0
"""Units not used by then are given back."""
SECOND_S = 1.0
PROJECT_BATCH = 20
USER_BATCH = 4
WAIT_MAX_S = 5.0
"""Who would have to wait longer comes back later: a place that waits is of no use to others."""
FORGET_EVERY = 200


@dataclass(slots=True)
class Lot:
    """Units at hand: reserved in that second of that day, of use until then."""

    units: int
    second: int
    day: int
    until: float


class SharedQuota:
    """`google.Quota` for all processes on one store. In no window of 60 s do more units leave than there are."""

    def __init__(
        self,
        store: Store,
        limits: Limits,
        clock: google.Clock,
        *,
        held_s: float = HELD_S,
    ) -> None:
        self._store = store
        self._limits = replace(limits, window_s=limits.window_s + held_s + SECOND_S)
        self._clock = clock
        self._held_s = held_s
        self._lots: dict[str, Lot] = {}
        self._wanted: Counter[str] = Counter()
        self._waits: dict[str, float | None] = {}
        self._turn = asyncio.Lock()
        self._times = 0
        self.left, self.left_today = limits.per_window, limits.per_day

    async def acquire(self, user: str, units: int, wait_max_s: float) -> None:
        """Spend. Raises RateLimited when there will be none for a while, DailyLimitExceeded until the day ends."""
        until = self._clock.monotonic() + min(wait_max_s, WAIT_MAX_S)
        units = min(units, self._limits.per_user, self._limits.per_window)
        while not self._take(user, units):
            self._wanted[user] += units
            async with self._turn:
                if self._take(user, units):
                    self._wanted[user] -= units
                    return
                if self._wanted[user] > 0:
                    await self._reserve()
                if self._take(user, units):
                    return
                wait = self._wait_of(user)
            if self._clock.monotonic() + wait > until:
                raise google.RateLimited("our own quota is used up", reason="localQuota", retry_after_s=wait)
            await self._clock.sleep(wait)

    def _wait_of(self, user: str) -> float:
        wait = self._waits.get(user, SOON_S)
        if wait is None:
            text = f"CALFERRY_QUOTA_PER_DAY is used up: {self._limits.per_day} requests were sent today."
            left = day_ends(self._clock.now()) - self._clock.now()
            raise google.DailyLimitExceeded(text, reason="localDailyQuota", retry_after_s=left)
        return wait

    def _take(self, user: str, units: int) -> bool:
        """Use what is at hand, if it is enough."""
        now = self._clock.monotonic()
        lots = [self._lots.get(scope) for scope in (user, PROJECT)]
        if any(lot is None or lot.until <= now or lot.units < units for lot in lots):
            return False
        for lot in lots:
            if lot is not None:
                lot.units -= units
        return True

    async def _reserve(self) -> None:
        """One transaction for everybody who waits for one; in no request's name, and to its end."""
        work = asyncio.create_task(self._reserved(), context=for_nobody())
        await asyncio.shield(work)

    async def _reserved(self) -> None:
        wanted, self._wanted = +self._wanted, Counter()
        began, today = self._clock.monotonic(), day_began(self._clock.now())
        asked = Asked(
            users=dict(wanted),
            day_began_s=today,
            project_batch=PROJECT_BATCH,
            user_batch=USER_BATCH,
            given_back=self._put_away(wanted, began),
        )
        found = await self._store.write(lambda connection: quota.reserve(connection, asked, self._limits))
        self._note(found, began, today)
        await self._forget_now_and_then()

    def _put_away(self, wanted: Counter[str], now: float) -> Lots:
        """Lots that are too old, or are about to be replaced, are given back."""
        old = [
            scope
            for scope, lot in self._lots.items()
            if lot.until <= now or scope == PROJECT or scope in wanted
        ]
        lots = [(scope, self._lots.pop(scope)) for scope in old]
        back = Counter({(scope, lot.second): lot.units for scope, lot in lots})
        for scope, lot in lots:
            if scope == PROJECT:
                back[(DAY, lot.day)] += lot.units
        return back

    def _note(self, found: Reserved, began: float, today: int) -> None:
        for scope, units in found.granted.items():
            self._lots[scope] = Lot(units, found.second, today, began + self._held_s)
            self._waits.pop(scope, None)
        self._waits.update(found.waits)
        self.left, self.left_today = found.left, found.left_today

    async def _forget_now_and_then(self) -> None:
        self._times += 1
        if self._times % FORGET_EVERY == 0:
            now, window_s = self._clock.now(), self._limits.window_s
            await self._store.write(lambda connection: quota.forget(connection, now, window_s))
