import asyncio

import pytest

from calferry.google import RateLimited, SlidingQuota
from tests.unit.google.fakes import FakeClock


async def test_a_burst_within_the_limit_does_not_wait() -> None:
    clock = FakeClock()
    quota = SlidingQuota(clock, per_minute=10, per_minute_per_user=5)
    for user in ("a", "b"):
        for _ in range(5):
            await quota.acquire(user)
    assert clock.slept == []


async def test_a_user_over_the_limit_waits_until_the_window_has_moved() -> None:
    clock = FakeClock(at=0.0)
    quota = SlidingQuota(clock, per_minute=10, per_minute_per_user=2)
    await quota.acquire("a")
    clock.at = 10.0
    await quota.acquire("a")
    await quota.acquire("a")
    assert clock.at == 60.0


async def test_one_user_does_not_use_up_the_project() -> None:
    clock = FakeClock()
    quota = SlidingQuota(clock, per_minute=10, per_minute_per_user=2)
    await quota.acquire("a")
    await quota.acquire("a")
    with pytest.raises(RateLimited):
        await quota.acquire("a", wait_max_s=1.0)
    await quota.acquire("b", wait_max_s=0.0)


async def test_the_project_limit_holds_over_all_users() -> None:
    clock = FakeClock()
    quota = SlidingQuota(clock, per_minute=3, per_minute_per_user=2)
    for user in "abc":
        await quota.acquire(user)
    with pytest.raises(RateLimited) as refused:
        await quota.acquire("d", wait_max_s=59.0)
    assert refused.value.reason == "localQuota"
    assert refused.value.retry_after_s == 60.0


async def test_a_patch_costs_three_units() -> None:
    clock = FakeClock()
    quota = SlidingQuota(clock, per_minute=100, per_minute_per_user=6)
    await quota.acquire("a", 3)
    await quota.acquire("a", 3)
    with pytest.raises(RateLimited):
        await quota.acquire("a", 1, wait_max_s=0.0)


async def test_a_request_dearer_than_the_whole_limit_is_let_through_alone() -> None:
    clock = FakeClock()
    quota = SlidingQuota(clock, per_minute=2, per_minute_per_user=2)
    await quota.acquire("a", 3)
    await quota.acquire("a", 3)
    assert clock.slept == [60.0]


async def test_no_minute_ever_sees_more_than_the_limit() -> None:
    clock = FakeClock(at=0.0)
    quota = SlidingQuota(clock, per_minute=5, per_minute_per_user=5)
    granted: list[float] = []

    async def client() -> None:
        for _ in range(10):
            await quota.acquire("a", wait_max_s=3600.0)
            granted.append(clock.at)

    await asyncio.gather(*(client() for _ in range(3)))
    assert len(granted) == 30
    assert all(later - earlier >= 60.0 for earlier, later in zip(granted, granted[5:], strict=False))


async def test_users_that_went_quiet_are_forgotten(monkeypatch) -> None:
    monkeypatch.setattr("calferry.google.quota.USERS_KEPT", 10)
    clock = FakeClock(at=0.0)
    quota = SlidingQuota(clock)
    for number in range(100):
        clock.at = number * 10.0
        await quota.acquire(f"user {number}")
    assert len(quota._users) <= 11
