"""Sending messages to addresses that people give us, and to no address inside our own network.

The address is looked at when it is given, and again by the connection itself when it is made: a name may resolve to
something else by then.
"""

import asyncio
import errno
import re
import socket
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from functools import partial
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from prometheus_client import Counter
from yarl import URL

from calferry.core.public_address import is_public
from calferry.core.subscription import Receipt
from calferry.ports import Clock

TIMEOUT_S = 15.0
CONNECT_TIMEOUT_S = 5.0
LOOKUP_TIMEOUT_S = 5.0
BODY_MAX = 16 * 1024
LENGTH_MAX = 2_000
RESOLVED_AT_ONCE = 8
LOW_PORTS = (80, 443)
INSIDE = "leads into a private network"


class ApartResolver(AbstractResolver):
    """The system's, in threads of its own: names that people give us may resolve slowly, and hold up no others."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(RESOLVED_AT_ONCE, "outbound-names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        look = partial(socket.getaddrinfo, host, port, family=family, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, look)
        return [
            ResolveResult(
                hostname=host,
                host=str(place[0]),
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            for kind, _, protocol, _, place in found
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class GuardedOutbound:
    """`ports.Outbound` over aiohttp: follows no redirect, keeps no cookie, reads little of the answer and throws that
    away, so that whoever chose the address learns nothing from us but whether it answered.

    `allow_inside`: for development and tests, where the receiver is this machine; plain http is accepted then, too.
    """

    def __init__(
        self,
        clock: Clock,
        outcomes: Counter,
        *,
        allow_inside: bool,
        resolver: AbstractResolver | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._clock = clock
        self._outcomes = outcomes
        self._allow_inside = allow_inside
        self._resolver = resolver or ApartResolver()
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            resolver=self._resolver,
            use_dns_cache=False,
            socket_factory=self._socket,
            force_close=True,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=self._timeout_s, sock_connect=CONNECT_TIMEOUT_S),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        await self._resolver.close()

    async def refusal(self, address: str) -> str | None:
        refused = self._refused_as_written(address)
        if refused is not None:
            return refused
        host = urlsplit(address).hostname or ""
        try:
            async with asyncio.timeout(LOOKUP_TIMEOUT_S):
                found = await self._resolved(host)
        except (OSError, TimeoutError, UnicodeError):
            return "has a name that cannot be resolved"
        return None if all(map(self._is_allowed, found)) else INSIDE

    async def post(self, address: str, headers: Mapping[str, str], body: bytes) -> Receipt:
        receipt = await self._post(address, headers, body)
        outcome = "delivered" if receipt.is_delivered else "refused" if receipt.answer else "unreachable"
        self._outcomes.labels(outcome if receipt.error != INSIDE else "inside").inc()
        return receipt

    async def _post(self, address: str, headers: Mapping[str, str], body: bytes) -> Receipt:
        refused = self._refused_as_written(address)
        if refused is not None or self._session is None:
            return Receipt(None, refused or "the service is stopping")
        try:
            async with self._session.post(
                URL(address, encoded=True), headers=headers, data=body, allow_redirects=False
            ) as answer:
                await drained(answer)
                wait_s = self._asked_wait(answer.headers.get("Retry-After"))
                return Receipt(answer.status, retry_after_s=wait_s)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return Receipt(None, failure_of(error))

    def _refused_as_written(self, address: str) -> str | None:
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError:
            return "is none"
        if parts.scheme != "https" and not (self._allow_inside and parts.scheme == "http"):
            return "must begin with https://"
        if not parts.hostname or len(address) > LENGTH_MAX or not re.fullmatch(r"[!-~]+", address):
            return "is none, or too long"
        if parts.username is not None or parts.password is not None or parts.fragment or "\\" in address:
            return "must hold no user name, password, fragment or backslash"
        if port is not None and port < 1024 and port not in LOW_PORTS:
            return "has a port that belongs to another service"
        return None

    async def _resolved(self, host: str) -> Sequence[str]:
        try:
            return [str(ip_address(host))]
        except ValueError:
            return [found["host"] for found in await self._resolver.resolve(host, 443, socket.AF_UNSPEC)]

    def _is_allowed(self, address: str) -> bool:
        return self._allow_inside or is_public(address)

    def _socket(self, info: Any) -> socket.socket:
        """Every connection begins here, also one to an address that needs no resolving."""
        family, kind, protocol, _, place = info
        if not self._is_allowed(str(place[0])):
            raise PermissionError(errno.EACCES, INSIDE)
        return socket.socket(family, kind, protocol)

    def _asked_wait(self, text: str | None) -> float | None:
        """`Retry-After`, in seconds from now."""
        if text is None:
            return None
        if text.isascii() and text.isdecimal():
            return float(text[:9])
        try:
            return parsedate_to_datetime(text).timestamp() - self._clock.now_ms() / 1000
        except (ValueError, OverflowError):
            return None


async def drained(answer: aiohttp.ClientResponse) -> None:
    """Read a little, so that the other side sees its answer taken; the rest is not waited for."""
    size = 0
    async for chunk in answer.content.iter_any():
        size += len(chunk)
        if size > BODY_MAX:
            answer.close()
            return


def failure_of(error: Exception) -> str:
    """In words that hold nothing of ours."""
    if INSIDE in str(error):
        return INSIDE
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return "has a certificate that is not trusted"
        case aiohttp.ClientSSLError():
            return "speaks no TLS"
        case TimeoutError():
            return "did not answer in time"
        case aiohttp.ClientConnectorDNSError():
            return "has a name that cannot be resolved"
        case aiohttp.ClientConnectorError():
            return "refuses connections"
        case _:
            return "ended the connection"
