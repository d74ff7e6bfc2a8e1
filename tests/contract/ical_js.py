"""ical.js, Mozilla's own library, as a third reading of iCalendar: it shares no code with the other two."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / ".venv/node/node_modules/ical.js/dist/ical.js"
SCRIPT = ROOT / "tests/node/expand_series.mjs"

Stamp = int | str
"""Unix seconds, a day as YYYY-MM-DD, or a time without a zone as YYYY-MM-DDTHH:MM:SS."""
Found = tuple[str, Stamp, Stamp, Stamp]
"""UID, original start, start and end."""


def expand(files: Sequence[Path], until: str, *options: str) -> list[list[Any]]:
    """The instances of each file, every series followed up to the day `until`; all in one process."""
    assert LIBRARY.exists(), f"{LIBRARY} is missing; scripts/setup dev installs it"
    command = ["node", str(SCRIPT), str(LIBRARY), until, *map(str, files), *options]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 0, answer.stderr
    return list(json.loads(answer.stdout))
