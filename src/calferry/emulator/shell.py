"""The thin part that touches the network: an ASGI application around `Emulator.handle`."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from calferry.emulator import striking
from calferry.emulator.app import Emulator
from calferry.emulator.wire import Request, Response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

TRANSPORT = "transport"
BODY_BYTES_MAX = 10_000_000
CONTROL = "/_emulator/"
CONTROL_BYTES_MAX = 1_000_000_000
TOO_LARGE = 413
_LINGER_NONE = struct.pack("ii", 1, 0)


class OpenProtocol(HttpToolsProtocol):
    """Hands the transport to the application, which needs it to drop connections on purpose."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"][TRANSPORT] = self.transport


class Shell:
    """Serves one emulator; `after_request` is called whenever notifications may be waiting."""

    def __init__(self, emulator: Emulator, after_request: Callable[[], None]) -> None:
        self._emulator = emulator
        self._after_request = after_request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = await _received(scope, receive)
        if request is None:
            await _send(_too_large(), send)
            return
        response = self._emulator.handle(request)
        self._after_request()
        if response.delay_s:
            await asyncio.sleep(response.delay_s)
        if response.fault == "reset":
            _drop(scope)
            return
        await _send(response, send)
        if response.fault == "cut":
            _close(scope)


def _too_large() -> Response:
    page = striking.html(TOO_LARGE)
    body = page.body if isinstance(page.body, bytes) else b""
    return Response(TOO_LARGE, {"Content-Type": page.content_type, "Content-Length": str(len(body))}, body)


async def _received(scope: Scope, receive: Receive) -> Request | None:
    """The whole request; None for one that is too large, read to its end so that its sender hears the answer.

    Control requests may bring a snapshot, which is as large as the world.
    """
    path = scope["raw_path"].decode("latin-1")
    most = CONTROL_BYTES_MAX if path.startswith(CONTROL) else BODY_BYTES_MAX
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        more = message.get("more_body", False)
        if size <= most:
            chunks.append(chunk)
    if size > most:
        return None
    return Request(scope["method"], path, scope["query_string"].decode("latin-1"), headers, b"".join(chunks))


async def _send(response: Response, send: Send) -> None:
    cut = response.fault == "cut"
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in response.headers.items()]
    if response.status == 204:
        headers = [pair for pair in headers if pair[0] != b"content-length"]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    body = response.body[: len(response.body) // 2] if cut else response.body
    await send({"type": "http.response.body", "body": body, "more_body": cut})


def _drop(scope: Scope) -> None:
    """Ends the connection with a reset, nothing sent."""
    transport = scope["state"][TRANSPORT]
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
    transport.abort()


def _close(scope: Scope) -> None:
    """Ends the connection after what has been written so far."""
    scope["state"][TRANSPORT].close()
