"""Installing must give every machine the same bytes, from whichever index it uses."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest

from tests.house.tree import ROOT, python_files, read, syntax_tree

LISTS = ("build", "runtime", "dev")
PINNED = re.compile(r"^[a-z0-9][a-z0-9._-]*==[^\s;]+( ; [^\\]+)?( \\)?$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.match(r"[A-Za-z0-9._-]+", name.strip()).group()).lower()  # type: ignore[union-attr]


def wanted(name: str) -> set[str]:
    lines = read(ROOT / "requirements" / f"{name}.in").splitlines()
    return {canonical(line) for line in lines if line.strip() and not line.startswith(("#", "-"))}


def pinned(name: str) -> dict[str, int]:
    """Package name to the number of its hashes."""
    hashes: dict[str, int] = {}
    package = ""
    for line in read(ROOT / "requirements" / f"{name}.txt").splitlines():
        if HASH.match(line):
            hashes[package] += 1
        elif not line.lstrip().startswith("#"):
            assert PINNED.match(line), f"requirements/{name}.txt: neither a pin nor a hash: {line!r}"
            package = canonical(line)
            hashes[package] = 0
    return hashes


@pytest.mark.parametrize("name", LISTS)
def test_every_requirement_is_pinned_by_hash(name: str) -> None:
    hashes = pinned(name)
    assert hashes
    assert [package for package, count in hashes.items() if count == 0] == []


USERS_OF_EXTRAS = {"tracing": "otel", "agent_server": "mcp"}


@pytest.mark.parametrize("name", LISTS)
def test_no_requirement_says_where_it_comes_from(name: str) -> None:
    text = read(ROOT / "requirements" / f"{name}.txt")
    assert not re.search(r"://|^-|@ ", text, re.MULTILINE)


@pytest.mark.parametrize("name", LISTS)
def test_every_wanted_package_is_pinned(name: str) -> None:
    assert wanted(name) - set(pinned(name)) - set(pinned("runtime")) == set()


def test_what_tests_need_is_no_package_of_the_service() -> None:
    """Set-up installs the two side by side."""
    assert set(pinned("dev")) & {*pinned("build"), *pinned("runtime")} == set()


def test_pyproject_and_the_requirement_files_want_the_same() -> None:
    project = tomllib.loads(read(ROOT / "pyproject.toml"))["project"]
    assert {canonical(line) for line in project["dependencies"]} == wanted("runtime")
    assert {canonical(line) for line in project["optional-dependencies"]["dev"]} == wanted("dev")


def test_every_import_of_the_package_is_a_declared_dependency() -> None:
    distributions = packages_distributions()
    extras = tomllib.loads(read(ROOT / "pyproject.toml"))["project"]["optional-dependencies"]
    own = {module: {canonical(line) for line in extras[extra]} for module, extra in USERS_OF_EXTRAS.items()}
    declared = wanted("runtime")
    undeclared = {
        f"{path.name}: {module}"
        for path in python_files("src/calferry")
        if path.stem != "pytest_plugin"  # only ever loaded by pytest itself
        for module in imported(syntax_tree(path))
        if module != "calferry"
        and module not in sys.stdlib_module_names
        and not {canonical(d) for d in distributions.get(module, [])} & (declared | own.get(path.stem, set()))
    }
    assert undeclared == set()


def imported(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names
