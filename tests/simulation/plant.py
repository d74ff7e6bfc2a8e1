"""Copies of the engine with a bug planted into them, to see that the simulation finds it.

`python -m tests.simulation.plant` hunts every bug and notes the seed that finds it soonest, which is tried first from then on.
"""

import os
import re
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.simulation.hunt import Find, hunt_in

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SOURCE = ROOT / "src" / "calferry"
SEEDS_MAX = 200
COMPARED = 3
"""Seeds that find a bug, of which the one that takes the fewest commits is noted."""


class DoesNotApply(ValueError):
    """The engine no longer holds the text that a planted bug replaces."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace `find`, which occurs once in `file`, by `put`."""

    file: str
    find: str
    put: str


@dataclass(frozen=True, slots=True)
class Bug:
    """A planted bug: what it does, the edits that make it, and the seed that is known to find it."""

    name: str
    about: str
    edits: tuple[Edit, ...]
    seed: int


def bugs() -> list[Bug]:
    """Every planted bug, by name."""
    return [read(path) for path in sorted((HERE / "planted").glob("*.toml"))]


def read(path: Path) -> Bug:
    found = tomllib.loads(path.read_text("utf-8"))
    return Bug(path.stem, found["about"], tuple(Edit(**edit) for edit in found["edit"]), found["seed"])


def plant(bug: Bug, into: Path) -> Path:
    """Make a tree of the engine below `into` with the bug in it; the folder to put first on the path.

    What the bug does not touch is linked: to copy it all takes longer than to find the bug. Raises `DoesNotApply`.
    """
    spoilt = {edit.file: spoil(bug, edit.file) for edit in bug.edits}
    link(SOURCE, into / "calferry", {Path(file) for file in spoilt})
    for file, text in spoilt.items():
        (into / "calferry" / file).write_text(text, "utf-8")
    return into


def spoil(bug: Bug, file: str) -> str:
    """The text of this file with all edits of it."""
    text = (SOURCE / file).read_text("utf-8")
    for edit in bug.edits:
        if edit.file != file:
            continue
        if text.count(edit.find) != 1:
            raise DoesNotApply(f"{bug.name}: {file} holds {text.count(edit.find)} times: {edit.find}")
        text = text.replace(edit.find, edit.put)
    return text


def link(source: Path, target: Path, without: set[Path]) -> None:
    """Make a folder of links to everything in `source`; the folders of files left out are made, with a cache of their own."""
    target.mkdir()
    (target / "__pycache__").mkdir()
    folders = {path.parts[0] for path in without if len(path.parts) > 1}
    for entry in source.iterdir():
        if entry.name in folders:
            inside = {path.relative_to(entry.name) for path in without if path.parts[0] == entry.name}
            link(entry, target / entry.name, inside)
        elif Path(entry.name) not in without and entry.name != "__pycache__":
            (target / entry.name).symlink_to(entry)
    for compiled in (source / "__pycache__").glob("*.pyc"):
        if Path(f"{compiled.name.partition('.')[0]}.py") not in without:
            (target / "__pycache__" / compiled.name).symlink_to(compiled)


def hunt(bug: Bug, into: Path, wanted: int = 1) -> list[Find]:
    """Run seeds on the spoilt copy until so many fail, the one that is known first. Raises `AssertionError` if none does."""
    others = (seed for seed in range(SEEDS_MAX) if seed != bug.seed)
    finds = hunt_in(plant(bug, into), (bug.seed, *others), wanted)
    assert finds, f"{bug.name}: {SEEDS_MAX} seeds held"
    return finds


def note(bug: Bug) -> None:
    """Hunt a bug and write the seed that finds it soonest beside it."""
    with tempfile.TemporaryDirectory() as into:
        try:
            soonest = min(hunt(bug, Path(into), COMPARED), key=lambda find: (find.commits, find.seed))
        except AssertionError as error:
            print(error, flush=True)
            return
    print(
        f"{bug.name}: seed {soonest.seed}, {soonest.commits} commits: {soonest.violation[:120]}", flush=True
    )
    path = HERE / "planted" / f"{bug.name}.toml"
    path.write_text(re.sub(r"(?m)^seed = \d+$", f"seed = {soonest.seed}", path.read_text("utf-8")), "utf-8")


def main() -> None:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(note, bugs()):
            pass


if __name__ == "__main__":
    main()
