"""One request, tried until it succeeds or trying is over: joins backoff, its budget and time."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from calferry.google.backoff import RetryBudget, RetryPolicy, next_wait_s
from calferry.google.errors import (
    Conflict,
    GoogleError,
    ProtocolViolation,
    RateLimited,
    ServerError,
    Unreachable,
)
from calferry.google.wire import TIMEOUT_S

T = TypeVar("T")
TIMEOUT_MIN_S = 1.0
UNAVAILABLE = 503
Attempt = Callable[[Callable[[], float]], Awaitable[T]]


class Clock(Protocol):
    """Time, passed in so that tests can own it."""

    def now(self) -> float:
        """Unix seconds."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class Dice(Protocol):
    """Randomness, passed in; `random.Random` is one."""

    def uniform(self, a: float, b: float) -> float: ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """Tries within the limits of a policy and a budget shared with other requests."""

    clock: Clock
    dice: Dice
    budget: RetryBudget = field(default_factory=RetryBudget)
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    timeout_s: float = TIMEOUT_S

    async def run(self, attempt: Attempt[T], *, is_repeatable: bool) -> T:
        """What the first successful attempt returns.

        attempt: makes one try; it is given a function that tells the seconds it may take from then on.
        is_repeatable: whether a try whose outcome is unknown may be made again.
        Raises the error of the last try; its retry_after_s says what Google asked for beyond our patience, and its
        follows_unclear what is known of the tries before.
        """
        started_at = self.clock.monotonic()
        self.budget.note_request(started_at)
        attempts = violations = 0
        is_unclear = False
        while True:
            attempts += 1
            try:
                return await attempt(lambda: self.time_left_s(started_at))
            except GoogleError as error:
                error.follows_unclear = is_unclear
                is_unclear = is_unclear or may_be_done(error)
                violations += isinstance(error, ProtocolViolation)
                is_worth_it = error.transient and violations < self.policy.violations_max
                is_safe = is_repeatable or is_harmless(error)
                wait = self.pause_s(error, attempts, started_at) if is_worth_it and is_safe else None
                if wait is None or not self.take_retry():
                    raise
            await self.clock.sleep(wait)

    def time_left_s(self, started_at: float) -> float:
        """Seconds that a try may take which is part of something that began at `started_at` (monotonic)."""
        left = self.policy.total_s - (self.clock.monotonic() - started_at)
        return max(min(self.timeout_s, left), TIMEOUT_MIN_S)

    def pause_s(self, error: GoogleError, attempts: int, started_at: float) -> float | None:
        """Seconds to wait before another attempt, or None when the limits leave no room for one."""
        return next_wait_s(
            self.policy,
            attempts=attempts,
            elapsed_s=self.clock.monotonic() - started_at,
            jitter_s=self.dice.uniform(0.0, 1.0),
            retry_after_s=error.retry_after_s,
        )

    def take_retry(self) -> bool:
        """Spend one retry if the budget has one left."""
        return self.budget.take_retry(self.clock.monotonic())


def may_be_done(error: GoogleError) -> bool:
    """Whether Google may have done what was asked. A 503 promises that it has not; nothing holds Google to that."""
    if isinstance(error, Unreachable):
        return not error.is_surely_unsent
    return isinstance(error, ServerError | ProtocolViolation)


def is_harmless(error: GoogleError) -> bool:
    """Whether Google has surely not done what was asked, so that anything may be sent again."""
    match error:
        case Unreachable():
            return error.is_surely_unsent
        case ServerError():
            return error.status == UNAVAILABLE
        case _:
            return isinstance(error, RateLimited | Conflict)
