"""Which notifications were posted and how they ended, and which of them Google tries again."""

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any

from calferry.emulator.world.channels import Delivery
from calferry.emulator.world.dice import Dice

ACCEPTED = frozenset({102, 200, 201, 202, 204})
RETRIED = frozenset({500, 502, 503, 504})
ATTEMPTS_MAX = 5
BACKOFF_S_MAX = 32
KEPT = 100_000


@dataclass(slots=True)
class DeliveryLog:
    """Every attempt, oldest first."""

    attempts: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT))

    def clear(self) -> None:
        self.attempts.clear()

    def record(
        self,
        delivery: Delivery,
        status: int | None,
        problem: str,
        now: float,
        dice: Dice,
        is_open: bool = True,
    ) -> Delivery | None:
        """Notes an attempt; answers the next attempt if there is one.

        Google retries 500, 502, 503 and 504 with exponential backoff, and so are connections that failed
        (`status` None); every other status but a success ends the delivery, and so does the end of its channel.
        """
        again = is_open and (status is None or status in RETRIED) and delivery.attempt < ATTEMPTS_MAX
        self.attempts.append(
            {
                "number": delivery.number,
                "channel_id": delivery.channel_id,
                "url": delivery.url,
                "headers": delivery.headers,
                "attempt": delivery.attempt,
                "status": status,
                "error": problem or None,
                "outcome": _outcome(status, again),
                "at": now,
            }
        )
        if not again:
            return None
        wait_s = min(2 ** (delivery.attempt - 1) + dice.random(), BACKOFF_S_MAX)
        return replace(delivery, attempt=delivery.attempt + 1, not_before=now + wait_s)


def _outcome(status: int | None, again: bool) -> str:
    if status in ACCEPTED:
        return "delivered"
    return "retrying" if again else "failed"
