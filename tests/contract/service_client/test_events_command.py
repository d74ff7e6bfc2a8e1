"""`calferry events` over the real service: what it lists and edits, and how a conflict is told."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from calferry.cli import app
from tests.contract.web.site import Person

ALICE = "alice@example.com"
DAY = ("--start", "2027-01-02", "--end", "2027-01-03")


@pytest.fixture(autouse=True)
def surroundings(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alice's calendar is copied, and the environment leads to the service."""
    alice.http.get("/calendar/sync", params={"calendar_ids": alice.calendars[ALICE]}).raise_for_status()
    monkeypatch.setenv("CALFERRY_BASE_URL", alice.site.url)
    monkeypatch.setenv("CALFERRY_TOKEN", alice.token)


def events(*arguments: str, code: int = 0) -> Any:
    done = CliRunner().invoke(app, ["events", *arguments, "--json"])
    assert done.exit_code == code, (done.output, done.exception)
    return json.loads(done.stdout)


def test_an_event_is_made_listed_changed_and_deleted() -> None:
    made = events("add", "primary", "--summary", "Ferry", *DAY)
    event = made["event"]["id"]
    changed = events("edit", ALICE, event, "--summary", "Boat", "--body", '{"location": "Bern"}')
    assert (changed["event"]["summary"], changed["event"]["location"]) == ("Boat", "Bern")
    assert events("show", "primary", event)["etag"] == changed["etag"] != made["etag"]
    (listed,) = events("list", "--calendar", "primary", "--from", "2027-01-01", "--to", "2027-02-01")[
        "events"
    ]
    assert (listed["id"], listed["summary"]) == (event, "Boat")
    assert "Boat" in CliRunner().invoke(app, ["events", "list"]).stdout
    events("rm", "primary", event, "--etag", changed["etag"])
    assert events("list")["events"] == []


def test_a_day_becomes_an_hour_and_nothing_of_the_day_is_left() -> None:
    made = events("add", "primary", "--summary", "Ferry", *DAY)["event"]["id"]
    hours = ("--start", "2027-01-02T10:00:00Z", "--end", "2027-01-02T11:00:00Z")
    assert "date" not in events("edit", "primary", made, *hours)["event"]["start"]


def test_the_scope_decides_how_much_of_a_series_goes() -> None:
    series = events("add", "primary", *DAY, "--body", '{"recurrence": ["RRULE:FREQ=DAILY;COUNT=3"]}')[
        "event"
    ]["id"]
    window = ("--instances", "--from", "2027-01-01", "--to", "2027-02-01")
    assert len(events("list", *window)["events"]) == 3
    events("rm", "primary", f"{series}_20270103", "--scope", "this")
    assert len(events("list", *window)["events"]) == 2
    events("rm", "primary", series, "--scope", "all")
    assert events("list", *window)["events"] == []


def test_an_old_etag_and_a_change_by_somebody_else_are_told_as_conflicts(alice: Person) -> None:
    made = events("add", "primary", "--summary", "Ferry", *DAY)
    event = made["event"]["id"]
    late = events("edit", "primary", event, "--summary", "Raft", "--etag", '"1"', code=1)
    assert late["error"].startswith("Conflict: ")
    theirs = alice.site.google_client(ALICE).patch(
        f"/calendars/{ALICE}/events/{event}", json={"summary": "Ship"}
    )
    theirs.raise_for_status()
    refused = events("edit", "primary", event, "--summary", "Raft", code=1)
    assert refused["error"].startswith("Conflict: ")
    assert "--on-conflict ours" in refused["error"]
    ours = events("edit", "primary", event, "--summary", "Raft", "--on-conflict", "ours")
    assert ours["event"]["summary"] == "Raft"


def test_what_cannot_be_done_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "There is no calendar cal_x" in events("rm", "cal_x", "e", code=1)["error"]
    for wrong in (["--body", "{"], ["--body", "[]"], [], ["--start", "tomorrow"]):
        assert CliRunner().invoke(app, ["events", "edit", "primary", "e", *wrong]).exit_code == 2
    for wrong in (
        ["list", "--from", "yesterday"],
        ["add", "primary", "--summary", "x", "--start", "2027-01-02"],
    ):
        assert CliRunner().invoke(app, ["events", *wrong]).exit_code == 2
    monkeypatch.setenv("CALFERRY_TOKEN", "not one")
    assert "calferry tokens create" in events("list", code=1)["error"]
    monkeypatch.delenv("CALFERRY_TOKEN")
    assert "calferry tokens create" in events("list", code=3)["error"]
