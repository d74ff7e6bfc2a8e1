"""Running programs for Node with the packages that `scripts/setup dev` installs."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[3]
PROGRAMS = ROOT / "tests" / "node"
PACKAGES = ROOT / ".venv" / "node" / "node_modules"
DEADLINE_S = 60


def run_node(*arguments: str, program: str | None = None, **environment: str) -> str:
    """What a program printed: a file named by the arguments, or the text of one. AssertionError if it fails."""
    node = shutil.which("node")
    assert node, "node is missing; run scripts/setup dev"
    done = subprocess.run(
        [node, *arguments],
        input=program,
        env={"PATH": os.environ["PATH"], "NODE_PATH": str(PACKAGES), **environment},
        cwd=PROGRAMS,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
