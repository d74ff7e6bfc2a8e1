"""Headers of every answer, and bounds on what a request may bring."""

import asyncio
import re

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from calferry.web.problems import problem_response

URL_LENGTH_MAX = 8_192
SYNC_URL_LENGTH_MAX = 2_000_000
HEADERS_SIZE_MAX = 32_768
BODY_SIZE_MAX = 65_536
EVENT_BODY_SIZE_MAX = 2 * 1_048_576
"""An event may bring a thousand guests."""
EVENTS_PATH = re.compile(r"/calendar/calendars/[^/]+/events(/[^/]+)?")
BODY_PART_WITHIN_S = 15.0
"""The rest of a body may take this long after the part before it."""
BODY_WITHIN_S = 60.0
"""All of a body may take this long."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    b"content-security-policy": CONTENT_SECURITY_POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
}
HTTPS_HEADERS = {b"strict-transport-security": b"max-age=31536000"}


def safe_headers(*, is_https: bool) -> dict[bytes, bytes]:
    """The headers that every answer carries."""
    return HEADERS | (HTTPS_HEADERS if is_https else {})


class SecurityHeaders:
    """Adds the headers that an answer does not bring itself. Static files are kept by browsers and asked about each
    time; whatever else says nothing of caching is not stored."""

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        self.app = app
        self.headers = safe_headers(is_https=is_https)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                added = [(name, value) for name, value in self.headers.items() if name not in given]
                if b"cache-control" not in given:
                    is_static = scope["path"].startswith("/static/")
                    added.append((b"cache-control", b"no-cache" if is_static else b"no-store"))
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        await self.app(scope, receive, send_with_headers)


class RequestBounds:
    """Refuses overlong addresses, headers and bodies, and requests without a host. `always_answered` paths never refuse: they read none of them."""

    def __init__(self, app: ASGIApp, *, always_answered: frozenset[str]) -> None:
        self.app = app
        self.always_answered = always_answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self.always_answered:
            await self.app(scope, receive, send)
            return
        refusal = refuse(scope)
        if refusal is not None:
            status, code, detail = refusal
            await problem_response(status, code, detail)(scope, receive, send)
            return
        await self.app(scope, bounded(receive, body_size_max(scope["path"])), send)


def refuse(scope: Scope) -> tuple[int, str, str] | None:
    """Status, code and detail for a request that brings too much, or no host; None for one that does not."""
    length_max = SYNC_URL_LENGTH_MAX if scope["path"] == "/calendar/sync" else URL_LENGTH_MAX
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > length_max:
        return 414, "address_too_long", "The address of the request is too long."
    if sum(len(name) + len(value) for name, value in scope["headers"]) > HEADERS_SIZE_MAX:
        return 431, "headers_too_large", "The headers of the request are too large."
    hosts = sum(name == b"host" for name, _ in scope["headers"])
    if hosts > 1 or (hosts == 0 and scope["http_version"] == "1.1"):
        return 400, "host_missing", "The request has to name its host, once (RFC 9112, section 3.2)."
    announced = dict(scope["headers"]).get(b"content-length", b"0")
    if len(announced) > 9 or not announced.isdigit() or int(announced) > body_size_max(scope["path"]):
        return 413, "body_too_large", "The body of the request is too large."
    return None


def body_size_max(path: str) -> int:
    return EVENT_BODY_SIZE_MAX if EVENTS_PATH.fullmatch(path) else BODY_SIZE_MAX


def bounded(receive: Receive, size_max: int) -> Receive:
    """A `receive` that stops reading a body that does not come, or one without an announced length at the bound."""
    size, is_whole = 0, False
    ends_at: float | None = None

    async def receive_within_bounds() -> Message:
        nonlocal size, is_whole, ends_at
        now = asyncio.get_running_loop().time()
        ends_at = ends_at or now + BODY_WITHIN_S
        try:
            async with asyncio.timeout(None if is_whole else min(BODY_PART_WITHIN_S, ends_at - now)):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408) from None
        is_whole = not message.get("more_body", False)
        size += len(message.get("body", b""))
        if size > size_max:
            raise HTTPException(413)
        return message

    return receive_within_bounds
