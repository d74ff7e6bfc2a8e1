"""From an answer to the bytes and headers of a response."""

from email.utils import formatdate

from isal import igzip

from calferry.emulator import field_mask, json_text
from calferry.emulator.call import Answer, Call, Page
from calferry.emulator.errors import Refused
from calferry.emulator.query import Query
from calferry.emulator.wire import Request, Response

JSON_TYPE = "application/json; charset=UTF-8"
GZIP_LEVEL = 1
NO_STORE = {
    "Cache-Control": "no-cache, no-store, max-age=0, must-revalidate",
    "Pragma": "no-cache",
    "Expires": "Mon, 01 Jan 1990 00:00:00 GMT",
}
EXPOSED = "Content-Encoding, Content-Length, Date, ETag, Retry-After, Server, Vary, WWW-Authenticate"
FRAME = {
    "Vary": "Origin, X-Origin, Referer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "X-XSS-Protection": "0",
    "Server": "ESF",
}


def finished(call: Call, answer: Answer) -> Response:
    """The response to a request that was not refused."""
    body = _body(answer, call.query)
    headers = {"Content-Type": answer.content_type} if body else {}
    headers |= _caching(call) | FRAME | _shared_with(call.request) | answer.headers
    body, coding = _encoded(call, body)
    return Response(answer.status, headers | coding | {"Content-Length": str(len(body))}, body)


def refusal(call: Call, refused: Refused) -> Response:
    """The response that carries a refusal; the front end's errors ignore `prettyPrint=false`."""
    indent = json_text.FRONT_END_INDENT if refused.front_end else _indent(call.query)
    body = json_text.dump(refused.body(), indent) + b"\n"
    headers = {"Content-Type": JSON_TYPE} | NO_STORE | {"Date": _date(call)} | FRAME
    headers |= _shared_with(call.request) | refused.headers
    body, coding = _encoded(call, body)
    return Response(refused.code, headers | coding | {"Content-Length": str(len(body))}, body)


def preflight(request: Request) -> Response:
    """What a browser is told that asks whether a page of another origin may send a request."""
    asked = {
        "Access-Control-Allow-Methods": request.headers.get("access-control-request-method", "GET"),
        "Access-Control-Allow-Headers": request.headers.get("access-control-request-headers", ""),
        "Access-Control-Max-Age": "3600",
        "Content-Length": "0",
    }
    return Response(200, {**asked, **FRAME, **_shared_with(request)})


def _shared_with(request: Request) -> dict[str, str]:
    """Lets pages of any origin read the answer, as Google does for its APIs."""
    origin = request.headers.get("origin")
    if not origin:
        return {}
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": EXPOSED}


def _body(answer: Answer, query: Query) -> bytes:
    indent = _indent(query) if answer.indent is None else answer.indent
    content = answer.body
    if content is None:
        return b""
    if isinstance(content, bytes):
        return content
    if query.text("fields"):
        mask = field_mask.parse(query.text("fields"))
        return json_text.dump(field_mask.apply(answer.resource(), mask), indent)
    if isinstance(content, Page):
        return content.json(indent)
    return json_text.dump(content, indent)


def _indent(query: Query) -> int:
    compact = query.text("prettyPrint").lower() in ("false", "0")
    return json_text.COMPACT if compact else json_text.BACKEND_INDENT


def _caching(call: Call) -> dict[str, str]:
    date = _date(call)
    if call.request.method != "GET":
        return {**NO_STORE, "Date": date}
    private = "private, max-age=0, must-revalidate, no-transform"
    return {"Cache-Control": private, "Expires": date, "Date": date}


def _date(call: Call) -> str:
    return formatdate(call.now, usegmt=True)


def takes_gzip(call: Call) -> bool:
    """Google compresses only for clients that say gzip in Accept-Encoding and in User-Agent."""
    return "gzip" in call.header("accept-encoding").lower() and "gzip" in call.header("user-agent").lower()


def _encoded(call: Call, body: bytes) -> tuple[bytes, dict[str, str]]:
    if not body or not takes_gzip(call):
        return body, {}
    return gzipped(body), {"Content-Encoding": "gzip"}


def gzipped(body: bytes) -> bytes:
    return bytes(igzip.compress(body, GZIP_LEVEL, mtime=0))
