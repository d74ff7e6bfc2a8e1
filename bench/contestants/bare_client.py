"""The least that fetches a page: one keep-alive connection, no HTTP library, gunzip by isal."""

import asyncio
import re
from typing import cast

from isal import isal_zlib

HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)


class BareConnection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.body_at = self.end_at = 0
        self.answered: asyncio.Future[bytes]
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.answered.done():
            self.answered.set_exception(ConnectionError("the upstream closed the connection"))

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.end_at and (head := self.buffer.find(HEAD_END)) >= 0:
            length = cast(re.Match[bytes], LENGTH.search(self.buffer, 0, head))
            self.body_at = head + len(HEAD_END)
            self.end_at = self.body_at + int(length[1])
        if self.end_at and len(self.buffer) >= self.end_at:
            self._finish()

    def _finish(self) -> None:
        body = isal_zlib.decompress(memoryview(self.buffer)[self.body_at : self.end_at], wbits=31)
        self.buffer, self.end_at = bytearray(), 0
        self.answered.set_result(body)

    async def get(self, target: str) -> bytes:
        """Return the body, which the upstream must gzip."""
        self.answered = asyncio.get_running_loop().create_future()
        head = f"GET {target} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer bench\r\nUser-Agent: bench (gzip)\r\n"
        self.transport.write(f"{head}Accept-Encoding: gzip\r\n\r\n".encode())
        return await self.answered


async def open_connection(base_url: str) -> BareConnection:
    host, _, port = base_url.removeprefix("http://").partition(":")
    _, connection = await asyncio.get_running_loop().create_connection(BareConnection, host, int(port))
    return connection
