"""Tests are run, not skipped, and wait for conditions, not for time."""

import ast
from collections.abc import Iterator

from tests.house.tree import python_files, relative, syntax_tree

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
