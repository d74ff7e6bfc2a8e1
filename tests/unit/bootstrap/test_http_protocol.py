"""Connections that bring or take nothing come to an end."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from calferry.bootstrap import http_protocol
from calferry.bootstrap.http_server import HttpServer, listen, serving
from tests.waiting import eventually

WITHIN_S = 10.0
Story = Callable[[asyncio.StreamReader, asyncio.StreamWriter, HttpServer], Awaitable[None]]


async def application(scope: Any, _receive: Any, send: Any) -> None:
    """Answers `/long` with more than any buffer holds, anything else with one word."""
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(1_000 if scope["path"] == "/long" else 0):
        await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
    await send({"type": "http.response.body", "body": b"word", "more_body": False})


def connected(story: Story) -> None:
    async def told() -> None:
        listener = listen("127.0.0.1", 0)
        async with serving(application, listener) as server:
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            client.setblocking(False)
            await asyncio.get_running_loop().sock_connect(client, listener.getsockname())
            reader, writer = await asyncio.open_connection(sock=client, limit=4_096)
            async with asyncio.timeout(WITHIN_S):
                await story(reader, writer, server)
            writer.close()

    asyncio.run(told())


@pytest.mark.parametrize("sent", [b"", b"\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_a_connection_without_a_whole_request_is_closed(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(http_protocol, "REQUEST_WITHIN_S", 0.05)

    async def story(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: HttpServer) -> None:
        writer.write(sent)
        assert await reader.read() == b""

    connected(story)


def test_a_second_request_that_stays_unfinished_is_closed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "REQUEST_WITHIN_S", 0.2)

    async def story(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: HttpServer) -> None:
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"word")
        writer.write(b"GET / HTTP/1.1\r\n")
        assert b"HTTP/1.1" not in await reader.read()

    connected(story)


def test_a_head_without_end_is_refused() -> None:
    async def story(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: HttpServer) -> None:
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
        with contextlib.suppress(ConnectionError):
            for number in range(500):
                writer.write(b"X-%d: " % number + b"y" * 10_000 + b"\r\n")
                await writer.drain()
        with contextlib.suppress(ConnectionError):
            assert (await reader.readline()).startswith(b"HTTP/1.1 400")

    connected(story)


def test_a_reader_who_takes_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "TAKEN_WITHIN_S", 0.05)

    async def story(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: HttpServer) -> None:
        writer.transport.pause_reading()
        writer.write(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
        await eventually(lambda: server.server_state.tasks, what="the request under way")
        await eventually(lambda: not server.server_state.connections, what="the connection closed")

    connected(story)


def test_a_connection_too_many_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "CONNECTIONS_MAX", 1)

    async def story(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: HttpServer) -> None:
        await eventually(lambda: server.server_state.connections, what="the first connection")
        second, other = await asyncio.open_connection(*writer.get_extra_info("peername"))
        answer = await second.read()
        other.close()
        assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert b"\r\nx-content-type-options: nosniff\r\n" in answer
        assert answer.endswith(b"Too many connections are open: try again in a moment.")
        writer.close()
        await eventually(lambda: not server.server_state.connections, what="both connections closed")
        third, again = await asyncio.open_connection(*writer.get_extra_info("peername"))
        again.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"word" in await third.read()
        again.close()

    connected(story)


def test_some_files_are_kept_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def limited(files: int) -> int:
        monkeypatch.setattr(http_protocol.resource, "getrlimit", lambda _: (files, files))
        return http_protocol.connections_max()

    assert [limited(files) for files in (-1, 100_000, 1_024, 64, 3)] == [10_000, 10_000, 960, 1, 1]


def test_what_cannot_be_read_gets_the_safe_headers_too() -> None:
    async def story(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: HttpServer) -> None:
        writer.write(b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert b"\r\ncontent-security-policy: default-src 'none'" in answer

    connected(story)


def test_no_answer_waits_for_more_to_send() -> None:
    """A head and a body that are written apart would be 40 ms apart at the reader."""

    async def story(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter, server: HttpServer) -> None:
        await eventually(lambda: server.server_state.connections, what="the connection")
        (connection,) = server.server_state.connections
        served = connection.transport.get_extra_info("socket")
        assert served.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    connected(story)
