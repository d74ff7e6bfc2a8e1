"""Bars of `calferry sync`: what they count, and what is left of them on narrow terminals."""

import re
from dataclasses import dataclass
from io import StringIO
from typing import Any, cast

import pytest
from rich.console import Console

from calferry.cli.output import Output
from calferry.cli.progress import CalendarBars
from calferry.emulator.wire import Request
from calferry.store.account_reads import CalendarRow
from tests.unit.cli.conftest import Installation

ALICE = "alice@example.com"
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass
class Titled:
    id: str
    summary: str


def lines_of(width: int) -> list[str]:
    """The last picture of two finished calendars."""
    output, screen = Output(as_json=False), StringIO()
    output.errors = Console(file=screen, width=width, soft_wrap=True)
    shown = [Titled("a", "The holidays of everybody in the office"), Titled("b", "Team")]
    bars = CalendarBars(output, cast(list[CalendarRow], shown))
    with bars.progress:
        bars.show({"a": 20_000, "b": 1})
        bars.end("a", "done, 20,000 changes")
        bars.end("b", "done, 1 change")
    return [line for line in CONTROL.sub("", screen.getvalue()).splitlines() if line.strip()]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_numbers_endings_and_seconds_have_room_at_every_width(width: int) -> None:
    first, second = lines_of(width)
    for line, counted, ending in (
        (first, "20,000 events", "done, 20,000 changes"),
        (second, "1 event", "done, 1 change"),
    ):
        assert len(line) <= width
        assert counted in line
        assert ending in line
        assert re.search(r"\d\.\d s\s*$", line)
    assert "━" not in first or width >= 120


def call_google(installation: Installation, method: str, path: str, body: bytes = b"") -> Any:
    assert installation.google is not None
    token = installation.google.tokens(ALICE)["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    answer = installation.google.handle(Request.of(method, f"/calendar/v3{path}", headers, body))
    assert answer.status in (200, 204), answer.body


def test_cancelled_events_are_not_counted(installation: Installation) -> None:
    installation.connect()
    path = f"/calendars/{ALICE}/events"
    for event_id in (b"kept0", b"gone0", b"gone1"):
        times = b'"start": {"date": "2026-12-24"}, "end": {"date": "2026-12-25"}'
        call_google(installation, "POST", path, b'{"id": "%s", %s}' % (event_id, times))
    installation.outcome("sync", ALICE)
    call_google(installation, "DELETE", f"{path}/gone0")
    call_google(installation, "DELETE", f"{path}/gone1")
    shown = installation.run("sync", ALICE, "--calendar", "primary").stderr
    assert "1 event " in shown
    assert "3 events" not in shown
