"""A command's start imports what it needs: the list of commands imports none of them."""

import subprocess
import sys

import pytest

from calferry.cli.commands import COMMANDS
from calferry.cli.promised import Promise

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


@pytest.mark.parametrize("promise", COMMANDS, ids=lambda promise: promise.name)
def test_the_list_says_the_first_sentence_of_each_command(promise: Promise) -> None:
    said = " ".join((promise.kept().help or "").split())
    assert said == promise.help or said.startswith(f"{promise.help} ")
    assert promise.help.endswith(".")
