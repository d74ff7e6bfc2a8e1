"""A response that streams frames until they end, the reader leaves, or the reader falls too far behind."""

import asyncio
from collections.abc import Awaitable, Callable

from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from calferry.web.outbox import Outbox, ReaderTooSlow
from calferry.web.sse import HEADERS

Produce = Callable[[Outbox], Awaitable[None]]

LAST_BYTES_S = 60.0
"""A reader may take this long over what is left when the stream has ended."""


class EventStream(Response):
    """`produce` puts frames into the outbox and returns when the stream is over."""

    media_type = "text/event-stream"

    def __init__(self, produce: Produce) -> None:
        self.status_code = 200
        self.background = None
        self.body = b""
        self.raw_headers = list(HEADERS)
        self._produce = produce

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        outbox = Outbox()
        filling = asyncio.ensure_future(self._fill(outbox))
        draining = asyncio.ensure_future(drain(outbox, send))
        leaving = asyncio.ensure_future(until_disconnected(receive))
        try:
            await asyncio.wait({filling, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if filling.cancelled() or (filling.done() and filling.result()):
                await asyncio.wait(
                    {draining, leaving}, return_when=asyncio.FIRST_COMPLETED, timeout=LAST_BYTES_S
                )
        finally:
            for task in (filling, draining, leaving):
                task.cancel()
            await asyncio.gather(filling, draining, leaving, return_exceptions=True)

    async def _fill(self, outbox: Outbox) -> bool:
        """Whether the stream came to its end: False for a reader who stopped reading."""
        try:
            await self._produce(outbox)
        except ReaderTooSlow:
            return False
        finally:
            outbox.close()
        return True


async def drain(outbox: Outbox, send: Send) -> None:
    while (chunk := await outbox.take()) is not None:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
