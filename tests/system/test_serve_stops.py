"""SIGTERM: the service ends soon and in order, whatever it was doing."""

import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from calferry.emulator.server import run_in_thread
from tests.system import forked
from tests.system.processes import DEADLINE_S, Site
from tests.waiting import until

EMAIL = "alice@example.com"
STOPS_WITHIN_S = 10.0
STATE = "SELECT lease_owner, status, next_due_at FROM sync_states WHERE id = ?"


@dataclass(frozen=True)
class Slow:
    """A site whose Google takes a minute for every page."""

    site: Site
    token: str


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Slow]:
    with run_in_thread() as google:
        site = Site(tmp_path, google.url)
        token = site.connect(EMAIL, google.tokens(EMAIL)["refresh_token"])
        google.control("faults", {"faults": [{"method": "events.list", "times": 9, "action": "stall-60000"}]})
        yield Slow(site, token)


def primary(slow: Slow) -> str:
    calendars = slow.site.ask("GET", "/calendar/calendars", slow.token)["calendars"]
    return str(next(calendar["id"] for calendar in calendars if calendar["primary"]))


def is_running(slow: Slow, calendar_id: str) -> bool:
    return slow.site.rows(STATE, calendar_id)[0]["lease_owner"] is not None


def assert_in_order(slow: Slow, calendar_id: str) -> None:
    (state,) = slow.site.rows(STATE, calendar_id)
    assert (state["lease_owner"], state["status"]) == (None, "idle")
    assert '"level": "error"' not in (slow.site.folder / "serve.log").read_text(encoding="utf-8")
    assert state["next_due_at"] is not None


def test_sigterm_in_the_middle_of_a_run_ends_within_ten_seconds(slow: Slow) -> None:
    with slow.site.serving() as process:
        mine = primary(slow)
        slow.site.ask("PATCH", f"/calendar/calendars/{mine}", slow.token, {"selected": True})
        until(lambda: is_running(slow, mine), DEADLINE_S, "run that waits for Google")
        began = time.monotonic()
        process.terminate()
        assert forked.ended(process, DEADLINE_S) == 0
        assert time.monotonic() - began < STOPS_WITHIN_S
    assert_in_order(slow, mine)


def test_sigterm_under_an_open_stream_ends_within_ten_seconds(slow: Slow) -> None:
    with slow.site.serving() as process:
        mine = primary(slow)
        address = f"{slow.site.address}/calendar/sync?calendar_ids={mine}"
        asked = urllib.request.Request(address, headers={"Authorization": f"Bearer {slow.token}"})
        with urllib.request.urlopen(asked, timeout=DEADLINE_S) as stream:
            assert stream.readline()
            until(lambda: is_running(slow, mine), DEADLINE_S, "run that waits for Google")
            began = time.monotonic()
            process.terminate()
            assert forked.ended(process, DEADLINE_S) == 0
            assert time.monotonic() - began < STOPS_WITHIN_S
    assert_in_order(slow, mine)


STREAMS = 60
LAST_CHUNK = b"0\r\n\r\n"


def open_stream(slow: Slow, path: str) -> socket.socket:
    wire = socket.create_connection(("127.0.0.1", slow.site.port), timeout=DEADLINE_S)
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {slow.token}\r\n\r\n"
    wire.sendall(head.encode())
    assert wire.recv(65_536).startswith(b"HTTP/1.1 200")
    return wire


def read_to_the_end(wire: socket.socket) -> bytes:
    read = b""
    while chunk := wire.recv(65_536):
        read += chunk
    return read


def test_sigterm_under_many_streams_and_running_syncs_ends_every_stream_in_order(slow: Slow) -> None:
    with slow.site.serving() as process, ExitStack() as stack:
        calendars = slow.site.ask("GET", "/calendar/calendars", slow.token)["calendars"]
        mine = [str(calendar["id"]) for calendar in calendars]
        paths = [f"/calendar/sync?calendar_ids={','.join(mine)}", *["/calendar/stream"] * STREAMS]
        wires = [stack.enter_context(open_stream(slow, path)) for path in paths]
        until(lambda: all(is_running(slow, one) for one in mine), DEADLINE_S, "runs that wait for Google")
        began = time.monotonic()
        process.terminate()
        endings = [read_to_the_end(wire)[-len(LAST_CHUNK) :] for wire in wires]
        assert forked.ended(process, DEADLINE_S) == 0
        assert time.monotonic() - began < STOPS_WITHIN_S
        assert set(endings) == {LAST_CHUNK}
    for one in mine:
        assert_in_order(slow, one)
