"""What a calendar holds, in one line: equal mirrors have equal fingerprints."""

import hashlib
from collections.abc import Iterable


def fingerprint(rows: Iterable[tuple[str, str]]) -> str:
    """Return the SHA-256 over (event id, summary) of a calendar's live events, ordered by event id."""
    digest = hashlib.sha256()
    for event_id, summary in rows:
        digest.update(f"{event_id}\t{summary}\n".encode())
    return digest.hexdigest()
