"""docs/reference/ is written by scripts/reference.py, and says what the code says."""

import re
from functools import cache

import pytest

from calferry.settings import Settings, setting_name
from scripts.reference import FOLDER, MEANINGS, application, pages, raw_paths
from tests.house.tree import read

NAMES = ("settings.md", "http.md", "command-line.md", "metrics.md")
ELSEWHERE = {"local-google-coverage.md"}
current = cache(pages)


@pytest.mark.parametrize("name", NAMES)
def test_the_page_is_current(name: str) -> None:
    assert read(FOLDER / name) == current()[name], "run `make reference`"


def test_no_page_is_left_over() -> None:
    assert {path.name for path in FOLDER.iterdir()} - ELSEWHERE == set(current()) == set(NAMES)


def test_every_setting_is_named_and_explained() -> None:
    text = current()["settings.md"]
    assert [name for name in Settings.model_fields if f"`{setting_name(name)}`" not in text] == []
    assert set(MEANINGS) == set(Settings.model_fields)


def test_every_route_is_named_and_explained() -> None:
    app = application()
    text = current()["http.md"]
    described = [
        f"{method.upper()} {path}" for path, methods in app.openapi()["paths"].items() for method in methods
    ]
    assert [name for name in [*described, *raw_paths(app)] if f"{name}`" not in text] == []


def test_every_command_is_explained() -> None:
    sections = re.split(r"^## ", current()["command-line.md"], flags=re.MULTILINE)[1:]
    silent = [section.splitlines()[0] for section in sections if len(section.split("\n\n")[1].split()) < 3]
    assert len(sections) >= 10
    assert silent == []


def test_every_parameter_is_named_and_explained() -> None:
    document = application().openapi()
    sections = re.split(r"^### ", current()["http.md"], flags=re.MULTILINE)[1:]
    rows = {
        f"{section.splitlines()[0].strip('`')} {cells[1].strip().strip('`')}": cells[4].strip()
        for section in sections
        for line in section.splitlines()
        if line.startswith("| `") and (cells := line.split("|"))
    }
    given = [
        f"{method.upper()} {path} {parameter['name']}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        for parameter in operation.get("parameters", [])
        if parameter["in"] != "path"
    ]
    assert [name for name in given if not rows.get(name)] == []


@pytest.mark.parametrize(
    "told", ["Authorization: Bearer", "Sec-Fetch-Site", "`Origin`", "once in\n5 seconds", "`Retry-After`"]
)
def test_the_page_on_http_says_who_may_ask_and_how_often(told: str) -> None:
    assert told in current()["http.md"]
