"""Posting notifications: takes them out of the outbox, waits until each is due, reports how it ended."""

import asyncio
import contextlib

import aiohttp

from calferry.emulator.app import Emulator
from calferry.emulator.world.channels import Delivery

TIMEOUT_S = 30.0
IDLE_S = 3600.0


class Postman:
    """Delivers for one emulator until its task is cancelled."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._waiting: list[Delivery] = []
        self._wake = asyncio.Event()
        self._posts: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Says that the outbox or the clock may have changed."""
        self._wake.set()

    async def run(self) -> None:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session:
            try:
                while True:
                    await self._round(session)
            finally:
                for post in self._posts:
                    post.cancel()
                await asyncio.gather(*self._posts, return_exceptions=True)

    async def _round(self, session: aiohttp.ClientSession) -> None:
        self._wake.clear()
        self._waiting = list(filter(self._emulator.is_wanted, self._waiting))
        self._waiting += self._emulator.take_deliveries()
        now = self._emulator.now()
        for delivery in [delivery for delivery in self._waiting if delivery.not_before <= now]:
            self._waiting.remove(delivery)
            post = asyncio.create_task(self._post(session, delivery))
            self._posts.add(post)
            post.add_done_callback(self._posts.discard)
        wait_s = min((delivery.not_before - now for delivery in self._waiting), default=IDLE_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._wake.wait()

    async def _post(self, session: aiohttp.ClientSession, delivery: Delivery) -> None:
        try:
            post = session.post(
                delivery.url, headers=delivery.headers, data=delivery.body, allow_redirects=False
            )
            async with post as response:
                status, problem = response.status, ""
        except Exception as error:  # noqa: BLE001 (whatever keeps a post from ending is told in the log)
            status, problem = None, f"{type(error).__name__}: {error}"
        self._emulator.delivered(delivery, status, problem)
        self.wake()
