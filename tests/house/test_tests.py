"""Tests are run, not skipped, and wait for conditions, not for time."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.house.tree import ROOT, python_files, relative, syntax_tree

SLEEPERS = {"tests/waiting.py"}
SKIPPERS = {"skip", "skipif", "skipIf", "skipTest", "skipUnless", "xfail", "importorskip", "expectedFailure"}


def attributes_used() -> Iterator[tuple[str, int, str, str]]:
    for path in python_files("tests"):
        for node in ast.walk(syntax_tree(path)):
            if isinstance(node, ast.Attribute):
                owner = node.value.id if isinstance(node.value, ast.Name) else getattr(node.value, "attr", "")
                yield relative(path), node.lineno, owner, node.attr


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    owners = {"mark", "pytest", "unittest", "self"}
    skipped = [
        f"{path}:{line}"
        for path, line, owner, name in attributes_used()
        if owner in owners and name in SKIPPERS
    ]
    assert skipped == []


def test_no_test_sleeps() -> None:
    sleeping = [
        f"{path}:{line}"
        for path, line, owner, name in attributes_used()
        if (owner, name) == ("time", "sleep") and path not in SLEEPERS
    ]
    assert sleeping == []


def test_test_files_are_found_by_pytest() -> None:
    strays = [
        relative(path)
        for path in python_files("tests")
        if not path.name.startswith("test_")
        and any(isinstance(n, ast.FunctionDef) and n.name.startswith("test_") for n in syntax_tree(path).body)
    ]
    assert strays == []


EXCUSES = (
    "@pytest.mark.skip\ndef test_it(): pass",
    "@pytest.mark.xfail\ndef test_it(): assert False",
    "@pytest.mark.xfail\ndef test_it(): pass",
    "def test_it(): pytest.skip('later')",
    "pytest.importorskip('no_such_module')\ndef test_it(): pass",
)


def test_every_excuse_fails_the_run(tmp_path: Path) -> None:
    for number, excuse in enumerate(EXCUSES):
        (tmp_path / f"test_excuse_{number}.py").write_text(f"import pytest\n{excuse}\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-c",
        str(ROOT / "pyproject.toml"),
        "-p",
        "tests.conftest",
    ]
    command += ["--continue-on-collection-errors", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "3 failed, 2 errors" in done.stdout
    assert "runs here or is not kept" in done.stdout
