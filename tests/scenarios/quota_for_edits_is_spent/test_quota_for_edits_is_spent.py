"""Google takes no more edits for a while: they wait long, and reading goes on."""

import pytest

from tests.scenarios.stage import Stage, staged

HOUR_MS = 3_600_000
SPENT = [
    ("return-403:quotaExceeded", HOUR_MS),
    ("return-403:calendarUsageLimitsExceeded", HOUR_MS),
    ("return-403:dailyLimitExceeded", 4 * HOUR_MS),
]


@pytest.mark.parametrize("case", SPENT, ids=[one[0] for one in SPENT])
def test_edit_waits_as_long_as_that_quota_takes(case: tuple[str, int]) -> None:
    action, wait_ms = case

    @staged()
    async def scenario(stage: Stage) -> None:
        stage.add("lunch")
        await stage.done()
        stage.faults({"method": "events.insert", "action": action, "times": 20})
        assert await stage.edited("insert", None, {"id": "dinner"}) == "pending"
        (row,) = await stage.intent_rows()
        assert wait_ms - 60_000 <= row.next_try_at - stage.clock.now_ms() <= wait_ms
        asked = len(stage.written())
        assert await stage.send(wait_ms / 2000) == ["pending"]
        assert stage.written() == []
        assert asked <= 5
        stage.faults()
        stage.add("brunch")
        await stage.done()
        assert await stage.live() == ["brunch", "lunch"]
        assert (await stage.account()).status == "active"
        assert await stage.send(wait_ms / 1000) == ["done"]
        assert sorted(stage.names_at_google()) == ["brunch", "dinner", "lunch"]

    scenario()


@pytest.mark.parametrize("action", ["return-403:rateLimitExceeded", "return-429"])
def test_edit_that_comes_too_fast_waits_a_little(action: str) -> None:
    @staged()
    async def scenario(stage: Stage) -> None:
        await stage.done()
        stage.faults({"method": "events.insert", "action": action, "times": 6})
        await stage.edited("insert", None, {"id": "lunch"})
        assert await stage.send(300) == ["done"]
        assert stage.names_at_google() == ["lunch"]

    scenario()


@staged()
async def test_google_that_is_down_for_hours_gets_it_in_the_end(stage: Stage) -> None:
    await stage.done()
    stage.service.transport.is_down = True
    assert await stage.edited("insert", None, {"id": "lunch"}) == "pending"
    assert await stage.send(6 * 3600) == ["pending"]
    (row,) = await stage.intent_rows()
    assert row.next_try_at - stage.clock.now_ms() <= HOUR_MS / 4
    assert row.attempts < 60
    stage.service.transport.is_down = False
    assert await stage.send(1000) == ["done"]
    assert stage.names_at_google() == ["lunch"]
