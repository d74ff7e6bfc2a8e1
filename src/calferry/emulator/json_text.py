"""JSON as Google prints it: one space per level, or none at all, and text in UTF-8."""

import json
from typing import Any

import msgspec

COMPACT = 0
BACKEND_INDENT = 1
FRONT_END_INDENT = 2


def dump(value: Any, indent: int = COMPACT) -> bytes:
    """`value` as UTF-8 JSON; lone surrogates stay escapes, because UTF-8 has no place for them."""
    try:
        text = msgspec.json.encode(value)
    except (UnicodeEncodeError, OverflowError):
        separators = None if indent else (",", ":")
        return json.dumps(value, indent=indent or None, separators=separators).encode()
    return msgspec.json.format(text, indent=indent) if indent else text


def list_page(envelope: dict[str, Any], items: list[bytes], indent: int = COMPACT) -> bytes:
    """The envelope with `items` as its last key; each item is already JSON of the same indent."""
    head = dump(envelope, indent)
    if not indent:
        comma = b"," if envelope else b""
        return b"".join((head[:-1], comma, b'"items":[', b",".join(items), b"]}"))
    pad = b"\n" + b" " * indent
    body = b",".join(pad + b" " * indent + nested(item, 2 * indent) for item in items)
    tail = pad + b"]\n}" if items else b"]\n}"
    return b"".join((head[:-2], b"," + pad + b'"items": [', body, tail))


def nested(item: bytes, spaces: int) -> bytes:
    """An item moved to the right, all lines but its first."""
    return item.replace(b"\n", b"\n" + b" " * spaces)
