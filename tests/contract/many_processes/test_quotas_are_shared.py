"""Google's quotas hold over all processes together, in every window of a minute."""

import asyncio
from bisect import bisect_right
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import func, select

from calferry import google
from calferry.bootstrap.google_day import day_began, day_ends
from calferry.bootstrap.shared_quota import SharedQuota
from calferry.core.quota_seconds import room, wait_s
from calferry.store.postgres import PostgresStore
from calferry.store.quota import DAY, PROJECT, Limits
from calferry.store.tables import quota_spent

WINDOW_S = 1.0
PER_PROJECT, PER_USER = 60, 25
AMPLE = 10**6


class Process:
    """A process that asks for as much as it can, for a few people."""

    def __init__(self, store: PostgresStore) -> None:
        self.quota = SharedQuota(
            store, Limits(PER_PROJECT, PER_USER, AMPLE, WINDOW_S), google.SystemClock(), held_s=0.3
        )
        self.sent: list[tuple[float, str]] = []

    async def send(self, user: str, ends_at: float) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < ends_at:
            try:
                await self.quota.acquire(user, 1, 0.5)
            except google.RateLimited as refused:
                await asyncio.sleep(min(refused.retry_after_s or 0.1, 0.5))
            else:
                self.sent.append((loop.time(), user))


def most_in_a_window(times: list[float]) -> int:
    times = sorted(times)
    return max(bisect_right(times, at + WINDOW_S) - number for number, at in enumerate(times))


async def test_no_window_holds_more_than_the_limit_whoever_asks(address: str) -> None:
    async with AsyncExitStack() as stack:
        stores = [PostgresStore(address, connections=1) for _ in range(3)]
        for store in stores:
            stack.push_async_callback(store.close)
        processes = [Process(store) for store in stores]
        ends_at = asyncio.get_running_loop().time() + 5
        async with asyncio.TaskGroup() as group:
            for process in processes:
                for user in ("one", "two", "three", "four"):
                    for _ in range(2):
                        group.create_task(process.send(user, ends_at))
    sent = [sending for process in processes for sending in process.sent]
    assert most_in_a_window([at for at, _ in sent]) <= PER_PROJECT
    for user in ("one", "two", "three", "four"):
        assert most_in_a_window([at for at, whose in sent if whose == user]) <= PER_USER
    assert len(sent) > PER_PROJECT
    assert all(process.sent for process in processes)


async def spent(store: PostgresStore, scope: str) -> int:
    statement = select(func.coalesce(func.sum(quota_spent.c.units), 0)).where(quota_spent.c.scope == scope)
    return int(await store.read(lambda connection: connection.execute(statement).scalar_one()))


async def test_a_few_units_are_taken_along_and_what_is_not_used_is_given_back(store: PostgresStore) -> None:
    quota = SharedQuota(store, Limits(100, 50, AMPLE, 60.0), google.SystemClock(), held_s=0.2)
    for _ in range(4):
        await quota.acquire("alice", 1, 5)
    assert (await spent(store, "alice"), await spent(store, PROJECT), await spent(store, DAY)) == (4, 20, 20)
    await asyncio.sleep(0.25)
    await quota.acquire("bob", 1, 5)
    assert (await spent(store, PROJECT), await spent(store, DAY)) == (24, 24)


async def test_a_day_that_is_used_up_ends_at_midnight_in_california(store: PostgresStore) -> None:
    clock = google.SystemClock()
    quota = SharedQuota(store, Limits(100, 50, 2, 60.0), clock)
    another = SharedQuota(store, Limits(100, 50, 2, 60.0), clock)
    await quota.acquire("alice", 1, 5)
    await quota.acquire("alice", 1, 5)
    with pytest.raises(google.DailyLimitExceeded, match="CALFERRY_QUOTA_PER_DAY") as refused:
        await another.acquire("bob", 1, 5)
    assert refused.value.retry_after_s == pytest.approx(day_ends(clock.now()) - clock.now(), abs=5)


async def test_who_has_no_quota_for_long_is_told_at_once_for_how_long(store: PostgresStore) -> None:
    quota = SharedQuota(store, Limits(100, 3, AMPLE, 60.0), google.SystemClock())
    for _ in range(3):
        await quota.acquire("alice", 1, 60)
    with pytest.raises(google.RateLimited) as refused:
        await quota.acquire("alice", 1, 60)
    assert refused.value.reason == "localQuota"
    assert 55 < (refused.value.retry_after_s or 0) <= 63
    await quota.acquire("bob", 1, 60)


def test_waiting_lasts_until_enough_seconds_have_left_the_window() -> None:
    spent_by_second = {10: 3, 20: 2}
    assert room(5, spent_by_second) == 0
    assert wait_s(5, spent_by_second, 1, 30, 60) == 40
    assert wait_s(5, spent_by_second, 4, 30, 60) == 50
    assert wait_s(6, spent_by_second, 1, 30, 60) == 0
    assert wait_s(5, spent_by_second, 100, 30, 60) == 50


def test_a_day_in_california_may_have_twenty_three_hours() -> None:
    spring = 1_805_000_000
    lengths = {day_ends(spring + day * 86_400) - day_began(spring + day * 86_400) for day in range(-60, 60)}
    assert lengths == {86_400, 82_800}
