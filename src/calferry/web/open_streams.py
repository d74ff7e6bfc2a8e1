"""How many streams each person holds open in this process."""

import contextlib
from collections import Counter
from collections.abc import Iterator

from calferry.ports import Observer

STREAMS_PER_USER_MAX = 64


class OpenStreams:
    """Counts streams while they are open."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._by_user: Counter[int] = Counter()

    def is_full(self, user_id: int) -> bool:
        return self._by_user[user_id] >= STREAMS_PER_USER_MAX

    @contextlib.contextmanager
    def counted(self, user_id: int) -> Iterator[None]:
        self._by_user[user_id] += 1
        try:
            with self._observer.stream():
                yield
        finally:
            self._by_user[user_id] -= 1
            if not self._by_user[user_id]:
                del self._by_user[user_id]
