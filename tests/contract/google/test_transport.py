import asyncio
import gzip
import random
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from calferry.google import (
    AiohttpTransport,
    CertificateRejected,
    Endpoints,
    EventsList,
    GoogleCalendar,
    ProtocolViolation,
    ResponseTooLarge,
    SystemClock,
    Unreachable,
    WireRequest,
)
from tests.contract.google.wires import Wire, http, wired

BODY = b'{"kind":"calendar#events","nextSyncToken":"s","items":[' + b'{"id":"a"},' * 999 + b'{"id":"a"}]}'
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
UNTIL_EOF = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
SECRET = "ya29.very-secret"


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with wired() as server:
        yield server


@pytest.fixture
async def transport() -> AsyncIterator[AiohttpTransport]:
    async with AiohttpTransport() as made:
        yield made


def asking(url: str, timeout_s: float = 10.0, cap: int = 2**20, method: str = "GET") -> WireRequest:
    headers = {"Authorization": f"Bearer {SECRET}", "Accept-Encoding": "gzip", "User-Agent": "test (gzip)"}
    return WireRequest(method, url, headers, None, timeout_s, cap)


async def test_a_gzip_answer_arrives_inflated(wire, transport) -> None:
    wire.answers = [wire.say(http(gzip.compress(BODY), Content_Encoding="gzip", ETag="x"))]
    response = await transport.send(asking(wire.url))
    assert (response.status, response.body, response.headers["etag"]) == (200, BODY, "x")


async def test_chunks_are_put_together(wire, transport) -> None:
    pieces = [b"%x\r\n%b\r\n" % (len(part), part) for part in (BODY[:10], BODY[10:])]
    wire.answers = [wire.say(CHUNKED, *pieces, b"0\r\n\r\n")]
    assert (await transport.send(asking(wire.url))).body == BODY


async def test_the_address_goes_out_exactly_as_it_was_made(wire, transport) -> None:
    wire.answers = [wire.say(http(BODY))]
    await transport.send(asking(wire.url + "/a%40b%23c%2Fd?q=a%2Bb+c&t=%3D"))
    assert wire.heads[0].startswith("GET /x/a%40b%23c%2Fd?q=a%2Bb+c&t=%3D HTTP/1.1\r\n")


async def test_connections_are_kept_and_cookies_are_not(wire, transport) -> None:
    wire.answers = [wire.say(http(BODY, Set_Cookie="a=b; Path=/"))]
    for _ in range(3):
        await transport.send(asking(wire.url))
    assert wire.connections == 1
    assert "cookie" not in "".join(wire.heads).lower()


async def test_a_redirect_is_an_answer_and_no_token_goes_elsewhere(wire, transport) -> None:
    async with wired() as elsewhere:
        elsewhere.answers = [elsewhere.say(http(BODY))]
        for status in ("301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"):
            wire.answers = [wire.say(http(b"", status, Location=elsewhere.url))]
            response = await transport.send(asking(wire.url))
            assert str(response.status) == status[:3]
        assert elsewhere.heads == []


CUT = {
    "before the headers": (b"", {"reset"}),
    "within the headers": (b"HTTP/1.1 200 OK\r\nContent-Le", {"reset"}),
    "within the body": (http(BODY)[:1000], {"truncated"}),
    "short of its length": (http(BODY, length=len(BODY) + 5), {"truncated"}),
    "within a chunk": (CHUNKED + b"3e8\r\n" + BODY[:500], {"truncated"}),
    "without the last chunk": (CHUNKED + b"5\r\nabcde\r\n", {"truncated"}),
}


@pytest.mark.parametrize("where", CUT)
@pytest.mark.parametrize("how", ["close", "reset"])
async def test_a_connection_that_ends_early_is_no_answer(wire, transport, where, how) -> None:
    sent, kinds = CUT[where]
    wire.answers = [wire.say_and_close(sent) if how == "close" else wire.say_and_reset(sent)]
    with pytest.raises(Unreachable) as caught:
        await transport.send(asking(wire.url))
    assert caught.value.kind in kinds | {"reset"}
    assert not caught.value.is_surely_unsent


