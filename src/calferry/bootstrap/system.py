"""The machine's own clock, ids and dice."""

import asyncio
import secrets
import socket
import string
import time
import uuid
from functools import cache
from pathlib import Path

ALPHABET = string.ascii_lowercase + string.digits
ID_LENGTH = 20
BOOT_ID_FILE = Path("/proc/sys/kernel/random/boot_id")
BOOT_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Goes on while the machine sleeps, where the system has such a clock."""


@cache
def boot_id(path: Path = BOOT_ID_FILE) -> str:
    """Name this run of the machine; where the system has no such name, the machine's own name stands in."""
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return socket.gethostname()


def running_ms() -> int:
    """Milliseconds of a clock that only moves forward while this machine is up."""
    return time.clock_gettime_ns(BOOT_CLOCK) // 1_000_000


class SystemClock:
    """`ports.Clock` over the machine's clocks."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def lease_ms(self) -> int:
        return running_ms()

    def boot_id(self) -> str:
        return boot_id()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class SystemIds:
    """`ports.Ids` from the system's source of randomness."""

    def new(self, prefix: str) -> str:
        return f"{prefix}_{''.join(secrets.choice(ALPHABET) for _ in range(ID_LENGTH))}"

    def channel_id(self) -> str:
        return str(uuid.uuid4())

    def secret(self) -> str:
        return secrets.token_urlsafe(32)
