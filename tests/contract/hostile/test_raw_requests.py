"""Bytes that no client would send, to every address of a real server: a quick 2xx, 3xx or 4xx that repeats nothing."""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from calferry.emulator.server import run_in_thread
from tests.contract.web.routes import CLOSED, Address, addresses
from tests.contract.web.site import Person, Site, running_site

MARK = "zq7mark"
DEADLINE_S = 10.0
ENDLESS = b"text/event-stream"
MEMORY_KIB_MAX = 48_000
TRACES = re.compile(rb"Traceback|File \"|sqlalchemy|sqlite|starlette|uvicorn|/site-packages/", re.IGNORECASE)
DEEP = b"[" * 30_000


@dataclass(frozen=True)
class Call:
    """What a proper request to an address would be made of."""

    method: str
    path: str
    token: str

    def raw(
        self, *lines: str, method: str = "", target: str = "", version: str = "HTTP/1.1", body: bytes = b""
    ) -> bytes:
        """A request with these lines beside those of every one, without a body's length unless a line says it."""
        head = [f"{method or self.method} {target or self.path} {version}", *self.usual(lines), *lines]
        return "\r\n".join([*head, "", ""]).encode("latin-1") + body

    def usual(self, lines: tuple[str, ...]) -> list[str]:
        named = {line.partition(":")[0].lower() for line in lines}
        usual = {"host": "x", "authorization": f"Bearer {self.token}", "connection": "close"}
        return [f"{name}: {value}" for name, value in usual.items() if name not in named]

    def json(self, body: bytes, *lines: str) -> bytes:
        method = self.method if self.method != "GET" else "POST"
        return self.raw(
            "Content-Type: application/json", f"Content-Length: {len(body)}", *lines, method=method, body=body
        )


def of_every_address(call: Call) -> dict[str, bytes]:
    """What gets as far as a route."""
    return {
        **{method: call.raw(method=method) for method in ("HEAD", "OPTIONS", "TRACE", "PUT", "PATCH", "BREW")},
        "lower case": call.raw(method=call.method.lower()),
        "version 1.0": call.raw(version="HTTP/1.0"),
        "absolute address": call.raw(target=f"http://{MARK}.example{call.path}"),
        "two slashes": call.raw(target=f"//{MARK}{call.path}"),
        "dots": call.raw(target=f"{call.path}/%2e%2e/%2e%2e/{MARK}"),
        "encoded NUL": call.raw(target=f"{call.path}%00{MARK}"),
        "overlong": call.raw(target=f"{call.path}/%c0%af{MARK}%ff"),
        "query": call.raw(target=f"{call.path}?<{MARK}>={MARK}&%00=%ff&calendar_ids={MARK}%0d%0aevent:x&a[]=1&;=&=&&"),
        "empty query": call.raw(target=f"{call.path}?"),
        "long query": call.raw(target=f"{call.path}?q={MARK * 1_300}"),
        "headers": call.raw(
            f"Host: {MARK}.example", f"X-Forwarded-Host: {MARK}", "X-Forwarded-For: ' OR 1=1", "Origin: null",
            f"Cookie: ;;=;{MARK}; calferry_session=\"{MARK}", f"Last-Event-ID: {MARK}\t{'9' * 4_000}",
            "Range: bytes=0-,0-,0-", "If-Match: \"", "If-None-Match: W/", f"Accept: {MARK}/\xe9\xff", "Expect: 100-continue",
            f"Idempotency-Key: {MARK}", "Accept-Encoding: gzip;q=x", "Upgrade: websocket", f"Content-Type: {MARK}",
        ),
        "no JSON": call.json(f'{{"name": {MARK}'.encode()),
        "wrong JSON": call.json(f'["{MARK}", NaN, 1e999, {"9" * 5_000}]'.encode()),
        "odd JSON": call.json(f'{{"name": "\\ud800\\u0000{MARK}", "__proto__": 1, "name": []}}'.encode()),
        "deep JSON": call.json(DEEP),
        "packed": call.json(b"\x1f\x8b\x08" + MARK.encode(), "Content-Encoding: gzip"),
        "body of a GET": call.raw("Content-Length: 7", method="GET", body=MARK.encode()),
        "no credentials": call.raw(f"Authorization: {MARK}"),
        "two credentials": call.raw("Authorization: Bearer a", f"Authorization: Basic {MARK}"),
        "odd credentials": call.raw(f"Authorization: Bearer \xff{MARK}"),
    }  # fmt: skip


