"""Names and words that may not appear, and why nobody has to remember them."""

import re
from pathlib import Path

import pytest

from tests.house.tree import SOURCE, own_files, python_files, read, relative

THIS_FILE = Path(__file__)
REFUSED_NAMES = {
    "base", "common", "data", "handler", "handlers", "helper", "helpers", "info", "legacy", "manager", "misc",     "services", "stuff", "types", "util", "utils",
}  # fmt: skip

UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK|WIP)\b|NotImplementedError")
ABSOLUTE_PATH = re.compile(r"(?<![\w.\-}])/(work|root|home|Users|opt)/")
REGISTRY = re.compile(
    r"pypi\.org|pythonhosted\.org|registry\.npmjs|npmjs\.(com|org)|(deb|security)\.debian\.org|crates\.io"
    r"|proxy\.golang\.org",
    re.IGNORECASE,
)
PROJECT_PAPERS = re.compile(
    r"\b(issue|ticket|pull request|PR|task|milestone) ?#\d+|(?<![\w/])shared/|google-facts|hard-cases\.md|founding document"
    r"|(?<![\w/-])(design|correctness|reliability|stack|ux|performance)\.md",
    re.IGNORECASE,
)


def found(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{relative(path)}:{number}: {line.strip()[:120]}"
        for path in own_files()
        if path != THIS_FILE
        for number, line in enumerate(read(path).splitlines(), 1)
        if pattern.search(line)
    ]


def test_nothing_is_marked_unfinished() -> None:
    assert found(UNFINISHED) == []


def test_no_path_of_one_machine() -> None:
    assert found(ABSOLUTE_PATH) == []


def test_no_package_registry_is_named() -> None:
    assert found(REGISTRY) == []


def test_the_project_speaks_of_itself_alone() -> None:
    assert found(PROJECT_PAPERS) == []


def test_modules_are_named_for_what_they_are() -> None:
    names = {
        relative(path): {path.stem, path.parent.name} & REFUSED_NAMES for path in python_files("src/calferry")
    }
    assert {name: refused for name, refused in names.items() if refused} == {}


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {path.parent for path in python_files("src/calferry")}
    without = [
        relative(f) for f in folders if not (f / "__init__.py").exists() and "migrations" not in f.parts
    ]
    assert without == []
    assert (SOURCE / "py.typed").exists()


@pytest.mark.parametrize(
    ("pattern", "offence"),
    [
        (UNFINISHED, "later # TODO"),
        (ABSOLUTE_PATH, "open('/root/notes')"),
        (REGISTRY, "from pypi.org"),
        (PROJECT_PAPERS, "see issue #12"),
    ],
)
def test_the_patterns_see_what_they_are_for(pattern: re.Pattern[str], offence: str) -> None:
    assert pattern.search(offence)
