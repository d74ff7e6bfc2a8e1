"""An event loop on which waiting costs nothing: time jumps to the next thing that is to happen."""

import asyncio
import random
import selectors
from collections import deque
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class NothingLeft(RuntimeError):
    """Every task waits for something that will never come."""


latest: "deque[VirtualLoop]" = deque(maxlen=1)


def loop_of_time() -> asyncio.AbstractEventLoop:
    """The running loop, or the virtual one that waits for what runs on it."""
    running = asyncio.get_running_loop()
    waiting = [loop for loop in latest if not loop.is_closed()]
    return running if isinstance(running, VirtualLoop) or not waiting else waiting[0]


class NothingComes(selectors.SelectSelector):
    """Nothing outside a simulation wakes it: to ask the system every time would take longer than many a step."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Virtual time. With `dice`, tasks that are ready run in a random order."""

    def __init__(self, dice: random.Random | None = None) -> None:
        super().__init__(None if dice is None else NothingComes())
        self.virtual_s = 0.0
        self.dice = dice
        latest.append(self)

    def time(self) -> float:
        return self.virtual_s

    def _run_once(self) -> None:
        ready, scheduled = self._ready, self._scheduled  # type: ignore[attr-defined]
        if not ready:
            while scheduled and scheduled[0]._cancelled:
                self._timer_handle_cancelled(scheduled[0])
                scheduled[0]._scheduled = False
                scheduled.pop(0) if len(scheduled) == 1 else __import__("heapq").heappop(scheduled)
            if not scheduled:
                raise NothingLeft("every task waits, and nothing is due")
            self.virtual_s = max(self.virtual_s, scheduled[0]._when)
        elif self.dice is not None and len(ready) > 1:
            handles = list(ready)
            self.dice.shuffle(handles)
            ready.clear()
            ready.extend(handles)
        super()._run_once()  # type: ignore[misc]


def run_virtually(work: Coroutine[Any, Any, T], dice: random.Random | None = None) -> T:
    """Run to the end on a fresh virtual loop."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(dice)) as runner:
        return runner.run(work)
