"""Requests to the service, repeated where that is safe."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp
import msgspec

from calferry.client.errors import Problem, Refused, Unreachable

ATTEMPTS = 5
LONGEST_WAIT_S = 30.0
BUSY = frozenset({429, 502, 503, 504})
LOST = (aiohttp.ClientError, OSError, TimeoutError)
SILENT_STREAM_S = 60.0
"""Streams bring a comment every fifteen seconds."""

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire:
    """One session with the service. `sleep` waits before a repetition."""

    def __init__(self, url: str, token: str, *, timeout_s: float, sleep: Sleep = asyncio.sleep) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._sleep = sleep
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(headers=self._headers, timeout=self._timeout)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the client is not open: use `async with calferry.Client(…) as client:`")
        return self._session

    async def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> Answer:
        """Only for what may be repeated: reading, and edits under an idempotency key. Raises Refused or Unreachable."""
        given: dict[str, Any] = {"params": params, "headers": dict(headers or {})}
        if body is not None:
            given["data"] = msgspec.json.encode(body)
            given["headers"]["Content-Type"] = "application/json"
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self.session.request(
                    method, self._url + path, allow_redirects=False, **given
                ) as got:
                    answer = Answer(got.status, got.headers, await got.read())
            except LOST as error:
                if attempt == ATTEMPTS:
                    raise Unreachable(f"{self._url} does not answer: {error}") from error
                await self.rest(attempt)
                continue
            if answer.status not in BUSY or attempt == ATTEMPTS:
                return accepted(answer)
            await self.rest(attempt, answer.headers.get("Retry-After"))
        raise AssertionError("the last attempt returns or raises")

    @asynccontextmanager
    async def stream(
        self, path: str, params: Mapping[str, str], last_id: str | None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """An open stream. Raises Refused, or what stands in LOST."""
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_id} if last_id else {})
        patience = aiohttp.ClientTimeout(total=None, sock_connect=10.0, sock_read=SILENT_STREAM_S)
        asked = self.session.get(
            self._url + path, params=params, headers=headers, timeout=patience, allow_redirects=False
        )
        async with asked as got:
            if got.status not in (200, 204):
                accepted(Answer(got.status, got.headers, await got.read()))
            yield got

    async def rest(self, attempt: int, retry_after: str | None = None) -> None:
        await self._sleep(waited(attempt, retry_after))


def accepted(answer: Answer) -> Answer:
    """Raises Refused for what is no success."""
    if 200 <= answer.status < 300:
        return answer
    try:
        problem = msgspec.json.decode(answer.body, type=Problem)
    except msgspec.MsgspecError:
        problem = Problem(detail=answer.body[:200].decode("utf-8", "replace"))
    raise Refused(answer.status, problem)


def decoded(text: bytes | str, kind: type[T]) -> T:
    """What the service says. Titles may hold half a character (a lone surrogate): Google keeps these, and JSON can tell them,
    which only Python's own reader takes. Raises Unreachable where something else than the service answers."""
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.MsgspecError as unread:
        try:
            return msgspec.convert(json.loads(text), kind)
        except (ValueError, RecursionError, msgspec.MsgspecError):
            raise Unreachable(f"what answers there is no calferry: {unread}") from None


def waited(attempt: int, retry_after: str | None) -> float:
    """Seconds before the next attempt: what the service asks for, or half a second and twice as much each time."""
    asked = float(retry_after) if retry_after and retry_after.isdecimal() else 0.5 * 2.0 ** (attempt - 1)
    return min(asked, LONGEST_WAIT_S)
