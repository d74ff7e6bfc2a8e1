"""Answers held against the schemas of Google's discovery document."""

import re
from collections.abc import Iterator
from typing import Any

from scripts.inventory import shipped

DOCUMENT = shipped()
SCHEMAS: dict[str, Any] = DOCUMENT["schemas"]
FORMATS = {
    "date": re.compile(r"\d{4}-\d{2}-\d{2}\Z"),
    "date-time": re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{3})?(Z|[+-]\d{2}:\d{2})\Z"),
    "int64": re.compile(r"-?\d+\Z"),
}
TYPES = {"string": str, "boolean": bool, "integer": int, "array": list, "object": dict}
METHODS: dict[str, Any] = {
    method["id"]: method
    for resource in DOCUMENT["resources"].values()
    for method in resource["methods"].values()
}
TEXT = {"type": "string"}
# Errors are not in the discovery document.
ERROR: dict[str, Any] = {
    "type": "object",
    "properties": {
        "code": {"type": "integer"},
        "message": TEXT,
        "status": TEXT,
        "details": {"type": "array", "items": {"type": "any"}},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": dict.fromkeys(
                    ("domain", "reason", "message", "location", "locationType", "extendedHelp"), TEXT
                ),
            },
        },
    },
}


def complaints(value: Any, schema: Any, place: str = "answer") -> Iterator[str]:
    """What is wrong with a value: unknown properties, wrong types, wrong formats."""
    if "$ref" in schema:
        yield from complaints(value, SCHEMAS[schema["$ref"]], place)
        return
    kind = schema.get("type", "any")
    if kind == "any":
        return
    if not isinstance(value, TYPES[kind]) or (kind == "integer" and isinstance(value, bool)):
        yield f"{place} is {value!r}, not a {kind}"
        return
    if kind == "array":
        for number, each in enumerate(value):
            yield from complaints(each, schema["items"], f"{place}[{number}]")
    elif kind == "object":
        yield from _of_object(value, schema, place)
    elif kind == "string" and schema.get("format") in FORMATS and not FORMATS[schema["format"]].match(value):
        yield f"{place} is {value!r}, not a {schema['format']}"


def _of_object(value: Any, schema: Any, place: str) -> Iterator[str]:
    for key, inner in value.items():
        described = schema.get("properties", {}).get(key) or schema.get("additionalProperties")
        if described is None:
            yield f"{place} has the unknown property {key!r}"
        else:
            yield from complaints(inner, described, f"{place}.{key}")


def wrong_in_answer(method_id: str, answer: Any, is_partial: bool = False) -> Iterator[str]:
    """What is wrong with the decoded answer of a method such as `calendar.events.list`, None for an empty one.

    A partial answer, asked for with `fields`, need not say its kind.
    """
    promised = METHODS[method_id].get("response")
    if promised is None:
        if answer is not None:
            yield f"{method_id} answers nothing, not {answer!r}"
        return
    yield from complaints(answer, promised, method_id)
    kind = SCHEMAS[promised["$ref"]].get("properties", {}).get("kind", {}).get("default")
    if kind and isinstance(answer, dict) and answer.get("kind", kind if is_partial else None) != kind:
        yield f"{method_id}.kind is {answer.get('kind')!r}, not {kind!r}"


def wrong_in_error(status: int, answer: Any) -> Iterator[str]:
    """What is wrong with the decoded body of a refusal."""
    if not isinstance(answer, dict) or set(answer) != {"error"}:
        yield f"the body of a {status} is {answer!r}, not an error"
        return
    yield from complaints(answer["error"], ERROR, "error")
    missing = {"code", "message", "errors"} - set(answer["error"])
    if missing:
        yield f"the error lacks {sorted(missing)}"
    elif answer["error"]["code"] != status:
        yield f"error.code is {answer['error']['code']}, not the {status} of its answer"
