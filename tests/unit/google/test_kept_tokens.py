import asyncio

import pytest

from calferry.google import GrantRevoked, KeptTokens, TokenResponse
from tests.unit.google.fakes import FakeClock


class Renewals:
    def __init__(self, life_s: int = 3600) -> None:
        self.life_s = life_s
        self.count = 0
        self.failure: Exception | None = None

    async def __call__(self) -> TokenResponse:
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        self.count += 1
        return TokenResponse(access_token=f"t{self.count}", expires_in_s=self.life_s)


async def test_a_token_is_kept_until_five_minutes_before_its_end() -> None:
    renew, clock = Renewals(), FakeClock()
    tokens = KeptTokens(renew, clock)
    assert [await tokens.access_token(), await tokens.access_token()] == ["t1", "t1"]
    clock.at += 3299
    assert await tokens.access_token() == "t1"
    clock.at += 1
    assert await tokens.access_token() == "t2"


async def test_a_short_lived_token_is_kept_for_half_its_life() -> None:
    renew, clock = Renewals(life_s=60), FakeClock()
    tokens = KeptTokens(renew, clock)
    await tokens.access_token()
    clock.at += 29
    assert await tokens.access_token() == "t1"
    clock.at += 1
    assert await tokens.access_token() == "t2"


async def test_everybody_who_asks_at_the_same_time_gets_one_new_token() -> None:
    renew = Renewals()
    tokens = KeptTokens(renew, FakeClock())
    assert set(await asyncio.gather(*(tokens.access_token() for _ in range(9)))) == {"t1"}
    assert set(await asyncio.gather(*(tokens.refreshed("t1") for _ in range(9)))) == {"t2"}
    assert await tokens.refreshed("t1") == "t2"
    assert renew.count == 2


async def test_a_failure_is_told_and_not_kept() -> None:
    renew = Renewals()
    tokens = KeptTokens(renew, FakeClock())
    renew.failure = GrantRevoked("gone")
    with pytest.raises(GrantRevoked):
        await tokens.access_token()
    renew.failure = None
    assert await tokens.access_token() == "t1"
