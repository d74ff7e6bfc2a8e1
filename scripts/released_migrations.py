"""Notes the migrations that a release ships, so that nobody edits them afterwards: part of making a release.

Usage: python -m scripts.released_migrations          (tests/house fails when a noted one has changed)
"""

import hashlib
import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "src" / "calferry" / "store" / "migrations" / "versions"
NOTED = FOLDER.with_name("released.json")


def fingerprints() -> dict[str, str]:
    """SHA-256 of every migration by its name."""
    return {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(FOLDER.glob("0*.py"))}


if __name__ == "__main__":
    NOTED.write_text(json.dumps(fingerprints(), indent=2) + "\n", encoding="utf-8")
