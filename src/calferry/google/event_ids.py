"""Ids for events that are made before Google is asked, so that an insert can be repeated without a second event.

Alphabet and length: `id` in /workspace/calendar/api/v3/reference/events on Google's site (base32hex of RFC 2938).
Ids that Google made itself follow other rules, and are never checked.
"""

import base64
import re

RANDOM_BYTES_MIN = 16
EVENT_ID = re.compile(r"[a-v0-9]{5,1024}")


def event_id_of(random: bytes) -> str:
    """An id from at least 16 random bytes: 26 characters for 16."""
    if len(random) < RANDOM_BYTES_MIN:
        raise ValueError(f"an event id needs {RANDOM_BYTES_MIN} random bytes")
    return base64.b32hexencode(random).decode().rstrip("=").lower()


def require_new_event_id(value: object) -> None:
    """Raises ValueError for an id that Google does not accept for a new event."""
    if not isinstance(value, str) or EVENT_ID.fullmatch(value) is None:
        raise ValueError("the id of a new event has 5 to 1024 characters of 0-9 and a-v")
