"""HTTP over one connection, with an end to waiting: for a request, and for a reader who takes nothing."""

import asyncio
import resource
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from calferry.web.security import safe_headers

REQUEST_WITHIN_S = 15.0
"""A connection that is silent, or has brought only part of a request's head, is closed after this."""
TAKEN_WITHIN_S = 60.0
"""A reader who has taken next to nothing for so long, while more waits than is kept, is cut off."""
HEAD_SIZE_MAX = 4_194_304
"""Bytes of a request's address and headers; what is shorter and still too long gets an answer that says so."""
CONNECTIONS_MAX = 10_000
FILES_KEPT = 64
"""Open files that are not connections of this server: the database's, Google's, the log."""


def connections_max() -> int:
    """How many connections are held at once: what the system allows this process, at most `CONNECTIONS_MAX`."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (
        CONNECTIONS_MAX
        if files == resource.RLIM_INFINITY
        else max(1, min(CONNECTIONS_MAX, files - FILES_KEPT))
    )


def refusal(status: HTTPStatus, text: str) -> bytes:
    """A whole answer for what does not reach the application, with the headers that every answer carries."""
    named = {**safe_headers(is_https=False), b"cache-control": b"no-store", b"connection": b"close"}
    named |= {b"content-type": b"text/plain; charset=utf-8", b"content-length": b"%d" % len(text)}
    head = b"HTTP/1.1 %d %s\r\n" % (status, status.phrase.encode())
    return head + b"".join(b"%s: %s\r\n" % item for item in named.items()) + b"\r\n" + text.encode("ascii")


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
        if len(self.connections) > connections_max():
            self.refuse(
                HTTPStatus.SERVICE_UNAVAILABLE, "Too many connections are open: try again in a moment."
            )
            return
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

    def send_400_response(self, msg: str) -> None:
        self.refuse(HTTPStatus.BAD_REQUEST, msg)

    def refuse(self, status: HTTPStatus, text: str) -> None:
        self.transport.write(refusal(status, text))
        self.transport.close()

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
