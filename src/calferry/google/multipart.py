"""Batches on the wire: many requests in one body, many answers in another. Pure.

/workspace/calendar/api/guides/batch on Google's site.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from itertools import pairwise

from calferry.google.errors import GoogleError, ProtocolViolation
from calferry.google.wire import BODY_BYTES_MAX, WireResponse, receive

BLANK_LINE = re.compile(rb"\r?\n\r?\n")
STATUS_LINE = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})(?=[ \r\n]|\Z)[^\r\n]*")


@dataclass(frozen=True, slots=True)
class PartRequest:
    """One request of a batch. part_id: unique in it, printable, without angle brackets. target: path and query."""

    part_id: str
    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


def write_batch(parts: Sequence[PartRequest]) -> tuple[str, bytes]:
    """(Content-Type, body) of a batch."""
    texts = [_part_text(part) for part in parts]
    boundary = _boundary_outside(texts)
    opened = b"".join(b"--%s\r\n%s\r\n" % (boundary, text) for text in texts)
    return f"multipart/mixed; boundary={boundary.decode()}", opened + b"--%s--\r\n" % boundary


def _part_text(part: PartRequest) -> bytes:
    headers = dict(part.headers)
    if part.body is not None:
        headers["Content-Length"] = str(len(part.body))
    head = [
        "Content-Type: application/http",
        f"Content-ID: <{part.part_id}>",
        "",
        f"{part.method} {part.target} HTTP/1.1",
        *(f"{name}: {value}" for name, value in headers.items()),
        "",
        "",
    ]
    return "\r\n".join(head).encode() + (part.body or b"")


def _boundary_outside(texts: Sequence[bytes]) -> bytes:
    """A boundary that stands in none of the texts."""
    number = 0
    while any(b"batch_%d" % number in text for text in texts):
        number += 1
    return b"batch_%d" % number


def read_batch(content_type: str, body: bytes) -> dict[str, WireResponse | GoogleError]:
    """The answer of each part by the id of its request; an unreadable one is the error that it is.

    Parts without a usable id are left out, and so is one that is cut short at the end of the body. Raises
    ProtocolViolation for what is no batch at all.
    """
    boundary = _boundary_of(content_type)
    answers: dict[str, WireResponse | GoogleError] = {}
    for part in _parts(body, boundary):
        head, inner = _cut(part)
        part_id = _part_id(_headers(head).get("content-id", ""))
        if part_id in answers:
            answers[part_id] = ProtocolViolation("two answers to one part of a batch", reason="batch")
        elif part_id:
            answers[part_id] = _answer(inner)
    return answers


def _boundary_of(content_type: str) -> bytes:
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_param("boundary")
    if header.get_content_maintype() != "multipart" or not isinstance(boundary, str) or not boundary:
        raise ProtocolViolation("the answer to a batch is no multipart", reason="batch")
    return boundary.encode("utf-8", "replace")


def _parts(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """What stands between two boundary lines; the last one without an end is not whole."""
    line = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(?:--)?[ \t]*(?=\r?\n|\Z)")
    ends = list(line.finditer(body))
    for opened, closed in pairwise(ends):
        yield re.sub(rb"\A\r?\n", b"", body[opened.end() : closed.start()])


def _cut(text: bytes) -> tuple[bytes, bytes]:
    """What stands before and after the first blank line."""
    head, *rest = BLANK_LINE.split(text, maxsplit=1)
    return head, rest[0] if rest else b""


def _headers(text: bytes) -> dict[str, str]:
    pairs = (line.partition(":") for line in text.decode("utf-8", "replace").splitlines())
    return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}


def _part_id(content_id: str) -> str:
    return content_id.strip("<>").removeprefix("response-")


def _answer(text: bytes) -> WireResponse | GoogleError:
    status = STATUS_LINE.match(text)
    if status is None:
        return ProtocolViolation("a part of a batch is no HTTP answer", reason="batch")
    head, body = _cut(text[status.end() :])
    headers = _headers(head)
    headers.pop(
        "content-length", None
    )  # the boundary tells where it ends, and may have taken a line end with it
    try:
        return receive(int(status[1]), headers, body, BODY_BYTES_MAX)
    except GoogleError as error:
        return error
