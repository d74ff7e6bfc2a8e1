"""Batches: many requests in one, each with an answer of its own."""

import re
from collections.abc import Mapping
from email.message import Message
from http.client import responses

from calferry.emulator import access, errors, json_text
from calferry.emulator.call import Answer, Call, Route
from calferry.emulator.wire import Request, Response
from calferry.emulator.world.dice import URL_SAFE, word

PATH = "/batch/calendar/v3"
PARTS_MAX = 1000
API = "/calendar/v3/"
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_NOT_INHERITED = ("accept-encoding", "host", "user-agent", "x-http-method-override")


class BadPart(ValueError):
    """A part that is no HTTP request."""


def batch(call: Call) -> Answer:
    """Answers every part in order. Refuses a body that is no multipart, and a token that is none, as a whole.

    Without a token of its own the batch leaves it to every part to bring one.
    """
    text = access.bearer_text(call)
    if text and access.token_of(call, text) is None:
        raise errors.invalid_credentials()
    parts = _parts(call.request)
    if not 1 <= len(parts) <= PARTS_MAX:
        raise errors.bad_request(f"The batch request must contain between 1 and {PARTS_MAX} calls.")
    boundary = f"batch_{word(call.world.dice, URL_SAFE, 32)}"
    before = call.world.log.last
    answers = [_answered(call, part, before) for part in parts]
    lines = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), answer) for answer in answers)
    content = lines + f"--{boundary}--\r\n".encode()
    return Answer(content, content_type=f"multipart/mixed; boundary={boundary}")


def _parts(request: Request) -> list[bytes]:
    """The bytes between the boundary lines, whose ends may be LF or CRLF."""
    header = Message()
    header["Content-Type"] = request.headers.get("content-type", "")
    boundary = header.get_param("boundary")
    if header.get_content_maintype() != "multipart" or not isinstance(boundary, str) or not boundary:
        raise errors.bad_request("Failed to parse batch request, error: missing boundary.")
    delimiter = re.escape(b"--" + boundary.encode("utf-8", "replace"))
    pieces = re.split(rb"(?:\A|\r?\n)" + delimiter + rb"(--)?[ \t]*(?=\r?\n|\Z)", request.body)
    if "--" not in [piece.decode() for piece in pieces[1::2] if piece]:
        raise errors.bad_request("Failed to parse batch request, error: missing final boundary.")
    last = next(place for place, piece in enumerate(pieces[1::2]) if piece)
    return [re.sub(rb"\A\r?\n", b"", piece) for piece in pieces[2 : 2 * last + 1 : 2]]


def _answered(call: Call, part: bytes, before: int) -> bytes:
    head, body = _cut(part)
    names = _headers(head)
    try:
        response = _carried_out(call, _request(call.request, body), before)
    except BadPart:
        response = _failure(errors.bad_request())
    content_id = names.get("content-id", "")
    return _part_text(content_id, response)


def _cut(text: bytes) -> tuple[bytes, bytes]:
    """What stands before and after the first blank line; a part may begin with one."""
    if text.startswith((b"\n", b"\r\n")):
        return b"", text.lstrip(b"\r\n")
    head, *rest = _BLANK_LINE.split(text, maxsplit=1)
    return head, rest[0] if rest else b""


def _headers(text: bytes) -> dict[str, str]:
    pairs = (line.partition(":") for line in text.decode("utf-8", "replace").splitlines())
    return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}


def _request(outer: Request, text: bytes) -> Request:
    """The request inside a part, with the outer headers that its own do not replace."""
    head, body = _cut(text.lstrip(b"\r\n"))
    first, _, rest = head.partition(b"\n")
    words = first.decode("utf-8", "replace").split()
    if len(words) not in (2, 3) or not words[0].isalpha():
        raise BadPart(words)
    try:
        return Request.of(words[0].upper(), words[1], _inherited(outer.headers) | _headers(rest), body)
    except ValueError as error:
        raise BadPart(words) from error


def _inherited(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in headers.items()
        if not name.startswith("content-") and name not in _NOT_INHERITED
    }


def _carried_out(call: Call, request: Request, before: int) -> Response:
    if not request.path.startswith(API):
        return _failure(errors.not_found())
    headers = {name: value for name, value in request.headers.items() if name != "accept-encoding"}
    inner = Request(request.method, request.path, request.query, headers, request.body)
    response = call.backstage.handle(inner, before)
    if response.fault:
        return _failure(errors.Refused(503, "global", "backendError", "Backend Error"))
    return response


def _failure(refused: errors.Refused) -> Response:
    body = json_text.dump(refused.body(), json_text.BACKEND_INDENT) + b"\n"
    headers = {"Content-Type": "application/json; charset=UTF-8", "Content-Length": str(len(body))}
    return Response(refused.code, headers, body)


def _part_text(content_id: str, response: Response) -> bytes:
    named = f"Content-ID: {_answer_id(content_id)}\r\n" if content_id else ""
    status = f"HTTP/1.1 {response.status} {responses.get(response.status, '')}\r\n"
    headers = "".join(f"{name}: {value}\r\n" for name, value in response.headers.items())
    head = f"Content-Type: application/http\r\n{named}\r\n{status}{headers}\r\n"
    return head.encode("utf-8", "replace") + response.body


def _answer_id(content_id: str) -> str:
    if content_id.startswith("<"):
        return f"<response-{content_id[1:]}"
    return f"response-{content_id}"


ROUTES = (Route("POST", PATH, "batch", batch, floor="open"),)
