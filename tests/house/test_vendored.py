"""Other people's files are carried unchanged, with their licence."""

import hashlib
from pathlib import Path

import pytest

from tests.house.tree import ROOT, SOURCE, read

PLACES = (SOURCE / "web" / "static" / "vendor", ROOT / "tests" / "browser" / "vendor")
VENDORED = sorted(path for place in PLACES for path in place.iterdir() if path.is_dir())


@pytest.mark.parametrize("folder", VENDORED, ids=lambda path: path.name)
def test_vendored_files_are_what_was_published(folder: Path) -> None:
    lines = read(folder / "SHA256SUMS").split("\n")
    sums = {name.lstrip("*"): digest for digest, name in (line.split(maxsplit=1) for line in lines if line)}
    actual = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in sums}
    assert actual == sums
    assert {path.suffix for path in folder.iterdir() if path.name not in sums} <= {"", ".txt", ".png"}


@pytest.mark.parametrize("folder", VENDORED, ids=lambda path: path.name)
def test_vendored_files_come_with_licence_and_version(folder: Path) -> None:
    assert (folder / "LICENSE").exists()
    assert read(folder / "VERSION").strip()
