"""A line to a server that can be cut, or lose what the server answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit


class CutLine:
    """`answers_lost`: that many answers are still to be dropped, with their connections."""

    def __init__(self, target: str) -> None:
        self._host, self._port = urlsplit(target).hostname, urlsplit(target).port
        self._writers: set[asyncio.StreamWriter] = set()
        self.answers_lost = 0
        self.connections = 0
        self.url = ""

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        there_reader, there_writer = await asyncio.open_connection(self._host, self._port)
        ends = {writer, there_writer}
        self._writers |= ends
        with suppress(ConnectionError, asyncio.CancelledError):
            async with asyncio.TaskGroup() as both:
                both.create_task(self.copy(reader, there_writer, is_answer=False))
                both.create_task(self.copy(there_reader, writer, is_answer=True))
        self._writers -= ends
        for end in ends:
            end.close()

    async def copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool
    ) -> None:
        while data := await reader.read(65_536):
            if is_answer and self.answers_lost:
                self.answers_lost -= 1
                break
            writer.write(data)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def cut_line(target: str) -> AsyncIterator[CutLine]:
    line = CutLine(target)
    server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    line.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield line
    finally:
        server.close()
        line.cut()
