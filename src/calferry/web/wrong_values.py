"""What is wrong with a value of a request, in words of our own: the validator's speak of its types and classes."""

from collections.abc import Mapping
from typing import Any

BY_TYPE = {
    "bool_type": "it has to be true or false, without quotes",
    "bool_parsing": "it has to be true or false",
    "string_type": "it has to be text",
    "string_unicode": "it has to be text",
    "string_too_short": "it is blank or too short",
    "string_too_long": "it may be {max_length} characters long at most",
    "string_pattern_mismatch": "it holds characters that may not stand there",
    "literal_error": "it has to be {expected}",
    "greater_than_equal": "it has to be {ge} at least",
    "model_type": "it has to be an object",
    "model_attributes_type": "it has to be an object",
    "dict_type": "it has to be an object",
    "value_error": "{error}",
}


def reason(error: Mapping[str, Any]) -> str:
    """`error` is one of pydantic's. Never repeats the value."""
    kind = str(error["type"])
    if kind.startswith("int_"):
        return "it has to be a whole number"
    return BY_TYPE.get(kind, "it has the wrong form").format_map(error.get("ctx") or {})
