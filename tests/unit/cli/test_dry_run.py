"""`calferry sync --dry-run`: it foretells what `--full` then does, and writes nothing."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.unit.cli.conftest import Installation
from tests.unit.cli.test_commands import ALICE, TEAM, insert


def foreseen(
    installation: Installation, *arguments: str, code: int = 0
) -> dict[str, tuple[int, int, int, int]]:
    calendars = installation.outcome("sync", ALICE, "--dry-run", *arguments, code=code)["calendars"]
    return {
        one["id"]: tuple(one[name] for name in ("listed", "add", "change", "remove")) for one in calendars
    }


def rows(folder: Path) -> list[Any]:
    with closing(sqlite3.connect(folder / "data" / "calferry.sqlite3")) as database:
        kept = database.execute("SELECT * FROM events ORDER BY projection_id, event_id").fetchall()
        return [*kept, *database.execute("SELECT count(*) FROM changes").fetchall()]


def test_what_a_first_sync_would_add_is_told(installation: Installation, tmp_path: Path) -> None:
    installation.connect()
    insert(installation, "Christmas")
    insert(installation, "Retreat", TEAM)
    before = rows(tmp_path)
    assert sorted(foreseen(installation).values()) == [(1, 1, 0, 0)] * 2
    assert rows(tmp_path) == before
    assert installation.outcome("sync", ALICE)["changes"] == 2


def test_what_a_full_sync_would_change_is_told_and_not_done(
    installation: Installation, tmp_path: Path
) -> None:
    installation.connect()
    insert(installation, "Christmas")
    insert(installation, "Retreat")
    installation.outcome("sync", ALICE, "--calendar", "primary")
    with closing(sqlite3.connect(tmp_path / "data" / "calferry.sqlite3")) as database:
        database.execute("UPDATE events SET raw = replace(raw, 'Christmas', 'Easter')")
        database.execute(
            "UPDATE events SET event_id = 'ghost', raw = replace(raw, event_id, 'ghost') WHERE raw LIKE '%Retreat%'"
        )
        database.commit()
    before = rows(tmp_path)
    (found,) = installation.outcome("sync", ALICE, "--dry-run")["calendars"]
    assert (found["listed"], found["add"], found["change"], found["remove"]) == (2, 1, 1, 1)
    assert found["events"]["remove"] == ["ghost"]
    assert rows(tmp_path) == before
    assert "would write 3 events; nothing was written" in installation.run("sync", ALICE, "--dry-run").stdout


def test_a_calendar_that_cannot_be_listed_is_named(installation: Installation) -> None:
    assert installation.google is not None
    installation.connect()
    installation.google.control("faults", {"faults": [{"method": "events.list", "action": "return-404"}]})
    assert sorted(foreseen(installation, code=1).values()) == [(0, 0, 0, 0)] * 2


def test_a_revoked_grant_asks_for_a_new_sign_in(installation: Installation) -> None:
    assert installation.google is not None
    installation.connect()
    installation.google.control("revoke", {"email": ALICE})
    foreseen(installation, code=4)
