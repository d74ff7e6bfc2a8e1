"""Every scenario is in the index, and the index names only what exists."""

import json
import re

import pytest

from tests.house.tree import ROOT, read

FOLDER = ROOT / "tests" / "scenarios"
CASE = re.compile(r"[A-Z]\d{1,2}|fault-\d{2,3}")
SENTENCE = re.compile(r"[a-z0-9]+(_[a-z0-9]+){2,}")


def index() -> dict[str, dict[str, object]]:
    return dict(json.loads(read(FOLDER / "index.json")))


def folders() -> set[str]:
    return {path.name for path in FOLDER.iterdir() if path.is_dir() and path.name != "__pycache__"}


def indexed() -> set[str]:
    return {folder for listed in index()["cases"].values() for folder in listed}  # type: ignore[attr-defined]


def test_every_scenario_is_indexed_and_every_indexed_one_exists() -> None:
    assert folders() - indexed() == set()
    assert indexed() - folders() == set()


def test_every_scenario_says_what_happens() -> None:
    assert [name for name in folders() if not SENTENCE.fullmatch(name)] == []


@pytest.mark.parametrize("name", sorted(folders()))
def test_a_scenario_is_data_or_one_test_of_its_name(name: str) -> None:
    found = {path.name for path in (FOLDER / name).iterdir() if path.name != "__pycache__"}
    assert found in ({"scenario.json"}, {f"test_{name}.py"})


def test_every_case_has_one_place() -> None:
    cases, elsewhere, later = (index()[section] for section in ("cases", "elsewhere", "later"))
    together = [*cases, *elsewhere, *later]
    assert len(together) == len(set(together))
    assert [case for case in together if not CASE.fullmatch(case)] == []
    assert all(later.values())


def test_cases_proven_elsewhere_name_their_test() -> None:
    assert [path for path in index()["elsewhere"].values() if not (ROOT / str(path)).is_file()] == []
