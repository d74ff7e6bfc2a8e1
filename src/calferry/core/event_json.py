"""An event's JSON as a mapping."""

from typing import Any

import msgspec

Json = dict[str, Any]


def parsed(raw: str | bytes | None) -> Json:
    """The fields; none for no text, or JSON that is no object. Raises `msgspec.DecodeError`."""
    found = msgspec.json.decode(raw) if raw else None
    return found if isinstance(found, dict) else {}


def etag_of(raw: str) -> str | None:
    """The version that the event says it is, where that can be a header's value."""
    etag = parsed(raw).get("etag")
    return etag if isinstance(etag, str) and etag.isascii() and etag.isprintable() else None
