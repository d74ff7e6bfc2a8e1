"""docs/security.md promises nothing that no test shows."""

import ast
import re

import pytest

from tests.house.tree import ROOT, python_files, read, relative, syntax_tree

PAGE = read(ROOT / "docs" / "security.md")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
RAW = {"text", "exec_driver_sql"}
NAMES_OF_OURS = {"src/calferry/store/row_security.py"}
"""Statements about our own tables and our role, whose names cannot be parameters."""
ASSEMBLED = (ast.JoinedStr, ast.BinOp)


@pytest.mark.parametrize("path", sorted({path for path, _ in NAMED}))
def test_every_named_test_is_there(path: str) -> None:
    tree = syntax_tree(ROOT / path)
    there = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert {name for named, name in NAMED if named == path} - there == set()


def test_every_promise_names_a_test() -> None:
    rows = [line for line in PAGE.partition("## Signing in")[2].splitlines() if line.startswith("| ")]
    promises = [row for row in rows if not row.startswith(("| what holds", "| ---"))]
    assert len(promises) > 50
    assert [row for row in promises if "::" not in row] == []


def test_no_sql_is_put_together_from_text() -> None:
    """Neither formatted strings nor sums of strings are handed to the database as SQL."""
    assembled = [
        f"{relative(path)}:{node.lineno}"
        for path in python_files("src/calferry")
        if relative(path) not in NAMES_OF_OURS
        for node in ast.walk(syntax_tree(path))
        if isinstance(node, ast.Call) and name_of(node.func) in RAW and node.args
        if isinstance(node.args[0], ASSEMBLED) or is_formatted(node.args[0])
    ]
    assert assembled == []


def name_of(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def is_formatted(argument: ast.expr) -> bool:
    return isinstance(argument, ast.Call) and name_of(argument.func) in ("format", "join", "replace")
