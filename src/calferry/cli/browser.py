"""A person's browser, as far as the demo needs one: cookies, redirects and the event stream."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any, Self

import aiohttp

from calferry.cli.endings import CommandFailed

CALENDARS_AT_ONCE = 20
STREAM_TIMEOUT_S = 330
Frame = tuple[str, dict[str, Any]]


class Browser:
    """One signed-in person at `address`."""

    def __init__(self, address: str, session: aiohttp.ClientSession) -> None:
        self.address = address
        self._session = session

    @classmethod
    @contextlib.asynccontextmanager
    async def opened(cls, address: str) -> AsyncIterator[Self]:
        """A browser without cookies, closed when the block ends."""
        jar = aiohttp.CookieJar(unsafe=True)
        timeout = aiohttp.ClientTimeout(total=STREAM_TIMEOUT_S)
        async with aiohttp.ClientSession(cookie_jar=jar, timeout=timeout) as session:
            yield cls(address, session)

    async def sign_in(self) -> str:
        """Go to the consent page and back; returns the address that the service knows the person by."""
        async with self._session.get(f"{self.address}/auth/google/login") as response:
            if response.status not in (200, 404):
                raise CommandFailed(f"Signing in ended with HTTP {response.status}.")
        session = await self.get("/auth/session")
        return str(session["user"]["email"])

    async def get(self, path: str) -> Any:
        """JSON of a path. Raises CommandFailed for anything but success."""
        async with self._session.get(self.address + path) as response:
            return await answer_of(response)

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        """As a page of the site itself would."""
        headers = {"Sec-Fetch-Site": "same-origin", "Origin": self.address}
        async with self._session.post(self.address + path, json=body, headers=headers) as response:
            return await answer_of(response)

    async def sync(self, calendar_ids: Sequence[str]) -> AsyncIterator[Frame]:
        """Frames of `GET /calendar/sync`, twenty calendars a request, waiting as long as it is told to."""
        for first in range(0, len(calendar_ids), CALENDARS_AT_ONCE):
            some = calendar_ids[first : first + CALENDARS_AT_ONCE]
            async with await self._open_stream(some) as response:
                async for frame in frames_of(response):
                    yield frame

    async def _open_stream(self, calendar_ids: Sequence[str]) -> aiohttp.ClientResponse:
        query = {"calendar_ids": ",".join(calendar_ids)}
        while True:
            response = await self._session.get(f"{self.address}/calendar/sync", params=query)
            if response.status == 200:
                return response
            if response.status != 429:
                await answer_of(response)
            await asyncio.sleep(int(response.headers.get("Retry-After", "1")))


async def answer_of(response: aiohttp.ClientResponse) -> Any:
    if not response.ok:
        raise CommandFailed(f"{response.url.path} answered HTTP {response.status}: {await response.text()}")
    return await response.json()


async def frames_of(response: aiohttp.ClientResponse) -> AsyncIterator[Frame]:
    """Parse server-sent events: name and JSON data of each."""
    name, data = "message", list[str]()
    async for line in lines_of(response):
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif not line and data:
            yield name, json.loads("\n".join(data))
            name, data = "message", []


async def lines_of(response: aiohttp.ClientResponse) -> AsyncIterator[str]:
    """Lines of any length."""
    rest = b""
    async for chunk in response.content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.rstrip(b"\r").decode()
