"""Every route of the application, as it says itself, with something in place of each parameter."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.routing import Mount, Route

CLOSED = frozenset({"/metrics"})
"""Answers 503 to everybody until it is configured, as it is not here."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


@dataclass(frozen=True)
class Address:
    """A path with its parameters in braces, and the methods it takes."""

    path: str
    methods: frozenset[str]

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)

    def filled(self, values: dict[str, str], otherwise: str = "none_such") -> str:
        return re.sub(r"{(\w+)}", lambda found: values.get(found[1], otherwise), self.path)


@dataclass(frozen=True)
class Answer:
    """As much of it as comes by itself: of a stream without an end, its beginning."""

    status: int
    headers: httpx.Headers
    text: str


def ask(http: httpx.Client, request: httpx.Request) -> Answer:
    answer = http.send(request, stream=True, follow_redirects=False)
    try:
        is_endless = answer.headers.get("content-type", "").startswith("text/event-stream")
        text = next(answer.iter_text(), "") if is_endless else answer.read().decode()
        return Answer(answer.status_code, answer.headers, text)
    finally:
        answer.close()


def addresses(app: Any) -> list[Address]:
    """Raises for a kind of route that is not known here, so that none is passed by."""
    found: dict[str, frozenset[str]] = {}
    for path, methods in walked(app.routes):
        found[path] = found.get(path, frozenset()) | methods
    return [Address(path, methods) for path, methods in sorted(found.items())]


def walked(routes: Any, prefix: str = "") -> Iterator[tuple[str, frozenset[str]]]:
    for route in routes:
        if isinstance(route, Mount):
            yield f"{prefix}{route.path}/calferry.css", frozenset({"GET", "HEAD"})
        elif isinstance(route, Route) or hasattr(route, "methods"):
            yield prefix + route.path, frozenset(route.methods or ())
        elif hasattr(route, "original_router"):
            yield from walked(route.original_router.routes, prefix)
        else:
            raise AssertionError(f"{route!r} is a route of an unknown kind")
