"""What a worker asks of a queue. It carries wake-up calls: losing all of them loses time, never work."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from calferry.store.due_scan import Due

Answer = Callable[["WakeUp"], Awaitable[None]]
Task = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class WakeUp:
    """Look at this resource: it seemed due. `attempts`: how often that has crashed before."""

    item: Due
    attempts: int = 0


class CallAgain(Exception):
    """The answer to a call crashed: it is to be made again later, and nobody else makes it until then."""

    def __init__(self, after_s: float) -> None:
        super().__init__(f"again after {after_s:.0f} s")
        self.after_s = after_s


class Queue(Protocol):
    """Calls for all workers. One resource is never called twice at once, whoever calls."""

    async def call(self, items: Sequence[Due]) -> int:
        """Call for these; those that are called or answered already are passed over. Returns how many were new."""
        ...

    def answer(self, with_: Answer) -> None:
        """Answer calls with this, in as many places as the queue was made with. It may raise `CallAgain`."""
        ...

    def every(self, seconds: float, name: str, task: Task) -> None:
        """Have one of all workers do this again and again."""
        ...

    async def prune(self) -> None:
        """Forget what is over."""
        ...

    async def run(self) -> None:
        """Work until `stop`; returns when every answer has ended."""
        ...

    def stop(self) -> None: ...
