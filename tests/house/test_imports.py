"""The floors of ARCHITECTURE.md, checked by import-linter."""

import subprocess
import sys
import tomllib
from pathlib import Path

from tests.house.tree import ROOT, SOURCE, read

CONTRACTS = tomllib.loads(read(ROOT / "pyproject.toml"))["tool"]["importlinter"]["contracts"]


def test_imports_only_go_down() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr


def test_every_floor_exists() -> None:
    """A layer written as optional would let a renamed folder leave the contract unnoticed."""
    floors = CONTRACTS[0]["layers"]
    assert [floor for floor in floors if "(" in floor] == []
    named = {name.strip() for floor in floors for name in floor.split("|")}
    present = {
        path.stem for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert present - {"__init__"} == named | set(CONTRACTS[0]["exhaustive_ignores"])
