"""When two versions of an event say the same."""

from typing import Any

import msgspec

VERSION_FIELDS = ("etag", "updated")


def content_of(raw: str | bytes) -> Any:
    """Google's JSON without what changes at every write even when nothing else did."""
    parsed = msgspec.json.decode(raw)
    if isinstance(parsed, dict):
        for field in VERSION_FIELDS:
            parsed.pop(field, None)
    return parsed


def same_content(one: str, other: str) -> bool:
    """Compare two items by parsed JSON. Raises nothing: text that msgspec cannot read is compared as text."""
    if one == other:
        return True
    try:
        return bool(content_of(one) == content_of(other))
    except (msgspec.DecodeError, RecursionError):
        return False
