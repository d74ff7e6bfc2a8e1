"""Whole HTTP answers as bytes."""

import gzip
import json
from typing import Any

STATUS = {
    200: ("OK", ""),
    400: ("Bad Request", "badRequest"),
    404: ("Not Found", "notFound"),
    410: ("Gone", "fullSyncRequired"),
}
GZIP = b"Content-Encoding: gzip\r\n"
BREAK = b"\r\n\r\n"


def answer(status: int, body: bytes, *, gzipped: bool = False) -> bytes:
    head = (
        f"HTTP/1.1 {status} {STATUS[status][0]}\r\nContent-Type: application/json; charset=UTF-8\r\n"
        f"Vary: Origin, X-Origin, Referer\r\nContent-Length: {len(body)}\r\n"
    )
    return head.encode() + (GZIP if gzipped else b"") + b"\r\n" + body


def json_answer(fields: dict[str, Any]) -> bytes:
    return answer(200, json.dumps(fields, indent=1, ensure_ascii=False).encode())


def error_answer(status: int, message: str) -> bytes:
    domain = "calendar" if status == 410 else "global"
    errors = [{"domain": domain, "reason": STATUS[status][1], "message": message}]
    body = {"error": {"errors": errors, "code": status, "message": message}}
    return answer(status, json.dumps(body, indent=1).encode())


def without_gzip(ready: bytes) -> bytes:
    """Return a gzipped answer as a client gets it that did not ask for gzip."""
    head, _, body = ready.partition(BREAK)
    return answer(200, gzip.decompress(body)) if GZIP in head + b"\r\n" else ready
