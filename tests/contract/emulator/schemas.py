"""Answers held against the schemas of Google's discovery document."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from googleapiclient.http import HttpRequest

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


def check(method_id: str, answer: Any) -> None:
    """Fails if an answer is not what the method promises."""
    promised = METHODS[method_id].get("response")
    if promised is None:
        assert answer in ("", None), f"{method_id} answers nothing, not {answer!r}"
        return
    assert list(complaints(answer, promised, method_id)) == []
    if "kind" in SCHEMAS[promised["$ref"]].get("properties", {}):
        assert answer["kind"] == SCHEMAS[promised["$ref"]]["properties"]["kind"].get(
            "default", answer["kind"]
        )


class CheckedRequest(HttpRequest):
    """A request of Google's client that looks at every answer, in a batch too."""

    def __init__(self, http: Any, postproc: Callable[..., Any], uri: str, *args: Any, **kwargs: Any) -> None:
        method_id = kwargs["methodId"]

        def checked(response: Any, content: Any) -> Any:
            answer = postproc(response, content)
            if "fields=" not in uri:
                check(method_id, answer)
            return answer

        super().__init__(http, checked, uri, *args, **kwargs)
