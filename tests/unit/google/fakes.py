"""A clock that is moved, dice that are known, a transport that follows a script."""

import gzip
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from calferry.google import GoogleError, WireRequest, WireResponse

Answer = WireResponse | Exception


@dataclass
class FakeClock:
    """Sleeping moves it and takes no time."""

    at: float = 1_800_000_000.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


@dataclass(frozen=True)
class FixedDice:
    """Always the same share of the range."""

    share: float = 0.5

    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) * self.share


@dataclass
class ScriptedTransport:
    """Answers in the order of the script; the last answer is repeated for ever."""

    script: list[Answer]
    requests: list[WireRequest] = field(default_factory=list)
    on_send: Callable[[WireRequest], None] | None = None

    async def send(self, request: WireRequest) -> WireResponse:
        self.requests.append(request)
        if self.on_send is not None:
            self.on_send(request)
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Tokens:
    """A source that renews as often as asked."""

    current: str = "ya29.first"
    renewals: list[str] = field(default_factory=list)
    failure: GoogleError | None = None

    async def access_token(self) -> str:
        return self.current

    async def refreshed(self, stale: str) -> str:
        self.renewals.append(stale)
        if self.failure is not None:
            raise self.failure
        self.current = f"ya29.renewed{len(self.renewals)}"
        return self.current


def answer(status: int = 200, body: object = None, **headers: str) -> WireResponse:
    """A response; body: bytes as they are, anything else as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return WireResponse(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


def refusal(status: int, reason: str, message: str = "", **headers: str) -> WireResponse:
    """An error in the Calendar backend's envelope."""
    item = {"domain": "global", "reason": reason, "message": message}
    return answer(
        status, {"error": {"errors": [item], "code": status, "message": message or reason}}, **headers
    )


def front_end_refusal(status: int, reason: str, detail: str, message: str = "") -> bytes:
    """The body of an error in the front end's envelope."""
    error = {
        "code": status,
        "message": message,
        "errors": [{"message": message, "domain": "global", "reason": reason}] if reason else [],
        "status": "PERMISSION_DENIED",
        "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": detail}],
    }
    return json.dumps({"error": error}, indent=2).encode()


def events_body(items: Iterable[object] = (), **envelope: object) -> bytes:
    """A page of events; a bytes item is put in as it is."""
    parts = [item if isinstance(item, bytes) else json.dumps(item).encode() for item in items]
    head = json.dumps({"kind": "calendar#events", "summary": "Work", "timeZone": "UTC", **envelope})
    return head[:-1].encode() + b',"items":[' + b",".join(parts) + b"]}"


def zipped(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)
