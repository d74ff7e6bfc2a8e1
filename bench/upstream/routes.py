"""From a request line to a whole answer."""

import json
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from bench.upstream.answers import answer, error_answer, json_answer, without_gzip
from bench.upstream.calendar import PageForm, View
from bench.upstream.tokens import unseal
from bench.upstream.world import Calendar

API = "/calendar/v3/"
NOT_WITH_SYNC_TOKEN = {
    "iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin",
}  # fmt: skip
VERSION_VIEW: dict[object, View] = {0: "changes", 1: "unchanged"}
Query = dict[str, str]


class Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(slots=True)
class Upstream:
    calendars: dict[str, Calendar]
    latency_s: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)

    def respond(self, method: str, target: str, *, accepts_gzip: bool) -> tuple[bytes, float]:
        """Return the answer and the seconds to hold it back."""
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if parts.path.startswith("/bench/"):
            return self._control(parts.path.removeprefix("/bench/"), query), 0.0
        try:
            ready = self._api(method, parts.path, query)
        except Refused as refused:
            self._count("refused")
            ready = error_answer(refused.status, str(refused))
        return ready if accepts_gzip else without_gzip(ready), self.latency_s

    def _api(self, method: str, path: str, query: Query) -> bytes:
        if method == "POST" and path == "/token":
            return self._token()
        match path.removeprefix(API).split("/"):
            case ["calendars", calendar_id, "events"] if method == "GET":
                return self._events(unquote(calendar_id), query)
            case ["users", "me", "calendarList"] if method == "GET":
                return self._calendar_list()
        raise Refused(404, "Not Found")

    def _events(self, calendar_id: str, query: Query) -> bytes:
        calendar = self.calendars.get(calendar_id)
        if calendar is None:
            raise Refused(404, "Not Found")
        form = page_form(query)
        view, number = position(calendar_id, query, form)
        page = calendar.page(form, view, number)
        if page is None:
            raise Refused(400, "Invalid page token value.")
        self._count(view)
        return page

    def _calendar_list(self) -> bytes:
        self._count("calendar_list")
        items = [list_entry(calendar_id) for calendar_id in self.calendars]
        return json_answer(
            {"kind": "calendar#calendarList", "etag": '"p1"', "nextSyncToken": "list", "items": items}
        )

    def _token(self) -> bytes:
        self._count("token")
        scope = "openid email https://www.googleapis.com/auth/calendar.events"
        return json_answer(
            {"access_token": "bench", "expires_in": 3599, "scope": scope, "token_type": "Bearer"}
        )

    def _control(self, action: str, query: Query) -> bytes:
        if action == "reset":
            self.counts.clear()
            self.latency_s = float(query.get("latency_ms", 0)) / 1000
        expected = {key: calendar.expected for key, calendar in self.calendars.items()}
        out = {"stats": self.counts, "expected": expected, "reset": {}}.get(action)
        return error_answer(404, "Not Found") if out is None else answer(200, json.dumps(out).encode())

    def _count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1


def page_form(query: Query) -> PageForm:
    """Return the form asked for; Google's own defaults are 250 events and indented JSON."""
    size = query.get("maxResults", "250")
    if not size.isascii() or not size.isdigit() or int(size) < 1:
        raise Refused(400, "Invalid value for: maxResults")
    return PageForm(min(2500, int(size)), pretty=query.get("prettyPrint", "true") != "false")


def position(calendar_id: str, query: Query, form: PageForm) -> tuple[View, int]:
    """Return which list is asked for and which page of it. A page token holds only with the size it was made for."""
    view = synced_view(calendar_id, query)
    if "pageToken" not in query:
        return view, 0
    token = unseal(query["pageToken"])
    if (token.get("calendar"), token.get("view"), token.get("size")) != (calendar_id, view, form.size):
        raise Refused(400, "Invalid page token value.")
    return view, int(token["page"])


def synced_view(calendar_id: str, query: Query) -> View:
    if "syncToken" not in query:
        if "iCalUID" in query:
            raise Refused(400, "The benchmark lists whole calendars only.")
        return "full"
    if NOT_WITH_SYNC_TOKEN & query.keys():
        raise Refused(400, "Sync token cannot be used with other filters.")
    token = unseal(query["syncToken"])
    if token.get("calendar") != calendar_id or token.get("version") not in VERSION_VIEW:
        raise Refused(410, "Sync token is no longer valid, a full sync is required.")
    return VERSION_VIEW[token["version"]]


def list_entry(calendar_id: str) -> dict[str, object]:
    return {
        "kind": "calendar#calendarListEntry",
        "etag": '"1720000000000000"',
        "id": calendar_id,
        "summary": f"Calendar {calendar_id.partition('@')[0]}",
        "timeZone": "Europe/Berlin",
        "colorId": "14",
        "backgroundColor": "#9fe1e7",
        "foregroundColor": "#000000",
        "selected": True,
        "accessRole": "owner",
        "defaultReminders": [{"method": "popup", "minutes": 10}],
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    }
