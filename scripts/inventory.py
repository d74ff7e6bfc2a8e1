"""Copies Google's discovery document of the Calendar API, without its prose, into the local Google.

Usage: python scripts/inventory.py     (needs google-api-python-client, which ships the document)
"""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

DOCUMENT = "discovery_cache/documents/calendar.v3.json"
COPY = Path(__file__).parents[1] / "src/calferry/emulator/routes/inventory/calendar.v3.json"
PROSE = ("description", "enumDescriptions", "enumDeprecated")


def shipped() -> dict[str, Any]:
    """The document that the installed client ships."""
    found: dict[str, Any] = json.loads(files("googleapiclient").joinpath(DOCUMENT).read_text("utf-8"))
    return found


def without_prose(value: Any) -> Any:
    """Everything that programs read: a property called description stays, a description goes."""
    if isinstance(value, list):
        return [without_prose(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: without_prose(inner)
        for key, inner in value.items()
        if not (key in PROSE and isinstance(inner, str | list))
    }


def text(document: dict[str, Any]) -> str:
    """Indented, so that changes can be read."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    COPY.write_text(text(without_prose(shipped())), encoding="utf-8")
    print(f"wrote {COPY}")
