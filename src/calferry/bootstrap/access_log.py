"""Around every request: a name for it in the log, one line when it has been answered, a count and a span."""

import logging
import time
from random import Random

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, unbind_contextvars

from calferry.bootstrap.observer import Watch
from calferry.web.webhook import PATHS

ASKED_OFTEN = frozenset({"/healthz", "/readyz", "/metrics", *PATHS})
"""Logged as details only: something asks for them every few seconds, and notifications come in thousands."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NAMES = Random()
"""Names are no secrets, and this asks the system for nothing: every system call lets another thread in."""
PATH_LENGTH_MAX = 200
SECRET_PART = "{secret}"  # noqa: S105 - a part of an address that is one
UNANSWERED = 499

STANDARD = logging.getLogger(__name__)
log = structlog.get_logger(__name__)


class AccessLog:
    """ASGI around the application. The query is never logged: it may hold a code or an id of a stream."""

    def __init__(self, app: ASGIApp, watch: Watch) -> None:
        self._app = app
        self._watch = watch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name, began, status = f"req_{NAMES.getrandbits(64):016x}", time.perf_counter(), UNANSWERED

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], (b"x-request-id", name.encode())]}
            await send(message)

        bind_contextvars(request=name)
        method = scope["method"] if scope["method"] in METHODS else "other"
        spanned = self._watch.spans.span(
            f"HTTP {method}", {"http.request.method": method}, trace_headers(scope)
        )
        try:
            with spanned as span:
                try:
                    await self._app(scope, receive, noting)
                finally:
                    route = route_of(scope)
                    span.set("http.route", route)
                    span.set("http.response.status_code", status)
                    self._watch.figures.answered(method, route, status)
                    note(scope, route, status, time.perf_counter() - began)
        finally:
            unbind_contextvars("request")


def note(scope: Scope, route: str, status: int, seconds: float) -> None:
    level = logging.DEBUG if route in ASKED_OFTEN else logging.INFO
    if not STANDARD.isEnabledFor(level):
        return
    path = route if SECRET_PART in route else scope["path"][:PATH_LENGTH_MAX]
    log.log(level, "request", method=scope["method"], path=path, status=status, ms=round(seconds * 1000, 1))


def route_of(scope: Scope) -> str:
    """The route's pattern: there are few of them, and no id stands in one."""
    if scope["path"] in PATHS:
        return str(scope["path"])
    return getattr(scope.get("route"), "path", None) or "other"


def trace_headers(scope: Scope) -> dict[str, str]:
    return {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in scope["headers"]
        if name in (b"traceparent", b"tracestate")
    }
