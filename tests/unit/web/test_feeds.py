"""Feeds: what they do while streams are open, and that they end with the last one."""

import asyncio
from collections.abc import Callable
from typing import Any

from calferry.bootstrap.signals import InProcessSignals
from calferry.store.change_reads import LogPage
from calferry.web.feeds import LOOK_EVERY_S, Feeds
from calferry.web.outbox import Outbox
from tests.harness.virtual_loop import run_virtually


class EmptyLog:
    """A store in which nobody ever writes."""

    def __init__(self) -> None:
        self.reads = 0

    async def read(self, work: Callable[[Any], Any]) -> Any:
        self.reads += 1
        return (
            {}
            if "user_ids" in getattr(work, "keywords", {})
            else LogPage([], more=False, expired=False, head=0)
        )

    async def write(self, work: Callable[[Any], Any]) -> Any:
        raise AssertionError("feeds write nothing")


async def stream(feeds: Feeds, seconds: float) -> None:
    async with feeds.joined(1, 0, Outbox()):
        await asyncio.sleep(seconds)


def test_nothing_is_read_after_the_last_stream_has_ended() -> None:
    async def serve() -> None:
        store = EmptyLog()
        feeds = Feeds(store, InProcessSignals())
        await stream(feeds, LOOK_EVERY_S / 2)
        before = store.reads
        await asyncio.sleep(LOOK_EVERY_S * 3)
        assert store.reads == before
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run_virtually(serve())


def test_a_stream_that_comes_as_the_last_one_goes_is_looked_after() -> None:
    async def serve() -> int:
        store = EmptyLog()
        feeds = Feeds(store, InProcessSignals())
        await stream(feeds, 0.0)
        before = store.reads
        await stream(feeds, LOOK_EVERY_S * 10.5)
        return store.reads - before

    assert run_virtually(serve()) >= 10
