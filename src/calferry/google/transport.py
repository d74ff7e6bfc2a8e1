"""Bytes over the wire with aiohttp, and the real clock."""

import asyncio
import ssl
import time
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from calferry.google.errors import (
    CertificateRejected,
    GoogleError,
    ProtocolViolation,
    ResponseTooLarge,
    Unreachable,
)
from calferry.google.wire import WireRequest, WireResponse, receive

CONNECT_TIMEOUT_S = 5.0
CONNECTIONS_MAX = 50
READ_BUFFER_BYTES = 256 * 1024
DNS_KEPT_S = 60
CLOSE_TIMEOUT_S = 2.0


class SystemClock:
    """The real time."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class AiohttpTransport:
    """Sends requests over kept-alive connections. Follows no redirect, keeps no cookie, retries nothing but a
    kept-alive connection that the other side had already closed. Use inside one event loop; close it."""

    def __init__(
        self,
        *,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        connections_max: int = CONNECTIONS_MAX,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._connect_timeout_s = connect_timeout_s
        self._connections_max = connections_max
        self._ssl_context = ssl_context
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def send(self, request: WireRequest) -> WireResponse:
        """One answer within request.timeout_s. Raises Unreachable, ProtocolViolation or ResponseTooLarge."""
        try:
            status, headers, raw = await self._exchange(request)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            failure = failure_of(error)
        else:
            return receive(status, headers, raw, request.max_body_bytes)
        # Raised outside the handler: the original may carry the request with its token.
        raise failure

    async def _exchange(self, request: WireRequest) -> tuple[int, dict[str, str], bytes]:
        timeout = aiohttp.ClientTimeout(total=request.timeout_s, sock_connect=self._connect_timeout_s)
        async with self._open_session().request(
            request.method,
            URL(request.url, encoded=True),
            headers=request.headers,
            data=request.body,
            allow_redirects=False,
            timeout=timeout,
        ) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            return response.status, headers, await read_capped(response, request.max_body_bytes)

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=self._connections_max,
                ttl_dns_cache=DNS_KEPT_S,
                ssl=True if self._ssl_context is None else self._ssl_context,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                read_bufsize=READ_BUFFER_BYTES,
            )
        return self._session


async def read_capped(response: aiohttp.ClientResponse, cap: int) -> bytes:
    """The body as transferred. Raises ResponseTooLarge as soon as it exceeds `cap` bytes."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > cap:
            response.close()
            raise ResponseTooLarge(f"body is larger than {cap} bytes", status=response.status)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def failure_of(error: Exception) -> GoogleError:
    """What an exception of aiohttp or the system means."""
    match error:
        case aiohttp.ClientConnectorCertificateError() | ssl.SSLCertVerificationError():
            return CertificateRejected("the certificate is not trusted for this host")
        case aiohttp.ClientSSLError():
            return Unreachable("no TLS connection", kind="tls")
        case aiohttp.ConnectionTimeoutError():
            return Unreachable("no connection in time", kind="connect_timeout")
        case TimeoutError():
            return Unreachable("no complete answer in time", kind="timeout")
        case aiohttp.ClientConnectorDNSError():
            return Unreachable("name cannot be resolved", kind="dns")
        case aiohttp.ClientConnectorError():
            return Unreachable("connection refused", kind="connect")
        case aiohttp.ClientPayloadError():
            return Unreachable("answer ended early", kind="truncated")
        case aiohttp.ClientConnectionError() | OSError():
            return Unreachable("connection was reset", kind="reset")
        case _:
            return ProtocolViolation("not an exchange in HTTP", reason="http")
