"""An HTTP server inside our event loop, which leaves signals to us."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Generator
from typing import Any

import uvicorn

from calferry.bootstrap.http_protocol import BoundedHttp

GRACE_S = 3
TICK_S = 0.1
TICKS_A_DAY = 864_000


class AddressTaken(Exception):
    """Somebody else listens there."""


class HttpServer(uvicorn.Server):
    """uvicorn without its signal handlers, which would end the process before its work is put in order."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.told_to_end = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def main_loop(self) -> None:
        """Tick until it is told to end, and end at once then."""
        ticks = 0
        while not await self.on_tick(ticks):
            ticks = (ticks + 1) % TICKS_A_DAY
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.told_to_end.wait(), TICK_S)

    def end(self) -> None:
        self.should_exit = True
        self.told_to_end.set()


class WithoutEndedStreams(logging.Filter):
    """Streams that the end of the server cuts off are no failure: no traceback, no error."""

    def filter(self, record: logging.LogRecord) -> bool:
        kind = record.exc_info[0] if record.exc_info else None
        if kind is not None and issubclass(kind, asyncio.CancelledError):
            return False
        return not record.getMessage().startswith("Cancel ")


ENDED_STREAMS = WithoutEndedStreams()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any. Raises AddressTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=1024)
        # Inherited by connections; without it asyncio, though not uvloop, lets a body wait 40 ms behind its head.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        # Python adds the address again, in brackets.
        why = str(error.strerror or error).partition(" (while ")[0]
        raise AddressTaken(f"Cannot listen on {host} port {port}: {why}. Give another --port.") from None


@contextlib.asynccontextmanager
async def serving(app: Any, listener: socket.socket) -> AsyncIterator[HttpServer]:
    """Serve the application until the block ends; open streams then get three seconds."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="on",
        http=BoundedHttp,
        ws="none",
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=GRACE_S,
    )
    logging.getLogger("uvicorn.error").addFilter(ENDED_STREAMS)
    server = HttpServer(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await started(server, task)
        yield server
    finally:
        server.end()
        await task


async def started(server: HttpServer, task: asyncio.Task[None]) -> None:
    """Wait until it accepts. Raises what kept it from starting."""
    while not server.started:
        if task.done():
            task.result()
            raise AddressTaken("The server stopped before it had started; its log says why.")
        await asyncio.sleep(0.01)
