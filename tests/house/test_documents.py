"""What the pages say must be there."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from calferry.core.health import Health
from calferry.core.model import AccountStatus, ChangeKind, Mode
from calferry.core.sync_state import Status
from calferry.emulator.routes import control
from calferry.emulator.server import new_emulator
from calferry.settings import REQUIRED_BY_SERVE, Settings, setting_name
from calferry.store.tables import metadata
from tests.house.tree import ROOT, own_files, read, relative

PAGES = [path for path in own_files() if path.suffix == ".md"]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
GLOSSARY = read(ROOT / "docs" / "glossary.md")
LOCAL_GOOGLE = read(ROOT / "docs" / "local-google.md")
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
WORDS = [word for kind in (AccountStatus, ChangeKind, Health, Mode, Status) for word in get_args(kind)]


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_lead_somewhere(page: Path) -> None:
    targets = [
        target
        for target in LINK.findall(read(page))
        if "://" not in target and not target.startswith("mailto:")
    ]
    missing = [target for target in targets if not leads_somewhere(page, target)]
    assert missing == []


def leads_somewhere(page: Path, target: str) -> bool:
    name, _, anchor = target.partition("#")
    path = page.parent / name if name else page
    if not path.exists():
        return False
    return (
        not anchor or path.suffix != ".md" or anchor in {anchor_of(line) for line in read(path).splitlines()}
    )


def anchor_of(line: str) -> str:
    """The anchor that forges give a heading."""
    if not line.startswith("#"):
        return ""
    title = re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower())
    return title.replace(" ", "-")


@pytest.mark.parametrize("page", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_is_a_page_with_status_context_and_decision(page: Path) -> None:
    text = read(page)
    number = int(page.stem[:4])
    assert text.startswith(f"# {number}. ")
    assert re.search(r"^Status: (proposed|accepted|replaced by \d+)", text, re.MULTILINE)
    assert text.index("\n## Context\n") < text.index("\n## Decision\n")
    assert len(text.splitlines()) <= 60


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(page.stem[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("table", sorted(metadata.tables))
def test_the_glossary_knows_every_table(table: str) -> None:
    assert f"`{table}`" in GLOSSARY


@pytest.mark.parametrize("word", sorted(set(WORDS)))
def test_the_glossary_knows_every_status(word: str) -> None:
    assert f"`{word}`" in GLOSSARY


def test_the_readme_names_every_make_target_people_use() -> None:
    readme = read(ROOT / "README.md")
    assert [target for target in ("demo", "test", "serve", "bench") if f"make {target}" not in readme] == []


def test_the_makefile_explains_every_target() -> None:
    makefile = read(ROOT / "Makefile")
    targets = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert targets is not None
    unexplained = [
        name for name in targets[1].split() if name != "help" and f'echo "make {name} ' not in makefile
    ]
    assert unexplained == []


def test_every_guarantee_names_a_proof_that_exists() -> None:
    pages = read(ROOT / "README.md") + read(ROOT / "docs" / "guarantees.md")
    proofs = re.findall(r"\[(\w+)\]\((?:\.\./)?(tests/[^)]+)\)", pages)
    missing = [name for name, target in proofs if not proves(name, ROOT / target)]
    assert len(proofs) >= 35
    assert missing == []


def proves(name: str, target: Path) -> bool:
    if target.is_dir():
        return target.name == name and any([*target.glob("scenario.json"), *target.glob("test_*.py")])
    return target.exists() and bool(re.search(rf"def {name}\(", read(target)))


def test_the_readme_example_runs(tmp_path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", read(ROOT / "README.md"), re.MULTILINE | re.DOTALL)
    examples = [block for block in blocks if "def test_" in block]
    assert len(examples) == 1
    example = tmp_path / "test_example.py"
    example.write_text(examples[0])
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(example),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_every_control_of_the_local_google_is_explained() -> None:
    names = [f"`{route.http} {route.template.removeprefix('/_emulator/')}`" for route in control.ROUTES]
    assert [name for name in names if name not in LOCAL_GOOGLE] == []


def test_the_seed_on_the_page_of_the_local_google_is_planted() -> None:
    (example,) = re.findall(r"^```json\n(.*?)^```", LOCAL_GOOGLE, re.MULTILINE | re.DOTALL)
    world = new_emulator([json.loads(example)]).world
    assert list(world.people) == ["carol@example.com"]


def test_the_settings_on_the_page_of_the_local_google_exist() -> None:
    exports = [line for line in LOCAL_GOOGLE.splitlines() if line.startswith("export ")]
    named = {name for line in exports for name in re.findall(r"([A-Z_]+)=", line)}
    assert named <= {setting_name(field) for field in Settings.model_fields}
    assert {setting_name(field) for field in REQUIRED_BY_SERVE} <= named
