"""Messages go to the internet alone, whatever a name resolves to, and whoever takes them learns nothing of us."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver
from prometheus_client import CollectorRegistry, Counter

from calferry.bootstrap.outbound import BODY_MAX, GuardedOutbound
from tests.unit.duties.rows import NOW, StillClock

OK = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"


class Names(AbstractResolver):
    """Resolves every name to what is next in the list, and to the last one from then on."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> Any:
        address = self.addresses.pop(0) if len(self.addresses) > 1 else self.addresses[0]
        if not address:
            raise OSError("no such name")
        kind = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [
            {"hostname": host, "host": address, "port": port, "family": kind, "proto": 0, "flags": socket.AI_NUMERICHOST}
        ]  # fmt: skip

    async def close(self) -> None: ...


@contextlib.asynccontextmanager
async def outbound(*addresses: str, inside: bool = False, timeout_s: float = 5.0) -> AsyncIterator[Any]:
    counter = Counter("outcomes", "Outcomes", ["outcome"], registry=CollectorRegistry())
    names = Names(*(addresses or ("",)))
    async with GuardedOutbound(
        StillClock(), counter, allow_inside=inside, resolver=names, timeout_s=timeout_s
    ) as opened:
        yield opened


@contextlib.asynccontextmanager
async def server(answer: bytes, *, waits: bool = False) -> AsyncIterator[tuple[int, list[bytes]]]:
    """One that answers everything so; its port, and what it was sent."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            heard.append(head + await reader.readexactly(2))
            if waits:
                await reader.read()
            writer.write(answer)
            await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1], heard


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/", "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://169.254.169.254/",
        "https://user:pw@example.com/", "https://example.com:22/", "https://example.com:25/", "https://example.com/#part",
        "https://example.com/a b", "https://example.com\\@evil.example/", "https:///path", "file:///etc/passwd",
        "ftp://example.com/", "https://example.com:99999/", "https://[::1", "", "https://example.com/" + "a" * 2_000,
    ],
)  # fmt: skip
@pytest.mark.anyio
async def test_an_address_that_will_not_do_is_refused_when_it_is_given(address: str) -> None:
    async with outbound("8.8.8.8") as out:
        assert await out.refusal(address) is not None
        assert await out.refusal("https://example.com:8443/hook?token=1") is None


@pytest.mark.anyio
@pytest.mark.parametrize("resolved", ["10.0.0.1", "127.0.0.1", "fd00::1", "::ffff:192.168.0.1", ""])
async def test_a_name_that_leads_inside_or_nowhere_is_refused_when_it_is_given(resolved: str) -> None:
    async with outbound(resolved) as out:
        assert await out.refusal("https://example.com/") is not None


@pytest.mark.anyio
async def test_a_name_that_leads_inside_later_is_refused_by_the_connection() -> None:
    async with server(OK) as (port, heard), outbound("8.8.8.8", "127.0.0.1") as out:
        address = f"https://example.com:{port}/"
        assert await out.refusal(address) is None
        receipt = await out.post(address, {}, b"{}")
        assert (receipt.answer, receipt.error) == (None, "leads into a private network")
        for literal in (f"https://127.0.0.1:{port}/", f"https://2130706433:{port}/"):
            assert (await out.post(literal, {}, b"{}")).answer is None
        assert heard == []


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
async def test_names_and_numbers_that_the_system_takes_for_this_machine_are_refused(name: str) -> None:
    counter = Counter("outcomes", "Outcomes", ["outcome"], registry=CollectorRegistry())
    async with (
        server(OK) as (port, heard),
        GuardedOutbound(StillClock(), counter, allow_inside=False) as out,
    ):
        address = f"https://{name}:{port}/"
        assert await out.refusal(address) == "leads into a private network"
        assert (await out.post(address, {}, b"{}")).answer is None
        assert heard == []


@pytest.mark.anyio
async def test_the_answer_is_its_status_and_nothing_more() -> None:
    redirect = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * (BODY_MAX + 65_536)
    later = b"HTTP/1.1 429 No\r\nRetry-After: 90\r\nContent-Length: 0\r\n\r\n"
    dated = b"HTTP/1.1 503 No\r\nRetry-After: Fri, 15 Jan 2027 08:01:00 GMT\r\nContent-Length: 0\r\n\r\n"
    expected = [
        (OK, 204, None),
        (redirect, 302, None),
        (endless, 200, None),
        (later, 429, 90.0),
        (dated, 503, 60.0),
    ]
    assert NOW == 1_800_000_000_000
    async with outbound("127.0.0.1", inside=True) as out:
        for answer, status, wait_s in expected:
            async with server(answer) as (port, heard):
                headers = {"webhook-id": "msg_1", "user-agent": "calferry"}
                receipt = await out.post(f"http://example.com:{port}/", headers, b"{}")
                assert (receipt.answer, receipt.retry_after_s, receipt.error) == (status, wait_s, None)
                assert len(heard) == 1
                assert heard[0].startswith(b"POST / HTTP/1.1\r\n")
                assert b"webhook-id: msg_1\r\n" in heard[0]


@pytest.mark.anyio
async def test_who_does_not_answer_is_not_waited_for() -> None:
    async with server(OK, waits=True) as (port, _), outbound("127.0.0.1", inside=True, timeout_s=0.2) as out:
        assert (await out.post(f"http://example.com:{port}/", {}, b"{}")).error == "did not answer in time"
    async with server(b"nonsense\r\n\r\n") as (port, _), outbound("127.0.0.1", inside=True) as out:
        assert (await out.post(f"http://example.com:{port}/", {}, b"{}")).error == "ended the connection"
    async with outbound("127.0.0.1", inside=True) as out:
        assert (await out.post(f"http://example.com:{port}/", {}, b"{}")).error == "refuses connections"
        assert (await out.post(f"https://example.com:{port}/", {}, b"{}")).answer is None
