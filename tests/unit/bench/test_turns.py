import json
import sqlite3
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.fingerprint import fingerprint
from bench.mirror import differing, mirror_fingerprints
from bench.roster import NAMES

SMALL = ["--calendars=2", "--events=30", "--changes=10", "--runs=1"]


def test_every_contestant_ends_with_what_the_upstream_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "--json"]) == 0
    printed = capsys.readouterr()
    found = json.loads(printed.out)["contestants"]
    assert tuple(found) == NAMES
    for row in found.values():
        assert row["wrong"] == []
        assert row["requests"]["unchanged"] == 2
    assert printed.err.count("| yes ") == len(NAMES)


def test_a_lost_an_extra_and_a_changed_event_make_a_calendar_differ(tmp_path: Path) -> None:
    database = tmp_path / "mirror.sqlite3"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE events (calendar, id, summary)")
        rows = [("whole", "2", "b"), ("whole", "1", "a"), ("lost", "1", "a"), ("changed", "1", "z")]
        connection.executemany("INSERT INTO events VALUES (?,?,?)", rows)
    connection.close()
    found = mirror_fingerprints(str(database), "SELECT * FROM events")
    whole = fingerprint([("1", "a"), ("2", "b")])
    expected = {"whole": whole, "lost": whole, "changed": fingerprint([("1", "a")]), "absent": whole}
    assert differing(found, expected) == ["absent", "changed", "lost"]