def of_any_address(call: Call) -> dict[str, bytes]:
    """What is refused before it is looked at."""
    chunked = "Transfer-Encoding: chunked"
    return {
        "NUL": call.raw(target=f"{call.path}\0{MARK}"),
        "byte": call.raw(target=f"{call.path}/\xff{MARK}"),
        "blank": call.raw(target=f"{call.path} {MARK}"),
        "no slash": call.raw(target=MARK),
        "authority": call.raw(method="CONNECT", target=f"{MARK}:443"),
        "asterisk": call.raw(method="OPTIONS", target="*"),
        "version 0.9": f"GET {call.path}\r\n\r\n".encode(),
        "version 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "no version": call.raw(version=f"HTTP/{MARK}"),
        "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + MARK.encode() * 40 + b"\r\n\r\n",
        "long address": call.raw(target=call.path + f"/{MARK}" * 2_000),
        "very long address": call.raw(target=call.path + f"/{MARK}" * 20_000),
        "large header": call.raw(f"X-{MARK}: " + "y" * 200_000),
        "many headers": call.raw(*[f"X-{MARK}-{number}: {MARK}" for number in range(2_000)]),
        "two hosts": call.raw("Host: x", f"Host: {MARK}"),
        "no host": call.raw().replace(b"host: x\r\n", b""),
        "folded header": call.raw(f"X-A: b\r\n {MARK}"),
        "header without a name": call.raw(f": {MARK}"),
        "blank before the colon": call.raw(f"Content-Length : 3{MARK}"),
        "NUL in a header": call.raw(f"X-A: \0{MARK}"),
        "bare CR": call.raw(f"X-A: b\rX-B: {MARK}"),
        "length and chunks": call.raw("Content-Length: 3", chunked, method="POST", body=b"0\r\n\r\n"),
        "two lengths": call.raw("Content-Length: 3", "Content-Length: 4", method="POST", body=b"abcd"),
        "negative length": call.raw("Content-Length: -1", method="POST"),
        "huge length": call.raw(f"Content-Length: {'9' * 30}", method="POST"),
        "odd coding": call.raw(f"Transfer-Encoding: x{MARK}", method="POST", body=b"0\r\n\r\n"),
        "two codings": call.raw("Transfer-Encoding: chunked, identity", method="POST", body=b"0\r\n\r\n"),
        "overflowing chunk": call.raw(chunked, method="POST", body=b"f" * 20 + b"\r\n" + MARK.encode()),
        "wrong chunk": call.raw(chunked, method="POST", body=f"{MARK}\r\n".encode()),
        "only a line": b"\r\n\r\n\r\n" + call.raw(),
        "two at once": call.raw("Connection: keep-alive") + call.raw(),
    }  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with run_in_thread(auto=True) as google, running_site(google, tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="module")
def alice(site: Site) -> Person:
    return site.person()


def calls(site: Site, alice: Person) -> Iterator[tuple[Address, Call]]:
    for address in addresses(site.app):
        for method in sorted(address.methods):
            yield address, Call(method, address.filled({"calendar_id": alice.calendar_id}), alice.token)


def answer(site: Site, sent: bytes) -> bytes:
    """All that the server says before it closes, which it does in time; of a stream its beginning."""
    port = int(site.url.rpartition(":")[2])
    said, ends_at = b"", time.monotonic() + DEADLINE_S
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as wire:
        with suppress(OSError):
            wire.sendall(sent)
        with suppress(ConnectionResetError):
            while time.monotonic() < ends_at and ENDLESS not in said and (chunk := wire.recv(65_536)):
                said += chunk
    assert time.monotonic() < ends_at, sent[:200]
    return said


def faults(name: str, call: Call, said: bytes) -> list[str]:
    """What is wrong with the answers to one request. None at all is right for what is no request."""
    where = f"{name}: {call.method} {call.path}: {said[:200]!r}"
    statuses = [int(code) for code in re.findall(rb"(?:^|\r\n)HTTP/1\.1 (\d{3}) ", said)]
    wrong = [where + f" {status}" for status in statuses if status >= 500 and call.path not in CLOSED]
    if TRACES.search(said):
        wrong.append(where + " shows what it is made of")
    if MARK.encode() in said:
        wrong.append(where + " repeats what was sent")
    return wrong


def test_every_address_stands_whatever_is_sent_to_it(site: Site, alice: Person) -> None:
    wrong: list[str] = []
    for _, call in calls(site, alice):
        site.clock.advance(6)
        for name, sent in of_every_address(call).items():
            said = answer(site, sent)
            assert said.startswith(b"HTTP/1.1 "), (name, call, said)
            wrong += faults(name, call, said)
    assert not wrong, "\n".join(wrong)
    assert site.client().get("/readyz").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/calendar/sync"), ("POST", "/calendar/webhook"), ("POST", "/auth/tokens"), ("GET", "/")],
)
def test_what_is_no_request_is_refused_or_dropped(site: Site, alice: Person, method: str, path: str) -> None:
    call = Call(method, path, alice.token)
    wrong = [
        fault
        for name, sent in of_any_address(call).items()
        for fault in faults(name, call, answer(site, sent))
    ]
    assert not wrong, "\n".join(wrong)
    assert site.client().get("/readyz").status_code == 200


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("NUL", 400), ("version 2", 400), ("large header", 431), ("many headers", 431), ("two hosts", 400),
        ("no host", 400), ("length and chunks", 400), ("two lengths", 400), ("negative length", 400),
        ("long address", 414), ("very long address", 400),
    ],
)  # fmt: skip
def test_smuggled_and_oversized_requests_are_refused(
    site: Site, alice: Person, name: str, status: int
) -> None:
    said = answer(site, of_any_address(Call("GET", "/calendar/calendars", alice.token))[name])
    assert said.startswith(b"HTTP/1.1 %d " % status), said


def peak_kib() -> int:
    line = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert line is not None
    return int(line[1])


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/auth/tokens"), ("POST", "/api/webhooks/google-calendar"), ("GET", "/calendar/calendars")],
)
def test_a_body_without_end_takes_no_memory(site: Site, alice: Person, method: str, path: str) -> None:
    call = Call(method, path, alice.token)
    Path("/proc/self/clear_refs").write_text("5")
    before, chunk = peak_kib(), b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    port = int(site.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as wire, suppress(OSError):
        wire.sendall(call.raw("Transfer-Encoding: chunked", "Content-Type: application/json"))
        for _ in range(2_000):
            wire.sendall(chunk)
    assert peak_kib() - before < MEMORY_KIB_MAX
    assert site.client().get("/readyz").status_code == 200