async def test_a_close_delimited_gzip_that_is_cut_is_caught_by_its_trailer(wire, transport) -> None:
    head = UNTIL_EOF.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")
    zipped = gzip.compress(BODY)
    for cut in (len(zipped) // 2, len(zipped) - 8, len(zipped) - 1):
        wire.answers = [wire.say_and_close(head + zipped[:cut])]
        with pytest.raises(ProtocolViolation):
            await transport.send(asking(wire.url))
    wire.answers = [wire.say_and_close(head + zipped)]
    assert (await transport.send(asking(wire.url))).body == BODY


async def test_a_bomb_is_not_inflated(wire, transport) -> None:
    wire.answers = [wire.say(http(gzip.compress(b" " * 20_000_000), Content_Encoding="gzip"))]
    with pytest.raises(ResponseTooLarge):
        await transport.send(asking(wire.url))


async def test_an_endless_body_is_cut_off_at_the_cap(wire, transport) -> None:
    wire.answers = [wire.drip(UNTIL_EOF, b" " * 500_000)]
    with pytest.raises(ResponseTooLarge):
        await transport.send(asking(wire.url))


STALLS = {
    "before the headers": b"",
    "after the headers": http(BODY)[:60],
    "within the body": http(BODY)[:4096],
}


@pytest.mark.parametrize("where", STALLS)
async def test_a_stalled_answer_ends_with_the_deadline(wire, transport, where) -> None:
    wire.answers = [wire.say_and_stall(STALLS[where])]
    with pytest.raises(Unreachable) as caught:
        await transport.send(asking(wire.url, timeout_s=0.2))
    assert caught.value.kind == "timeout"


async def test_a_drip_of_bytes_does_not_extend_the_deadline(wire, transport) -> None:
    wire.answers = [wire.drip(http(b"", length=10**6))]
    with pytest.raises(Unreachable) as caught:
        await asyncio.wait_for(transport.send(asking(wire.url, timeout_s=0.3)), 5)
    assert caught.value.kind == "timeout"


async def test_waiting_for_a_free_connection_ends_with_the_deadline(wire) -> None:
    wire.answers = [wire.say_and_stall()]
    async with AiohttpTransport(connections_max=2) as transport:
        requests = [transport.send(asking(wire.url, timeout_s=0.3)) for _ in range(6)]
        outcomes = await asyncio.wait_for(asyncio.gather(*requests, return_exceptions=True), 5)
        assert len(outcomes) == 6
    assert all(isinstance(outcome, Unreachable) for outcome in outcomes)


async def test_a_refused_connection_was_surely_not_used(transport) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(Unreachable) as caught:
            await transport.send(asking(f"http://127.0.0.1:{port}/"))
    assert (caught.value.kind, caught.value.is_surely_unsent) == ("connect", True)


async def test_a_name_nobody_has_is_a_dns_failure(transport) -> None:
    with pytest.raises(Unreachable) as caught:
        await transport.send(asking("http://nobody.invalid/"))
    assert caught.value.kind in ("dns", "timeout")


async def test_a_host_that_never_answers_costs_the_connect_timeout() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        crowd = [socket.socket() for _ in range(8)]
        for one in crowd:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        try:
            async with AiohttpTransport(connect_timeout_s=0.2) as transport:
                with pytest.raises(Unreachable) as caught:
                    await transport.send(asking(f"http://127.0.0.1:{port}/", timeout_s=8))
        finally:
            for one in crowd:
                one.close()
    assert caught.value.kind == "connect_timeout"


NOT_HTTP = [
    b"SSH-2.0-OpenSSH_9.0\r\n\r\n",
    b"HTTP/1.1 2x0 OK\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nBad Header\r\n\r\n",
]


@pytest.mark.parametrize("sent", NOT_HTTP)
async def test_what_is_not_http_violates_the_protocol(wire, transport, sent) -> None:
    wire.answers = [wire.say_and_close(sent)]
    with pytest.raises(ProtocolViolation):
        await transport.send(asking(wire.url))


async def test_a_kept_connection_closed_meanwhile_is_replaced_unseen(wire, transport) -> None:
    wire.answers = [wire.say(http(BODY)), wire.say_and_close(), wire.say(http(BODY))]
    await transport.send(asking(wire.url))
    assert (await transport.send(asking(wire.url))).body == BODY
    assert wire.connections == 2


async def test_no_exception_holds_the_token(wire, transport) -> None:
    for answer in (
        wire.say_and_close(),
        wire.say_and_close(NOT_HTTP[1]),
        wire.say_and_close(http(BODY)[:99]),
    ):
        wire.answers = [answer]
        with pytest.raises((Unreachable, ProtocolViolation)) as caught:
            await transport.send(asking(wire.url))
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None
        assert SECRET not in repr(caught.value) + str(caught.value)


def certificate(folder: Path, host: str, age: timedelta = timedelta()) -> ssl.SSLContext:
    """A server context with a self-signed certificate for `host`, valid for a day from `age` ago."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    start = datetime.now(UTC) - age - timedelta(hours=1)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "server.pem"
    path.write_bytes(secret + built.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@pytest.mark.parametrize(
    ("host", "days", "is_trusted"),
    [("localhost", 0, False), ("other.example", 0, True), ("localhost", 3, True)],
)
async def test_no_doubtful_certificate_is_accepted(tmp_path, host, days, is_trusted) -> None:
    context = certificate(tmp_path, host, timedelta(days=days))
    trust = ssl.create_default_context(cafile=tmp_path / "server.pem") if is_trusted else None
    async with wired(context) as wire, AiohttpTransport(ssl_context=trust) as transport:
        wire.answers = [wire.say(http(BODY))]
        with pytest.raises(CertificateRejected) as caught:
            await transport.send(asking(wire.url.replace("127.0.0.1", "localhost")))
        assert not caught.value.transient
        assert wire.heads == []


async def test_a_port_without_tls_is_no_way_to_send_a_token(wire) -> None:
    async with AiohttpTransport(connect_timeout_s=0.3) as transport:
        with pytest.raises(Unreachable) as caught:
            await transport.send(asking(wire.url.replace("http:", "https:")))
    assert caught.value.is_surely_unsent
    assert wire.heads == []


async def test_an_answer_in_clear_text_to_a_tls_greeting_is_no_connection() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(http(BODY))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, AiohttpTransport() as transport:
        with pytest.raises(Unreachable) as caught:
            await transport.send(asking(f"https://127.0.0.1:{port}/"))
    assert caught.value.kind == "tls"


async def test_a_trusted_certificate_is_accepted(tmp_path) -> None:
    context = certificate(tmp_path, "localhost")
    trust = ssl.create_default_context(cafile=tmp_path / "server.pem")
    async with wired(context) as wire, AiohttpTransport(ssl_context=trust) as transport:
        wire.answers = [wire.say(http(BODY))]
        assert (await transport.send(asking(wire.url.replace("127.0.0.1", "localhost")))).body == BODY


class FixedToken:
    async def access_token(self) -> str:
        return SECRET

    async def refreshed(self, stale: str) -> str:
        return stale


class InstantClock(SystemClock):
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


async def test_the_client_gets_through_a_bad_line_to_a_good_page(wire, transport) -> None:
    zipped = gzip.compress(BODY)
    wire.answers = [
        wire.say_and_reset(),
        wire.say_and_close(http(zipped, Content_Encoding="gzip")[:-20]),
        wire.say(http(b"<html>", "502 Bad Gateway")),
        wire.say(http(zipped[:-9] + bytes([zipped[-9] ^ 1]) + zipped[-8:], Content_Encoding="gzip")),
        wire.say(http(zipped, Content_Encoding="gzip")),
    ]
    client = GoogleCalendar(
        transport, FixedToken(), InstantClock(), random.Random(1), Endpoints(api_url=wire.url)
    )
    page = await client.events_page(EventsList(calendar_id="primary"))
    assert (len(page.items), page.next_sync_token) == (1000, "s")


async def test_the_transport_opens_again_after_it_was_closed(wire) -> None:
    wire.answers = [wire.say(http(BODY))]
    transport = AiohttpTransport()
    await transport.close()
    await transport.send(asking(wire.url))
    await transport.close()
    await transport.close()
