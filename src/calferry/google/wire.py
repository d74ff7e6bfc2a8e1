"""Requests and answers as values, and how bytes off the wire become a body. Pure.

HTTP libraries accept a gzip stream that is cut short or lacks its checksum, and inflate any bomb. This does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Protocol, cast

from isal import isal_zlib

from calferry.google.errors import ProtocolViolation, ResponseTooLarge, Unreachable

BODY_BYTES_MAX = 32 * 2**20
INFLATED_AT_ONCE = 32 * 1024
TIMEOUT_S = 30.0
# Google compresses only for a user agent that says gzip.
USER_AGENT = "calferry (gzip)"
GZIP_WBITS = 31
GZIP_ERROR = cast("type[Exception]", isal_zlib.IsalError)


@dataclass(frozen=True, slots=True)
class WireRequest:
    """One HTTP request. Headers, query and body may hold secrets and stay out of the repr. name: Google's name of the
    method, for whoever counts."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    timeout_s: float = TIMEOUT_S
    max_body_bytes: int = BODY_BYTES_MAX
    name: str = ""

    def __repr__(self) -> str:
        return f"WireRequest({self.method} {self.url.partition('?')[0]})"


@dataclass(frozen=True, slots=True)
class WireResponse:
    """One HTTP answer: header names in lower case, body decoded."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Transport(Protocol):
    async def send(self, request: WireRequest) -> WireResponse:
        """Send once, follow nothing. Raises Unreachable or ProtocolViolation."""
        ...


def receive(status: int, headers: Mapping[str, str], raw: bytes, cap: int) -> WireResponse:
    """An answer from what arrived. headers: names in any case; raw: body as transferred; cap: bytes.

    Raises Unreachable (cut short), ProtocolViolation or ResponseTooLarge. The body of an error status may be
    anything: one that cannot be decoded is empty.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    is_success = 200 <= status < 300
    if is_success:
        _require_whole(lowered, raw)
    try:
        return WireResponse(status, lowered, decode_body(lowered, raw, cap))
    except ProtocolViolation:
        if is_success:
            raise
        return WireResponse(status, lowered, b"")


def _require_whole(headers: Mapping[str, str], raw: bytes) -> None:
    announced = headers.get("content-length", "")
    if announced.isdecimal() and len(announced) < 20 and int(announced) != len(raw):
        raise Unreachable(f"body of {len(raw)} bytes where {announced} were announced", kind="truncated")


def decode_body(headers: Mapping[str, str], raw: bytes, cap: int) -> bytes:
    """The plain body. headers: lower-case names; cap: most bytes allowed, compressed and inflated alike."""
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if len(raw) > cap:
        raise ResponseTooLarge(f"body is larger than {cap} bytes")
    if encoding in ("identity", ""):
        return raw
    if encoding not in ("gzip", "x-gzip"):
        raise ProtocolViolation("body in an encoding that was not asked for", reason="contentEncoding")
    return gunzip(raw, cap) if raw else b""


def gunzip(raw: bytes, cap: int) -> bytes:
    """Inflate whole gzip members, checksums verified, at most `cap` bytes in all."""
    body = BytesIO()
    view, start = memoryview(raw), 0
    while start < len(raw):
        start = _inflate_member(view, start, body, cap)
    return body.getvalue()


def _inflate_member(raw: memoryview, start: int, body: BytesIO, cap: int) -> int:
    """Append what the member at `start` holds, and return where the next one starts.

    In pieces: an inflater that grows one large answer copies it again and again.
    """
    inflater = isal_zlib.decompressobj(wbits=GZIP_WBITS)
    while not inflater.eof:
        piece = raw[start : start + INFLATED_AT_ONCE]
        if not piece:
            raise ProtocolViolation("gzip body is cut short", reason="gzip")
        try:
            body.write(inflater.decompress(piece, cap - body.tell() + 1))
        except GZIP_ERROR:
            raise ProtocolViolation("gzip body is damaged", reason="gzip") from None
        if body.tell() > cap:
            raise ResponseTooLarge("body is larger than allowed once inflated")
        start += len(piece)
    return start - len(inflater.unused_data)
