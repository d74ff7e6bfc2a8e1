"""What a contestant left behind."""

import itertools
import sqlite3
from collections.abc import Mapping
from operator import itemgetter
from pathlib import Path

from bench.fingerprint import fingerprint


def mirror_fingerprints(database: str, rows: str) -> dict[str, str]:
    """Return the fingerprint of each calendar; `rows` selects (calendar, event id, summary)."""
    connection = sqlite3.connect(Path(database).as_uri() + "?mode=ro", uri=True)
    try:
        found = sorted(connection.execute(rows).fetchall())
    finally:
        connection.close()
    groups = itertools.groupby(found, key=itemgetter(0))
    return {calendar: fingerprint((row[1], row[2]) for row in group) for calendar, group in groups}


def differing(found: Mapping[str, str], expected: Mapping[str, str]) -> list[str]:
    """Return the calendars that are not as the upstream says, sorted."""
    return sorted(key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key))
