"""The streams that are open in this process: how many each person holds, and their end."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator

from calferry.ports import Observer
from calferry.web.problems import Problem

STREAMS_PER_USER_MAX = 64
STREAMS_MAX = 5_000
TOO_MANY_STREAMS = "You hold as many streams open as is allowed: close one first."
STREAMS_FULL = "This process holds as many streams open as it can: try again in a moment."


class OpenStreams:
    """Counts streams while they are open. Each is the task that makes its frames."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._by_user: Counter[int] = Counter()
        self._tasks: set[asyncio.Task[object]] = set()

    def refuse_if_full(self, user_id: int) -> None:
        """Raises the `Problem` of a person, or a process, that holds as many as is allowed."""
        if self._by_user[user_id] >= STREAMS_PER_USER_MAX:
            raise Problem(
                429, "too_many_streams", TOO_MANY_STREAMS, retryable=True, headers={"Retry-After": "5"}
            )
        if self._by_user.total() >= STREAMS_MAX:
            raise Problem(503, "streams_full", STREAMS_FULL, retryable=True, headers={"Retry-After": "30"})

    @contextlib.contextmanager
    def counted(self, user_id: int) -> Iterator[None]:
        self._by_user[user_id] += 1
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        try:
            with self._observer.stream():
                yield
        finally:
            if task is not None:
                self._tasks.discard(task)
            self._by_user[user_id] -= 1
            if not self._by_user[user_id]:
                del self._by_user[user_id]

    def end_all(self) -> None:
        """Let every stream end here, in order; its reader comes back with its last id."""
        for task in list(self._tasks):
            task.cancel()
