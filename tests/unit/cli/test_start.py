"""A command's start imports what it needs: the list of commands imports none of them."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from calferry.cli.commands import COMMANDS
from calferry.cli.promised import Promise
from calferry.store import migrate
from calferry.store.sqlite import SqliteStore

HEAVY = (
    "aiohttp",
    "alembic",
    "asyncio",
    "cryptography",
    "fastapi",
    "pydantic",
    "sqlalchemy",
    "structlog",
    "uvicorn",
)
PROGRAM = """
import sys
from calferry.cli import main
sys.argv = ["calferry", *sys.argv[1:]]
try:
    main()
except SystemExit:
    print(*sys.modules, sep="\\n", file=sys.stderr)
"""


def modules_imported_by(*arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=True
    )
    return set(done.stderr.splitlines())


@pytest.mark.parametrize("arguments", [("--help",), ("--version",)])
def test_help_and_version_import_no_command_and_no_framework(arguments: tuple[str, ...]) -> None:
    found = modules_imported_by(*arguments)
    assert "calferry.cli.commands" in found
    assert found & {*HEAVY, *(promise.module for promise in COMMANDS)} == set()


def test_the_local_google_starts_without_the_service() -> None:
    found = modules_imported_by("emulator", "--help")
    assert "calferry.cli.emulator" in found
    assert found & {"fastapi", "sqlalchemy", "alembic", "calferry.settings"} == set()


@pytest.mark.parametrize(
    "command",
    [("accounts", "list"), ("audit",), ("calendars", "pause", "alice@example.com"), ("status",),
     ("tokens", "create", "alice@example.com")],
    ids=lambda command: command[0],
)  # fmt: skip
def test_commands_that_look_into_the_database_start_without_what_asks_google_serves_or_migrates(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteStore(tmp_path / "calferry.sqlite3")
    asyncio.run(store.write(migrate.upgrade))
    asyncio.run(store.close())
    monkeypatch.setenv("CALFERRY_DATA", str(tmp_path))
    found = modules_imported_by(*command)
    assert "calferry.store.migrate" in found
    assert found & {"aiohttp", "alembic", "calferry.google", "fastapi"} == set()


@pytest.mark.parametrize("promise", COMMANDS, ids=lambda promise: promise.name)
def test_the_list_says_the_first_sentence_of_each_command(promise: Promise) -> None:
    said = " ".join((promise.kept().help or "").split())
    assert said == promise.help or said.startswith(f"{promise.help} ")
    assert promise.help.endswith(".")
