"""The two values that cross the emulator's edge: a request as received, a response as it shall be sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: `path` still percent-encoded, `query` without the question mark, header names in
    any case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @staticmethod
    def of(method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> "Request":
        """The request that a client sends when it asks for `url` (absolute or from the root)."""
        parts = urlsplit(url)
        return Request(method, parts.path or "/", parts.query, dict(headers or {}), body)


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response.

    `delay_s` is how long the shell waits before it sends anything. `fault` is what it does instead of
    sending all of it: `reset` drops the connection without an answer, `cut` declares the whole length,
    sends half and drops the connection. Empty: send it.
    """

    status: int
    headers: dict[str, str]
    body: bytes = b""
    fault: str = ""
    delay_s: float = 0.0
