"""Completion of the shell knows the commands, and the options of the one that is typed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from calferry.cli.commands import COMMANDS

COMPLETE = """
eval "$(calferry --show-completion)"
COMP_WORDS=({words})
COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
_calferry_completion calferry
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The environment of a person whose shell is bash."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**os.environ, "HOME": str(tmp_path), "PATH": path, "SHELL": "/bin/bash"}


def bash(home: dict[str, str], script: str) -> str:
    done = subprocess.run(
        ["bash", "--norc", "-c", script], env=home, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def completed(home: dict[str, str], words: str) -> list[str]:
    return bash(home, COMPLETE.format(words=words)).split()


def test_commands_are_completed(home: dict[str, str]) -> None:
    assert completed(home, 'calferry ""') == [promise.name for promise in COMMANDS]
    assert completed(home, "calferry st") == ["status"]


def test_commands_of_a_group_and_options_of_a_command_are_completed(home: dict[str, str]) -> None:
    assert completed(home, 'calferry calendars ""') == ["pause", "resume", "mode"]
    assert completed(home, "calferry sync --d") == ["--dry-run"]


def test_installing_it_leaves_it_in_the_start_of_the_shell(home: dict[str, str], tmp_path: Path) -> None:
    assert "completion installed in" in bash(home, "calferry --install-completion; true")
    sourced = COMPLETE.replace('eval "$(calferry --show-completion)"', 'source "$HOME/.bashrc"')
    assert (tmp_path / ".bashrc").exists()
    assert bash(home, sourced.format(words="calferry ver")).split() == ["verify"]
