"""HTTP over one connection, with an end to waiting: for a request, and for a reader who takes nothing."""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

REQUEST_WITHIN_S = 15.0
"""A connection that is silent, or has brought only part of a request's head, is closed after this."""
TAKEN_WITHIN_S = 60.0
"""A reader who has taken next to nothing for so long, while more waits than is kept, is cut off."""
HEAD_SIZE_MAX = 4_194_304
"""Bytes of a request's address and headers; what is shorter and still too long gets an answer that says so."""


class Deadline:
    """Something that is done unless it is called off in time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float, act: Callable[[], None]) -> None:
        """One that is set already stays as it is."""
        if self._timer is None:
            self._timer = self._loop.call_later(seconds, act)

    def call_off(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's protocol, which by itself sets no bound to any of these."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.head_size: int | None = None
        """Of the head that is being read."""
        self.request_deadline = Deadline(self.loop)
        self.taken_deadline = Deadline(self.loop)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.expect_request()

    def data_received(self, data: bytes) -> None:
        if self.head_size is not None:
            self.head_size += len(data)
            if self.head_size > HEAD_SIZE_MAX:
                self.send_400_response("The head of the request is too large.")
                return
        super().data_received(data)
        if getattr(self.cycle, "response_complete", True):
            self.expect_request()
        else:
            self.request_deadline.call_off()

    def expect_request(self) -> None:
        if not self.transport.is_closing():
            self.request_deadline.set(REQUEST_WITHIN_S, self.transport.close)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.head_size = 0

    def on_headers_complete(self) -> None:
        self.head_size = None
        super().on_headers_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.taken_deadline.set(TAKEN_WITHIN_S, self.transport.abort)

    def resume_writing(self) -> None:
        self.taken_deadline.call_off()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self.request_deadline.call_off()
        self.taken_deadline.call_off()
        super().connection_lost(exc)
