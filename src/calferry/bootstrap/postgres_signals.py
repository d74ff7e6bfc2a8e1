"""Wake-up calls between processes, by PostgreSQL's NOTIFY. They may be lost: whoever waits also looks by itself."""

import asyncio
from typing import Any

import asyncpg
import structlog

from calferry.bootstrap.signals import InProcessSignals

CHANNEL = "calferry"
PAYLOAD_MAX = 7_000
GATHERED_S = 0.02
"""Calls of that long go in one message: a page of changes wakes the same topics again and again."""
RETRY_S = 2.0

log = structlog.get_logger(__name__)


class PostgresSignals(InProcessSignals):
    """`ports.Signals` for all processes on one database. `keep` has to run for calls to leave and to arrive."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address
        self._leaving: set[str] = set()
        self._called = asyncio.Event()

    def wake(self, topic: str) -> None:
        super().wake(topic)
        self._leaving.add(topic)
        self._called.set()

    async def keep(self) -> None:
        """Pass calls on, over a connection that is made again when it is lost. Runs until it is cancelled."""
        while True:
            try:
                await self._pass_on()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("signals_interrupted", error=str(error))
                await asyncio.sleep(RETRY_S)

    async def _pass_on(self) -> None:
        connection = await asyncpg.connect(
            self._address, server_settings={"application_name": "calferry signals"}
        )
        try:
            await connection.add_listener(CHANNEL, self._arrived)
            self.wake_everybody()
            while True:
                await self._called.wait()
                await asyncio.sleep(GATHERED_S)
                self._called.clear()
                for payload in self._payloads():
                    await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, payload)
        finally:
            connection.terminate()

    def _arrived(self, connection: Any, sender: int, _channel: str, payload: str) -> None:
        if sender != connection.get_server_pid():
            for topic in payload.split(" "):
                super().wake(topic)

    def _payloads(self) -> list[str]:
        """The topics that have been called, in messages of a size that NOTIFY takes."""
        payloads = [""]
        for topic in sorted(self._leaving):
            if len(payloads[-1]) + len(topic) > PAYLOAD_MAX:
                payloads.append("")
            payloads[-1] = f"{payloads[-1]} {topic}".strip()
        self._leaving.clear()
        return [payload for payload in payloads if payload]
