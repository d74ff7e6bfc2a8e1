"""Wake-up calls between the tasks of one process."""

import asyncio
from collections import defaultdict
from typing import Any
from weakref import WeakKeyDictionary

Waiters = dict[asyncio.Future[bool], None]


class InProcessSignals:
    """`ports.Signals` for one event loop.

    A task that waits again is told at once of a call that came since its last wait, so that a loop of
    "read, then wait" misses nothing. A first wait may return early for a call from before. Who waits longest is
    woken first.
    """

    def __init__(self) -> None:
        self._calls: dict[str, int] = defaultdict(int)
        self._waiters: dict[str, Waiters] = {}
        self._seen: WeakKeyDictionary[asyncio.Task[Any], dict[str, int]] = WeakKeyDictionary()

    def wake(self, topic: str) -> None:
        self._calls[topic] += 1
        for waiter in self._waiters.pop(topic, ()):
            if not waiter.done():
                waiter.set_result(True)

    def wake_everybody(self) -> None:
        """Calls may have been missed: whoever waits looks again."""
        for topic in list(self._waiters):
            InProcessSignals.wake(self, topic)

    async def wait(self, topic: str, timeout_s: float) -> bool:
        seen = self._seen_by_this_task()
        if seen.get(topic, 0) == self._calls[topic]:
            woken = await self._wait_for_call(topic, timeout_s)
        else:
            woken = True
        seen[topic] = self._calls[topic]
        return woken

    def _seen_by_this_task(self) -> dict[str, int]:
        task = asyncio.current_task()
        return {} if task is None else self._seen.setdefault(task, {})

    async def _wait_for_call(self, topic: str, timeout_s: float) -> bool:
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.setdefault(topic, {})[waiter] = None
        try:
            async with asyncio.timeout(timeout_s):
                return bool(await waiter)
        except TimeoutError:
            return False
        finally:
            self._forget(topic, waiter)

    def _forget(self, topic: str, waiter: asyncio.Future[bool]) -> None:
        waiters = self._waiters.get(topic)
        if waiters is not None:
            waiters.pop(waiter, None)
            if not waiters:
                del self._waiters[topic]
