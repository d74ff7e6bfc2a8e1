"""New runs begin when the loop keeps up, and are not put off for ever."""

from collections.abc import Iterator
from itertools import chain, repeat

from calferry.bootstrap.loop_lag import CALM_LOOKS, LOOK_S, PATIENCE_S, until_loop_is_calm


class Late:
    """A clock, and sleeps that end as late as they are told to."""

    def __init__(self, lags: Iterator[float]) -> None:
        self.lags = lags
        self.time = 0.0
        self.sleeps = 0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.sleeps += 1
        self.time += seconds + next(self.lags)


async def waited(*lags: float, then: float) -> Late:
    late = Late(chain(lags, repeat(then)))
    await until_loop_is_calm(late.now, late.sleep)
    return late


async def test_a_loop_that_keeps_up_is_not_waited_for() -> None:
    assert (await waited(then=0.0)).sleeps == CALM_LOOKS


async def test_a_loop_that_is_behind_is_waited_for() -> None:
    assert (await waited(0.05, 0.0001, 0.0001, 0.006, then=0.0)).sleeps == 4 + CALM_LOOKS


async def test_a_loop_that_stays_behind_holds_nothing_up_for_ever() -> None:
    late = await waited(then=0.3)
    assert PATIENCE_S <= late.time < PATIENCE_S + 0.3 + LOOK_S
