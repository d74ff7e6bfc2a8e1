"""HTTP/1.1 with keep-alive, just enough of it, on a bare protocol."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

Responder = Callable[[str, str, bool], tuple[bytes, float]]
HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Head:
    method: str
    target: str
    fields: dict[str, str]

    @property
    def body_bytes(self) -> int:
        return int(self.fields.get("content-length", 0))


def read_head(raw: bytes) -> Head:
    first, *lines = raw.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines)
    return Head(method, target, {name.lower(): value.strip() for name, _, value in pairs})


class Connection(asyncio.Protocol):
    """Answers requests in order; bodies are read past."""

    def __init__(self, respond: Responder) -> None:
        self.respond = respond
        self.buffer = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=1 << 24)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(HEAD_END)) >= 0:
            head = read_head(self.buffer[:end])
            past = end + len(HEAD_END) + head.body_bytes
            if len(self.buffer) < past:
                return
            self.buffer = self.buffer[past:]
            self._answer(head)

    def _answer(self, head: Head) -> None:
        accepts_gzip = "gzip" in head.fields.get("accept-encoding", "")
        answer, delay_s = self.respond(head.method, head.target, accepts_gzip)
        closes = head.fields.get("connection", "").lower() == "close"
        if delay_s > 0:
            asyncio.get_running_loop().call_later(delay_s, self._send, answer, closes)
        else:
            self._send(answer, closes)

    def _send(self, answer: bytes, closes: bool) -> None:
        if self.transport is None or self.transport.is_closing():
            return
        self.transport.write(answer)
        if closes:
            self.transport.close()
