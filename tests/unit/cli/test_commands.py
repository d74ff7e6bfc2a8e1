"""Commands over a local Google: their outcomes, and how they end."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from calferry import __version__
from calferry.emulator.wire import Request
from tests.unit.cli.conftest import Installation

ALICE = "alice@example.com"
TEAM = "alice-team@group.calendar.google.com"


def insert(installation: Installation, title: str, calendar: str = ALICE) -> str:
    assert installation.google is not None
    token = installation.google.tokens(ALICE)["access_token"]
    times = '"start": {"date": "2026-12-24"}, "end": {"date": "2026-12-25"}'
    body = f'{{"summary": "{title}", {times}}}'.encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    path = f"/calendar/v3/calendars/{calendar}/events"
    answer = installation.google.handle(Request.of("POST", path, headers, body))
    assert answer.status == 200, answer.body
    return title


def test_an_account_is_added_listed_and_removed(installation: Installation) -> None:
    added = installation.connect()
    assert (added["email"], added["status"], added["calendars"]) == (ALICE, "active", 2)
    listed = installation.outcome("accounts", "list")["accounts"]
    assert [(account["id"], account["calendars"], account["selected"]) for account in listed] == [
        (added["id"], 2, 0)
    ]
    assert installation.outcome("accounts", "remove", ALICE) == {"removed": [added["id"]], "pending": []}
    assert installation.outcome("accounts", "list") == {"accounts": []}


def test_adding_twice_renews_the_grant_of_one_account(installation: Installation) -> None:
    assert installation.connect()["id"] == installation.connect()["id"]


def test_a_refresh_token_may_come_from_the_environment(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert installation.google is not None
    monkeypatch.setenv("CALFERRY_REFRESH_TOKEN", installation.google.tokens(ALICE)["refresh_token"])
    assert installation.outcome("accounts", "add", ALICE)["email"] == ALICE


def test_a_refresh_token_that_is_not_set_is_a_missing_setting(installation: Installation) -> None:
    assert "CALFERRY_REFRESH_TOKEN" in installation.outcome("accounts", "add", ALICE, code=3)["error"]


def test_a_refresh_token_on_the_command_line_is_refused(installation: Installation) -> None:
    done = installation.run("accounts", "add", ALICE, "--refresh-token", "1//secret")
    assert done.exit_code == 2
    assert "1//secret" not in done.output


def test_without_a_refresh_token_nothing_is_added(installation: Installation) -> None:
    outcome = installation.outcome("accounts", "add", ALICE, "--refresh-token", "-", typed="\n", code=1)
    assert "no refresh token on standard input" in outcome["error"]


def test_a_dead_refresh_token_asks_for_a_new_sign_in(installation: Installation) -> None:
    outcome = installation.outcome(
        "accounts", "add", ALICE, "--refresh-token", "-", typed="1//dead\n", code=4
    )
    assert "does not accept this refresh token" in outcome["error"]


def test_the_token_of_somebody_else_is_refused(installation: Installation) -> None:
    assert installation.google is not None
    token = installation.google.tokens("bob@example.com")["refresh_token"]
    outcome = installation.outcome(
        "accounts", "add", ALICE, "--refresh-token", "-", typed=f"{token}\n", code=1
    )
    assert "belongs to bob@example.com" in outcome["error"]


def test_sync_mirrors_every_calendar_and_then_only_asks_for_changes(installation: Installation) -> None:
    installation.connect()
    insert(installation, "Christmas")
    insert(installation, "Retreat", TEAM)
    first = installation.outcome("sync", ALICE)
    assert (first["events"], first["changes"]) == (2, 2)
    assert [calendar["outcome"] for calendar in first["calendars"]] == ["done", "done"]
    assert first["seconds"] > 0
    again = installation.outcome("sync", ALICE)
    assert (again["events"], again["changes"], again["requests"]) == (0, 0, 3)


def test_sync_takes_one_calendar_by_either_id(installation: Installation) -> None:
    installation.connect()
    insert(installation, "Retreat", TEAM)
    first = installation.outcome("sync", ALICE, "--calendar", TEAM)
    (calendar,) = first["calendars"]
    assert (first["events"], calendar["outcome"]) == (1, "done")
    assert installation.outcome("sync", ALICE, "--calendar", calendar["id"])["events"] == 0
    assert len(installation.outcome("sync", ALICE)["calendars"]) == 1


def test_full_sync_reads_everything_and_changes_nothing(installation: Installation) -> None:
    installation.connect()
    insert(installation, "Christmas")
    installation.outcome("sync", ALICE)
    full = installation.outcome("sync", ALICE, "--full")
    assert (full["events"], full["changes"]) == (1, 0)


def test_an_unknown_calendar_is_named(installation: Installation) -> None:
    installation.connect()
    assert "no calendar cal_x" in installation.outcome("sync", ALICE, "--calendar", "cal_x", code=1)["error"]


@pytest.mark.parametrize("command", [("sync",), ("verify",), ("tokens", "create"), ("accounts", "remove")])
def test_an_unknown_address_is_told_how_to_become_known(installation: Installation, command: Any) -> None:
    installation.connect()
    outcome = installation.outcome(*command, "nobody@example.com", code=1)
    assert "nobody@example.com" in outcome["error"]
    assert "accounts add" in outcome["error"]


def test_a_revoked_grant_ends_with_sign_in_needed(installation: Installation) -> None:
    assert installation.google is not None
    installation.connect()
    installation.google.control("revoke", {"email": ALICE})
    outcome = installation.outcome("sync", ALICE, code=4)
    assert {calendar["error"]["code"] for calendar in outcome["calendars"]} == {"401"}
    assert installation.outcome("accounts", "list")["accounts"][0]["status"] == "needs_reauth"
    assert "connect it again" in installation.outcome("verify", ALICE, code=4)["error"]


def test_verify_tells_equal_from_different(installation: Installation, tmp_path: Path) -> None:
    installation.connect()
    insert(installation, "Christmas")
    installation.outcome("sync", ALICE)
    equal = installation.outcome("verify", ALICE)
    assert (equal["equal"], sum(calendar["checked"] for calendar in equal["calendars"])) == (True, 1)
    with closing(sqlite3.connect(tmp_path / "data" / "calferry.sqlite3")) as database:
        database.execute("UPDATE events SET raw = replace(raw, 'Christmas', 'Easter')")
        database.commit()
    different = installation.outcome("verify", ALICE, code=1)
    assert different["equal"] is False
    assert sum(len(calendar["different"]) for calendar in different["calendars"]) == 1


def test_status_tells_the_health_of_each_calendar(installation: Installation) -> None:
    installation.connect()
    installation.outcome("sync", ALICE, "--calendar", TEAM)
    health = {row["google_id"]: row for row in installation.outcome("status")["calendars"]}
    assert (health[ALICE]["health"], health[TEAM]["health"]) == ("not_selected", "ok")
    assert health[TEAM]["last_synced_at"].endswith("Z")


def test_a_token_is_printed_once_and_alone(installation: Installation) -> None:
    installation.connect()
    done = installation.run("tokens", "create", ALICE, "--name", "laptop")
    assert done.exit_code == 0
    (token,) = done.stdout.split()
    assert len(token) >= 43
    outcome = installation.outcome("tokens", "create", ALICE, "--name", "laptop")
    assert (outcome["name"], outcome["email"]) == ("laptop", ALICE)
    assert outcome["token"] != token


def test_people_read_sentences_and_tables(installation: Installation) -> None:
    installation.connect()
    insert(installation, "Christmas")
    synced = installation.run("sync", ALICE)
    assert "2 calendars, 1 event read, 1 change stored" in synced.stdout
    assert "the mirror is equal to Google" in installation.run("verify", ALICE).stdout
    assert "Team" in installation.run("status").stdout
    assert ALICE in installation.run("accounts", "list").stdout
    assert "Disconnected alice@example.com." in installation.run("accounts", "remove", ALICE).stdout


def test_the_version_is_printed(bare: Installation) -> None:
    assert bare.run("--version").stdout.strip() == __version__


def test_an_empty_installation_says_where_it_looked_and_what_to_do(bare: Installation) -> None:
    bare.outcome("db", "upgrade")
    for command in (["status"], ["accounts", "list"]):
        said = bare.run(*command).stdout
        assert "calferry.sqlite3" in said
        assert "calferry accounts add" in said


def test_the_primary_calendar_has_a_short_name(installation: Installation) -> None:
    installation.connect()
    assert len(installation.outcome("sync", ALICE, "--calendar", "primary")["calendars"]) == 1


def test_status_names_the_last_error_below_the_table(installation: Installation) -> None:
    installation.connect()
    installation.run("sync", ALICE)
    assert installation.google is not None
    installation.google.control("revoke", {"email": ALICE})
    assert installation.run("sync", ALICE).exit_code == 4
    table, *errors = installation.run("status").stdout.split(f"{ALICE}, ")
    assert ALICE in table
    assert all(error.startswith((f"{ALICE}: 401 ", "Team: 401 ")) for error in errors)
    assert len(errors) == 2
