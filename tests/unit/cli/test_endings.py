"""Commands end as documented: a sentence for every expected failure, an exit code for scripts."""

import base64
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import typer
from sqlalchemy.exc import DatabaseError

from calferry.bootstrap.database import DatabaseUnusable
from calferry.bootstrap.http_server import AddressTaken, listen
from calferry.cli.endings import CommandFailed, end_with, ending_of, run
from calferry.cli.output import Output, count
from calferry.core.failure import Cause, SourceFailure
from calferry.settings import SettingsInvalid
from calferry.vault import KeyUnknown
from tests.unit.cli.conftest import Installation


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CommandFailed("no"), 1),
        (CommandFailed("sign in", 4), 4),
        (SettingsInvalid(["X is not set: give it."]), 3),
        (DatabaseUnusable("behind"), 3),
        (KeyUnknown("key 1 is gone"), 3),
        (SourceFailure(Cause.GRANT_REVOKED, "dead"), 4),
        (SourceFailure(Cause.UNREACHABLE, "down"), 1),
        (AddressTaken("taken"), 1),
    ],
)
def test_expected_failures_have_an_exit_code_and_words(error: Exception, code: int) -> None:
    ending = ending_of(error)
    assert ending is not None
    assert ending[0] == code
    assert all(sentence.strip() for sentence in ending[1])


def test_an_unexpected_failure_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        end_with(Output(as_json=False), ZeroDivisionError())


def test_an_interrupted_command_ends_as_shells_expect() -> None:
    async def work() -> None:
        raise KeyboardInterrupt

    with pytest.raises(typer.Exit) as ended:
        run(Output(as_json=False), work)
    assert ended.value.exit_code == 130


@pytest.mark.parametrize(
    "command", [["serve"], ["sync", "a@b.c"], ["verify", "a@b.c"], ["accounts", "remove", "a"]]
)
def test_missing_settings_are_named_with_the_way_to_make_them(bare: Installation, command: list[str]) -> None:
    outcome = bare.outcome(*command, code=3)
    assert "CALFERRY_KEYS is not set" in outcome["error"]
    assert "python3 -c" in outcome["error"]
    assert "GOOGLE_CLIENT_ID is not set" in outcome["error"]


def test_each_missing_setting_is_a_line_for_people(bare: Installation) -> None:
    done = bare.run("serve")
    assert done.exit_code == 3
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 5


def test_a_bad_setting_is_named_without_its_value(
    bare: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALFERRY_KEYS", "c2hvcnQ=")
    outcome = bare.outcome("sync", "a@b.c", code=3)
    assert "CALFERRY_KEYS is not usable" in outcome["error"]
    assert "c2hvcnQ=" not in outcome["error"]


def test_wrong_use_ends_with_two(bare: Installation) -> None:
    assert bare.run("sync").exit_code == 2
    assert bare.run("demo", "--calendars", "0").exit_code == 2
    assert bare.run("nonsense").exit_code == 2


def test_the_database_is_made_by_upgrade_and_then_complete(bare: Installation) -> None:
    first = bare.outcome("db", "upgrade")
    assert first["migrations"] >= 1
    assert bare.outcome("db", "upgrade") == {"migrations": 0, "revision": first["revision"]}


def test_without_auto_migration_a_database_behind_is_refused(
    bare: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALFERRY_AUTO_MIGRATE", "0")
    outcome = bare.outcome("accounts", "list", code=3)
    assert "calferry db upgrade" in outcome["error"]
    bare.outcome("db", "upgrade")
    assert bare.outcome("accounts", "list") == {"accounts": []}


@pytest.mark.parametrize(
    "command",
    [
        ["status"],
        ["accounts", "list"],
        ["tokens", "create", "a@b.c"],
        ["calendars", "pause", "a@b.c"],
        ["calendars", "mode", "a@b.c", "series"],
    ],
)
def test_where_no_database_is_that_is_said_and_none_is_made(
    bare: Installation, tmp_path: Path, command: list[str]
) -> None:
    outcome = bare.outcome(*command, code=3)
    assert str(tmp_path / "data" / "calferry.sqlite3") in outcome["error"]
    assert "calferry accounts add" in outcome["error"]
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("command", [["sync"], ["verify"], ["accounts", "remove"]])
def test_a_configured_command_makes_no_database_either(
    installation: Installation, tmp_path: Path, command: list[str]
) -> None:
    assert "There is no database" in installation.outcome(*command, "a@b.c", code=3)["error"]
    assert not (tmp_path / "data").exists()


def test_a_database_of_a_newer_version_is_refused(bare: Installation, tmp_path: Path) -> None:
    bare.outcome("db", "upgrade")
    with closing(sqlite3.connect(tmp_path / "data" / "calferry.sqlite3")) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    assert "revision 9999" in bare.outcome("accounts", "list", code=3)["error"]


def test_the_data_directory_is_for_its_owner_alone(bare: Installation, tmp_path: Path) -> None:
    bare.outcome("db", "upgrade")
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0
    assert (tmp_path / "data" / "calferry.sqlite3").stat().st_mode & 0o077 == 0


def test_a_taken_port_is_told(bare: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {
        "CALFERRY_KEYS": base64.b64encode(os.urandom(32)).decode(),
        "CALFERRY_BASE_URL": "http://127.0.0.1:8000",
        "CALFERRY_ALLOWED_EMAILS": "*",
        "GOOGLE_CLIENT_ID": "demo-client",
        "GOOGLE_CLIENT_SECRET": "demo-secret",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("calferry.cli.serve.configure_logs", lambda level: None)
    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        assert f"port {port}" in bare.outcome("serve", "--port", port, code=1)["error"]
        assert f"port {port}" in bare.outcome("emulator", "--port", port, code=1)["error"]
        assert (
            f"port {port}" in bare.outcome("demo", "--once", "--port", port, "--events", "0", code=1)["error"]
        )


def test_an_unusable_seed_is_named(bare: Installation, tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text("[]")
    assert "seed.json" in bare.outcome("emulator", "--port", "0", "--seed", str(seed), code=1)["error"]


def test_numbers_are_written_for_people() -> None:
    assert count(1, "event") == "1 event"
    assert count(20_000, "event") == "20,000 events"
    assert count(2, "entry", "entries") == "2 entries"


@pytest.mark.parametrize("command", [["status"], ["accounts", "list"], ["db", "upgrade"]])
def test_a_file_that_is_no_database_is_named_with_the_way_out(
    bare: Installation, tmp_path: Path, command: list[str]
) -> None:
    file = tmp_path / "data" / "calferry.sqlite3"
    file.parent.mkdir()
    file.write_bytes(b"not a database" * 500)
    outcome = bare.outcome(*command, code=3)
    assert str(file) in outcome["error"]
    assert "is not an SQLite database" in outcome["error"]


def test_a_database_that_breaks_during_a_command_ends_it_with_a_sentence() -> None:
    broken = sqlite3.DatabaseError("database disk image is malformed")
    broken.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    ending = ending_of(DatabaseError("SELECT 1", None, broken))
    assert ending == (
        1,
        ["The database is damaged: restore a backup, or move it away and sync everything again."],
    )


def test_a_wrong_statement_is_not_called_a_broken_database() -> None:
    wrong = sqlite3.OperationalError("no such table: events")
    wrong.sqlite_errorcode = sqlite3.SQLITE_ERROR
    assert ending_of(DatabaseError("SELECT 1", None, wrong)) is None
