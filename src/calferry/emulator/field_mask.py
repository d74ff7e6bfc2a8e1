"""Partial responses: the `fields` parameter."""

import re
from typing import Any

from calferry.emulator import errors

Mask = dict[str, "Mask"]
DEPTH_MAX = 50
_TOKEN = re.compile(r"[^,()/\s]+|[,()/]")


def parse(text: str) -> Mask:
    """A selection as nested dicts; an empty dict selects everything below. Refuses bad and very deep selections."""
    tokens = _TOKEN.findall(text)
    mask, place = _selection(tokens, 0, text, 0)
    if place != len(tokens):
        raise _bad(text)
    return mask


def _bad(text: str) -> errors.Refused:
    return errors.invalid_parameter("fields", f"Invalid field selection {text}")


def _selection(tokens: list[str], place: int, text: str, depth: int) -> tuple[Mask, int]:
    mask: Mask = {}
    while True:
        place = _path(tokens, place, mask, text, depth)
        if place < len(tokens) and tokens[place] == ",":
            place += 1
            continue
        return mask, place


def _path(tokens: list[str], place: int, mask: Mask, text: str, depth: int) -> int:
    if place >= len(tokens) or tokens[place] in ",()/" or depth > DEPTH_MAX:
        raise _bad(text)
    known = tokens[place] in mask
    below = mask.setdefault(tokens[place], {})
    place += 1
    following = tokens[place] if place < len(tokens) else ""
    if following == "/":
        return _path(tokens, place + 1, below, text, depth + 1)
    if following == "(":
        inner, place = _selection(tokens, place + 1, text, depth + 1)
        if place >= len(tokens) or tokens[place] != ")":
            raise _bad(text)
        below.update(inner)
        return place + 1
    if known:
        below.clear()
    return place


def apply(value: Any, mask: Mask) -> Any:
    """The selected part of `value`; arrays are transparent and missing fields stay missing."""
    if isinstance(value, list):
        return [apply(item, mask) for item in value]
    if not mask or not isinstance(value, dict):
        return value
    star = mask.get("*")
    found = {}
    for key, inner in value.items():
        chosen = mask.get(key, star)
        if chosen is not None:
            found[key] = apply(inner, chosen)
    return found
