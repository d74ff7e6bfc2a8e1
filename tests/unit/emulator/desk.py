"""A local Google driven in process: no sockets, a clock that stands still until told otherwise."""

import json
import random
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from calferry.emulator import Emulator, Options, Request, Response

START = 1_795_000_000.0
ALICE = "alice@example.com"
BOB = "bob@example.com"
CALENDAR = "/calendar/v3/calendars"


@dataclass
class Answer:
    response: Response

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def json(self) -> Any:
        return json.loads(self.response.body)

    @property
    def reason(self) -> str:
        return str(self.json["error"]["errors"][0]["reason"])

    @property
    def message(self) -> str:
        return str(self.json["error"]["message"])


class Desk:
    """Somebody at the counter of the local Google."""

    def __init__(self, seeds: tuple[Any, ...] = (), auto: bool = False) -> None:
        self.now = START
        self.google = Emulator(lambda: self.now, random.Random(1), seeds, Options(auto=auto))
        self._tokens: dict[str, str] = {}

    def send(self, method: str, path: str, body: Any = None, headers: Any = None, **query: Any) -> Answer:
        text = urlencode(query, doseq=True)
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return Answer(self.google.handle(Request(method, path, text, headers or {}, raw)))

    def control(self, name: str, body: Any = None) -> Any:
        return self.send("GET" if body is None else "POST", f"/_emulator/{name}", body).json

    def token(self, email: str = ALICE, *scopes: str) -> str:
        asked = {"email": email} | ({"scopes": list(scopes)} if scopes else {})
        return str(self.control("tokens", asked)["access_token"])

    def api(self, method: str, path: str, body: Any = None, user: str = ALICE, **query: Any) -> Answer:
        if user not in self._tokens:
            self._tokens[user] = self.token(user)
        headers = {"Authorization": f"Bearer {self._tokens[user]}"} | query.pop("headers", {})
        return self.send(method, f"/calendar/v3/{path}", body, headers, **query)

    def forget_tokens(self) -> None:
        self._tokens.clear()

    def insert(self, calendar: str = "primary", user: str = ALICE, **fields: Any) -> Any:
        body = {**timed(), **fields}
        answer = self.api("POST", f"calendars/{quote(calendar)}/events", body, user)
        assert answer.status == 200, answer.json
        return answer.json

    def change(self, method: str, event_id: str, body: Any = None, **query: Any) -> Answer:
        return self.api(method, f"calendars/primary/events/{quote(event_id)}", body, **query)

    def events(self, calendar: str = "primary", **query: Any) -> Answer:
        return self.api("GET", f"calendars/{quote(calendar)}/events", **query)

    def all_events(self, calendar: str = "primary", **query: Any) -> tuple[list[Any], str | None]:
        """Every item of a listing, all pages, and its sync token."""
        items: list[Any] = []
        page: dict[str, Any] = {}
        while True:
            answer = self.events(calendar, **query, **page)
            assert answer.status == 200, answer.json
            items += answer.json["items"]
            if "nextPageToken" not in answer.json:
                return items, answer.json.get("nextSyncToken")
            assert "nextSyncToken" not in answer.json
            page = {"pageToken": answer.json["nextPageToken"]}


def timed(day: str = "2026-11-23", start: str = "10:00", end: str = "11:00") -> dict[str, Any]:
    zone = "Europe/Berlin"
    return {
        "summary": "Meeting",
        "start": {"dateTime": f"{day}T{start}:00", "timeZone": zone},
        "end": {"dateTime": f"{day}T{end}:00", "timeZone": zone},
    }
