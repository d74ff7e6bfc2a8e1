"""The demo as people start it."""

import json
import subprocess
from pathlib import Path

from tests.system.processes import COMMAND, DEADLINE_S


def test_demo_once_ends_with_a_mirror_equal_to_google(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "demo", "--once", "--json", "--port", "0", "--google-port", "0", "--data", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S * 2,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    outcome = json.loads(line)
    assert (outcome["calendars"], outcome["events"], outcome["converged"]) == (5, 400, True)
    assert outcome["changes"] > 0
    assert outcome["pushes"] > 0
    assert (tmp_path / "calferry-demo.sqlite3").exists()
