"""Hundreds of histories of the shipped engine, each from its seed, and every invariant after every commit."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.simulation.faults import EVERY_ACTION, LOST_ON_THE_WAY
from tests.simulation.plant import ROOT, Bug, bugs, hunt
from tests.simulation.run import simulate
from tests.simulation.writers import SCOPES, VERBS

SEEDS = 500
CHUNK = 10
PARTS = 16
KNOWN = Path(__file__).with_name("seeds.txt")
MUST_HAPPEN = [
    *(f"fault {action}" for action in EVERY_ACTION),
    "fault down",
    "store down",
    "push while the store is slow",
    "meddle",
    "reconnect",
    "mode",
    "crash",
    "crash before commit",
    "crash after commit",
    "freeze",
    "push",
    "push lost",
    "push twice",
    "revoke",
    "grant found dead",
    "disconnect",
    "skew",
    "cron",
    "sync accepted",
    "sync too soon",
    "stream complete",
    "stream error",
    "calendar removed",
    *(f"write {verb.__name__}" for verb in VERBS),
    *(f"write scope {scope}" for scope in SCOPES),
    *(f"write fault {action}" for action in LOST_ON_THE_WAY),
    "write the same again",
    "write with no answer",
    "write refused read_only_calendar",
    "write refused not_found",
    "write refused precondition_failed",
    "write refused idempotency_key_reused",
    "write refused too_many_pending",
    "accepted insert",
    "accepted patch",
    "accepted delete",
    "written POST",
    "written PATCH",
    "written DELETE",
    "answer POST 409",
    "answer PATCH 412",
    "answer DELETE 412",
    "edit done",
    "edit failed",
    "edit conflict",
    "edit cancelled",
    "half an edit",
    "pending edit seen",
    "answer seen",
]


@pytest.fixture
def together(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that every process of the test run shares."""
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "simulation"
    folder.mkdir(exist_ok=True)
    return folder


def known_seeds() -> list[str]:
    """Every seed that ever failed and is not among those that are run anyway."""
    lines = KNOWN.read_text("utf-8").splitlines()
    failed = [line.split()[0] for line in lines if line and line[0] != "#"]
    return [seed for seed in failed if int(seed) >= SEEDS]


def run_all(seeds: list[str]) -> Counter[str]:
    hits: Counter[str] = Counter()
    for seed in seeds:
        outcome = simulate(seed)
        last = "\n".join(outcome.lines[-40:])
        assert outcome.violation is None, f"seed {seed}: {outcome.violation}\n{last}"
        hits += outcome.hits
    return hits


@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_every_invariant_holds_and_every_fault_strikes(first: int, together: Path) -> None:
    """Whichever part ends last looks at what all of them have met."""
    hits = run_all([str(seed) for seed in range(first, first + CHUNK)])
    (together / f"{first}.new").write_text(json.dumps(hits))
    (together / f"{first}.new").rename(together / f"{first}.json")
    parts = [json.loads(part.read_text()) for part in together.glob("*.json")]
    if len(parts) == SEEDS // CHUNK:
        assert [what for what in MUST_HAPPEN if not any(part.get(what) for part in parts)] == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(PARTS))
def test_seeds_that_once_failed_hold(part: int) -> None:
    run_all(known_seeds()[part::PARTS])


@pytest.mark.timeout(600)
@pytest.mark.parametrize("bug", bugs(), ids=lambda bug: bug.name)
def test_planted_bug_is_found(bug: Bug, tmp_path: Path) -> None:
    hunt(bug, tmp_path)


def test_same_seed_makes_the_same_history() -> None:
    printed = set()
    for hash_seed in ("1", "2"):
        command = [sys.executable, "-m", "tests.simulation.run", "--seed", "23", "--quiet"]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        printed.add(
            subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True).stdout
        )
    assert len(printed) == 1
    assert simulate("23").hash == simulate("23").hash
