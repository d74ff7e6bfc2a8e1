"""A server that says exactly the bytes it is told to, and then does what it is told."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Answering = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Wire:
    """What the server does with each request, in turn; the last answer is repeated."""

    answers: list[Answering]
    url: str = ""
    heads: list[str] = field(default_factory=list)
    connections: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head.decode())
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                await answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def say(self, *pieces: bytes) -> Answering:
        """Send these bytes and keep the connection."""

        async def answer(writer: asyncio.StreamWriter) -> None:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()

        return answer

    def say_and_close(self, *pieces: bytes) -> Answering:
        async def answer(writer: asyncio.StreamWriter) -> None:
            await self.say(*pieces)(writer)
            writer.close()

        return answer

    def say_and_reset(self, *pieces: bytes) -> Answering:
        async def answer(writer: asyncio.StreamWriter) -> None:
            await self.say(*pieces)(writer)
            writer.transport.abort()

        return answer

    def say_and_stall(self, *pieces: bytes) -> Answering:
        """Send these bytes and nothing more until the test is over."""

        async def answer(writer: asyncio.StreamWriter) -> None:
            await self.say(*pieces)(writer)
            await self.released.wait()

        return answer

    def drip(self, head: bytes, byte: bytes = b" ") -> Answering:
        """Send one byte after another, for ever."""

        async def answer(writer: asyncio.StreamWriter) -> None:
            await self.say(head)(writer)
            while not self.released.is_set():
                await self.say(byte)(writer)
                await asyncio.sleep(0.02)

        return answer


@asynccontextmanager
async def wired(context: ssl.SSLContext | None = None) -> AsyncIterator[Wire]:
    wire = Wire([])
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0, ssl=context)
    scheme = "https" if context else "http"
    wire.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/x"
    try:
        yield wire
    finally:
        wire.released.set()
        server.close()


def http(body: bytes, status: str = "200 OK", length: int | None = None, **headers: str) -> bytes:
    """An answer with a Content-Length; length: another one than the true one."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}\r\n" for name, value in named.items()]
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\n{''.join(lines)}\r\n".encode() + body
