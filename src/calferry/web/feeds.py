"""The change log to whoever listens: one reading of the store for all streams of a person.

A feed follows its person's log from where the first stream joined; whoever comes later, or has fallen behind, catches up
by itself first. What this process writes wakes the feed at once; what others write is found by looking at all the heads once a second.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from calferry.core.subscription import timestamp
from calferry.ports import Signals, Store
from calferry.store import change_reads
from calferry.store.change_reads import Change, LogPage
from calferry.store.tenant import for_nobody
from calferry.store.unavailable import UNAVAILABLE
from calferry.web import sse
from calferry.web.frames import compact
from calferry.web.outbox import Outbox

BATCH = 250
LOOK_EVERY_S = 1.0
WAIT_S = 3_600.0


@dataclass(eq=False, slots=True)
class Listener:
    """One stream: the last number that it was given, and whether it has fallen behind, so that it gets no more here."""

    outbox: Outbox
    position: int
    behind: asyncio.Event = field(default_factory=asyncio.Event)

    def give(self, frames: Sequence[tuple[int, bytes]]) -> None:
        for number, frame in frames:
            if number > self.position and not self.behind.is_set():
                self._give(number, frame)

    def reset(self, head: int, frame: bytes) -> None:
        """The log was cut, or replaced by an older one: numbers begin anew."""
        if not self.behind.is_set():
            self._give(head, frame)

    def _give(self, number: int, frame: bytes) -> None:
        if self.outbox.offer(frame):
            self.position = number
        else:
            self.behind.set()


@dataclass(eq=False, slots=True)
class Feed:
    user_id: int
    position: int
    listeners: set[Listener] = field(default_factory=set)
    task: asyncio.Task[None] | None = None


class Feeds:
    """The feeds of the people whose streams are open in this process."""

    def __init__(self, store: Store, signals: Signals) -> None:
        self._store = store
        self._signals = signals
        self._feeds: dict[int, Feed] = {}
        self._looking: asyncio.Task[None] | None = None

    async def now(self, user_id: int) -> LogPage:
        """The end of the log."""
        return await self._store.read(lambda conn: change_reads.page_after(conn, user_id, None, 0))

    @contextlib.asynccontextmanager
    async def joined(self, user_id: int, after: int, outbox: Outbox) -> AsyncIterator[Listener]:
        """Follow the log behind `after` until the block ends. Raises `ReaderTooSlow` while catching up."""
        listener = Listener(outbox, after)
        feed = await self._caught_up(user_id, listener)
        feed.listeners.add(listener)
        try:
            yield listener
        finally:
            feed.listeners.discard(listener)
            if not feed.listeners and feed.task is not None:
                feed.task.cancel()
                self._feeds.pop(user_id, None)
                self._stop_looking_unless_needed()

    def _stop_looking_unless_needed(self) -> None:
        """The store may be closed before the next look, as the service ends."""
        if self._looking is not None and not self._feeds:
            self._looking.cancel()
            self._looking = None

    async def _caught_up(self, user_id: int, listener: Listener) -> Feed:
        """Between the last look at the feed's position and joining it nothing else happens."""
        while True:
            page = await self._page(user_id, listener.position)
            for number, frame in frames_of(page):
                await listener.outbox.put(frame)
                listener.position = number
            if page.more:
                continue
            feed = self._feeds.get(user_id)
            if feed is None:
                return self._begin(user_id, listener.position)
            if listener.position >= feed.position:
                return feed

    def _begin(self, user_id: int, position: int) -> Feed:
        feed = self._feeds[user_id] = Feed(user_id, position)
        feed.task = asyncio.create_task(self._follow(feed), name=f"feed {user_id}")
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_around(), name="feeds", context=for_nobody())
        return feed

    async def _page(self, user_id: int, after: int) -> LogPage:
        return await self._store.read(lambda conn: change_reads.page_after(conn, user_id, after, BATCH))

    async def _follow(self, feed: Feed) -> None:
        topic = f"user:{feed.user_id}"
        while True:
            try:
                page = await self._page(feed.user_id, feed.position)
            except UNAVAILABLE:
                await asyncio.sleep(LOOK_EVERY_S)
                continue
            frames = frames_of(page)
            if frames:
                feed.position = frames[-1][0]
                for listener in list(feed.listeners):
                    listener.reset(*frames[0]) if page.expired else listener.give(frames)
            if not page.more:
                await self._signals.wait(topic, WAIT_S)

    async def _look_around(self) -> None:
        """Wake the feeds whose log has grown, whoever wrote it, while there are any."""
        while self._feeds:
            await asyncio.sleep(LOOK_EVERY_S)
            look = partial(change_reads.heads, user_ids=list(self._feeds))
            try:
                heads = await self._store.read(look)
            except UNAVAILABLE:
                continue
            for user_id, head in heads.items():
                feed = self._feeds.get(user_id)
                if feed is not None and head > feed.position:
                    self._signals.wake(f"user:{user_id}")


def frames_of(page: LogPage) -> list[tuple[int, bytes]]:
    """Frames with their numbers; where the log does not go back that far, the one that says so."""
    if page.expired:
        head = str(page.head)
        return [(page.head, sse.frame("reset", compact({"cursor": head}), head))]
    return [
        (change.number, sse.frame("change", body_of(change), str(change.number))) for change in page.changes
    ]


def body_of(change: Change) -> str:
    """Google's JSON is put in as it stands."""
    known = compact(
        {
            "id": str(change.number),
            "calendar_id": change.calendar_id,
            "event_id": change.event_id,
            "kind": change.kind,
            "moved": change.moved,
            "at": timestamp(change.at),
        }
    )
    return f'{known[:-1]},"event":{change.raw or "null"}}}'
