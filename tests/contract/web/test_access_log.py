"""Which request, and which run, a line of the log belongs to."""

import io
import json
from typing import Any

import pytest

from tests.contract.web.site import Person, Site, sync
from tests.waiting import until

ALICE = "alice@example.com"


def entries(lines: io.StringIO, event: str) -> list[dict[str, Any]]:
    return [found for line in lines.getvalue().splitlines() if (found := json.loads(line))["event"] == event]


def test_every_request_is_one_line_without_its_query(lines: io.StringIO, site: Site) -> None:
    answer = site.client().get("/auth/google/callback?code=c0d3&state=st4te")
    (entry,) = until(lambda: entries(lines, "request"))
    assert (entry["method"], entry["path"], entry["status"], entry["level"]) == (
        "GET",
        "/auth/google/callback",
        400,
        "info",
    )
    assert entry["request"] == answer.headers["x-request-id"]
    assert entry["ms"] > 0
    assert not any(secret in lines.getvalue() for secret in ("c0d3", "st4te"))


def test_what_is_asked_for_all_the_time_is_a_detail(lines: io.StringIO, site: Site) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        site.client().get(path)
    site.client().post("/calendar/webhook")
    assert entries(lines, "request") == []


def test_lines_of_a_run_carry_its_name_and_that_of_the_request_that_began_it(
    lines: io.StringIO, alice: Person, site: Site
) -> None:
    sync(alice.http, *alice.calendars.values())
    runs = entries(lines, "calendar_synced")
    assert len(runs) == len(alice.calendars)
    assert len({entry["run"] for entry in runs}) == len(runs)
    (asked,) = until(lambda: [e for e in entries(lines, "request") if e["path"] == "/calendar/sync"])
    assert {entry["request"] for entry in runs} == {asked["request"]}


def test_a_crash_in_a_run_is_logged_under_its_name(
    lines: io.StringIO, alice: Person, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr("calferry.sync.run_calendar.commit_page", broken)
    sync(alice.http, alice.calendars[ALICE])
    (crash,) = entries(lines, "run failed")
    (told,) = entries(lines, "calendar_not_synced")
    assert crash["run"] == told["run"]
    assert "planted" in crash["exception"]
