"""Google's own inventory of the Calendar API: methods, parameters, scopes and schemas."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

Json = dict[str, Any]


@cache
def document() -> Json:
    """The discovery document as Google publishes it, without prose. Not to be changed in place."""
    text = files(__package__).joinpath("calendar.v3.json").read_text("utf-8")
    found: Json = json.loads(text)
    return found


@cache
def methods() -> dict[str, Json]:
    """Every method by its name: `events.list` to its part of the document."""
    found: dict[str, Json] = {}
    for name, resource in document()["resources"].items():
        for method, described in resource["methods"].items():
            found[f"{name}.{method}"] = described
    return found


@cache
def query_parameters(method: str) -> dict[str, Json]:
    """The declared query parameters of a method and those that every method takes."""
    own = methods().get(method, {}).get("parameters", {})
    named = {name: each for name, each in own.items() if each["location"] == "query"}
    return {**document()["parameters"], **named}


def served_from(origin: str) -> Json:
    """The document with another root in place of Google's own."""
    found = document()
    root = f"{origin.rstrip('/')}/"
    places = {"rootUrl": root, "baseUrl": root + found["servicePath"], "mtlsRootUrl": root}
    return {**found, **{key: value for key, value in places.items() if key in found}}
