"""Time, names, secrets and wake-up calls for a virtual loop."""

import asyncio
import random

from tests.harness.virtual_loop import loop_of_time

EPOCH_MS = 1_790_000_000_000


class VirtualClock:
    """The loop's time. `skew_ms` shifts the wall clock alone; `boot` names the run of the machine."""

    def __init__(self) -> None:
        self.skew_ms = 0
        self.boot = "boot-1"

    def lease_ms(self) -> int:
        return int(loop_of_time().time() * 1000)

    def now_ms(self) -> int:
        return EPOCH_MS + self.lease_ms() + self.skew_ms

    def boot_id(self) -> str:
        return self.boot

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def now(self) -> float:
        """Unix seconds, as the client library and the local Google ask."""
        return self.now_ms() / 1000

    def monotonic(self) -> float:
        return loop_of_time().time()


class CountedIds:
    """Ids from a seed."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice

    def new(self, prefix: str) -> str:
        return f"{prefix}_{''.join(self.dice.choices('abcdefghijklmnopqrstuvwxyz0123456789', k=20))}"

    def channel_id(self) -> str:
        return f"{self.dice.getrandbits(128):032x}"

    def secret(self) -> str:
        return f"{self.dice.getrandbits(256):064x}"


class PlainVault:
    """Seals nothing, but keeps values bound to their context."""

    def seal(self, secret: str, context: str) -> bytes:
        return f"{context}|{secret}".encode()

    def open(self, sealed: bytes, context: str) -> str:
        bound, _, secret = sealed.decode().partition("|")
        if bound != context:
            raise ValueError(f"sealed for {bound}, opened as {context}")
        return secret
