"""Frames on their way to one reader. A reader that stops taking them is let go; it slows nobody."""

import asyncio
from collections import deque

BEHIND_MAX = 1_000_000
"""Bytes that may wait for a reader."""
STALLED_S = 5.0


class ReaderTooSlow(Exception):
    """More waits than is kept for a reader, and it takes nothing."""


class Outbox:
    """A queue of bytes between the task that makes frames and the one that sends them."""

    def __init__(self, behind_max: int = BEHIND_MAX, stalled_s: float = STALLED_S) -> None:
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._behind_max = behind_max
        self._stalled_s = stalled_s
        self._changed = asyncio.Event()
        self._closed = False

    async def put(self, chunk: bytes) -> None:
        """Add a chunk, waiting while too much lies here. Raises `ReaderTooSlow` when nothing is taken any more."""
        while self._size > self._behind_max:
            self._changed.clear()
            try:
                async with asyncio.timeout(self._stalled_s):
                    await self._changed.wait()
            except TimeoutError:
                raise ReaderTooSlow from None
        self.offer(chunk)

    def offer(self, chunk: bytes) -> bool:
        """Add a chunk without waiting; False, and nothing is added, while too much lies here."""
        if self._size > self._behind_max:
            return False
        self._chunks.append(chunk)
        self._size += len(chunk)
        self._changed.set()
        return True

    def close(self) -> None:
        """Nothing more will come."""
        self._closed = True
        self._changed.set()

    async def take(self) -> bytes | None:
        """The next bytes, None when the outbox is closed and empty."""
        while not self._chunks:
            if self._closed:
                return None
            self._changed.clear()
            await self._changed.wait()
        chunk = self._chunks.popleft()
        self._size -= len(chunk)
        self._changed.set()
        return chunk
