"""Server-sent events, as the WHATWG grammar has them (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

import re

LINE_BREAK = re.compile(r"\r\n|\r|\n")
WORD = re.compile(r"[a-z_]+")
FRAME_ID = re.compile(r"[A-Za-z0-9_.:-]+")

HEADERS = (
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache"),
    (b"connection", b"keep-alive"),
    (b"x-accel-buffering", b"no"),
)
COMMENT = b": keep-alive\n\n"


def frame(event: str, data: str, frame_id: str, *, retry_ms: int | None = None) -> bytes:
    """One frame: `data` may hold line breaks, the other fields may not. Raises ValueError for a bad word or id."""
    if not WORD.fullmatch(event) or not FRAME_ID.fullmatch(frame_id):
        raise ValueError("an event's name or id would break the stream")
    lines = [f"retry: {retry_ms}"] if retry_ms is not None else []
    lines += [f"id: {frame_id}", f"event: {event}"]
    lines += [f"data: {line}" for line in LINE_BREAK.split(data)]
    return ("\n".join(lines) + "\n\n").encode("utf-8", "replace")
