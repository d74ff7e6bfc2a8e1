"""The streams that are open in this process: how many each person holds, and their end."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator

from calferry.ports import Observer

STREAMS_PER_USER_MAX = 64
STREAMS_MAX = 5_000


class OpenStreams:
    """Counts streams while they are open. Each is the task that makes its frames."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._by_user: Counter[int] = Counter()
        self._tasks: set[asyncio.Task[object]] = set()

    def is_full(self, user_id: int) -> bool:
        """Whether this person may open no other one."""
        return self._by_user[user_id] >= STREAMS_PER_USER_MAX

    def are_full(self) -> bool:
        """Whether nobody may."""
        return self._by_user.total() >= STREAMS_MAX

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
