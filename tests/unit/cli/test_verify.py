"""`calferry verify`: what it names, what it repairs, and what `status` says of it afterwards."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Installation
from tests.unit.cli.test_commands import ALICE, TEAM, insert

Harm = Callable[[str], None]


@pytest.fixture
def synced(installation: Installation) -> Installation:
    installation.connect()
    insert(installation, "Christmas")
    insert(installation, "Retro", TEAM)
    installation.outcome("sync", ALICE)
    return installation


@pytest.fixture
def harm(synced: Installation, tmp_path: Path) -> Harm:
    """Run a statement on the database, beside the engine."""

    def run(statement: str) -> None:
        with closing(sqlite3.connect(tmp_path / "data" / "calferry.sqlite3")) as database:
            assert database.execute(statement).rowcount > 0
            database.commit()

    return run


def of_calendars(outcome: Any, *names: str) -> list[tuple[Any, ...]]:
    return sorted(tuple(one[name] for name in names) for one in outcome["calendars"])


def test_differences_are_named_and_left_alone_unless_asked(synced: Installation, harm: Harm) -> None:
    harm("UPDATE events SET raw = replace(raw, 'Christmas', 'Easter') WHERE raw LIKE '%Christmas%'")
    for _ in range(2):
        found = synced.outcome("verify", ALICE, code=1)
        assert found["equal"] is False
        assert of_calendars(found, "equal", "differences", "repaired") == [
            (False, 1, False),
            (True, 0, False),
        ]
        assert sorted(len(one["different"]) for one in found["calendars"]) == [0, 1]


def test_repair_ends_with_an_equal_mirror(synced: Installation, harm: Harm) -> None:
    harm("UPDATE events SET raw = replace(raw, 'Christmas', 'Easter'), updated_at = 4000000000000")
    repaired = synced.outcome("verify", ALICE, "--repair")
    assert repaired["equal"] is True
    assert of_calendars(repaired, "equal", "differences", "repaired") == [(True, 1, True)] * 2
    again = synced.outcome("verify", ALICE)
    assert of_calendars(again, "equal", "differences", "repaired") == [(True, 0, False)] * 2


def test_every_difference_is_counted_and_twenty_are_named(synced: Installation, harm: Harm) -> None:
    columns = "user_id, projection_id, status, start_at, end_at, recurring, generation, change_id, raw"
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30)"
    like = f"SELECT 'ghost' || i, {columns} FROM events, n WHERE raw LIKE '%Christmas%'"
    harm(f"INSERT INTO events (event_id, {columns}) {numbers} {like}")
    found = synced.outcome("verify", ALICE, code=1)
    (one,) = [one for one in found["calendars"] if not one["equal"]]
    assert (one["differences"], len(one["extra"])) == (30, 20)


def test_people_are_told_in_sentences(synced: Installation, harm: Harm) -> None:
    harm("DELETE FROM events WHERE raw LIKE '%Retro%'")
    assert "different from Google" in synced.run("verify", ALICE).stdout
    assert "1 event differed" in synced.run("status").stdout
    repaired = synced.run("verify", ALICE, "--repair")
    assert "equal to Google; put right: 1 event." in repaired.stdout
    assert repaired.exit_code == 0
    assert "equal, " in synced.run("status").stdout


def test_status_tells_when_a_calendar_was_verified(synced: Installation) -> None:
    before = synced.outcome("status")
    assert of_calendars(before, "verified_at", "verified_differences") == [(None, None)] * 2
    synced.outcome("verify", ALICE)
    after = synced.outcome("status")["calendars"]
    assert [one["verified_differences"] for one in after] == [0, 0]
    assert all(one["verified_at"].endswith("Z") for one in after)


def test_paused_calendar_with_changes_is_not_judged(synced: Installation) -> None:
    synced.outcome("calendars", "pause", ALICE, "--calendar", TEAM)
    insert(synced, "Planning", TEAM)
    found = synced.outcome("verify", ALICE, "--repair", code=1)
    assert of_calendars(found, "equal", "differences", "repaired") == [(False, 0, False), (True, 0, False)]
    assert sorted(len(one["unsettled"]) for one in found["calendars"]) == [0, 1]
    assert "could not be brought up to date" in synced.run("verify", ALICE).stderr
