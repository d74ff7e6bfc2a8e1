"""What goes wrong between a process and Google, drawn anew for every request."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from calferry import google
from calferry.emulator import Request, Response
from calferry.emulator.world import sync_tokens
from calferry.emulator.world.faults import Fault, parse_action
from calferry.emulator.world.sync_tokens import SyncToken
from tests.simulation.trace import Trace
from tests.simulation.world import SimulatedGoogle

# Actions of the local Google, by the kind of request that they are ordered for.
ANYWHERE = (
    "reset", "commit-then-reset", "truncate", "html-502", "return-500", "return-503", "return-504", "empty-body",
    "commit-then-return-503", "stall-45000", "late",
)  # fmt: skip
API_ONLY = (
    "return-429", "return-403:rateLimitExceeded", "return-403:userRateLimitExceeded", "return-401",
    "truncate-gzip", "corrupt-gzip", "wrong-content-type", "invalid-json",
)  # fmt: skip
LISTS_ONLY = (
    "drop-next-sync-token", "return-403:quotaExceeded", "return-404", "return-403:forbidden",
)  # fmt: skip
WITH_SYNC_TOKEN = (
    "return-410:fullSyncRequired",
    "return-410:fullSyncRequired",
    "return-410:updatedMinTooLongAgo",
)
WITH_PAGE_TOKEN = ("repeat-page-token", "return-400:invalid", "repeat-page-token")
OWN = ("poison", "poison-without-id", "items-twice")
FIRST_PAGES = ("hollow-listing",)
LIST_OWN = ("hollow-calendar-list",)
LOST_ON_THE_WAY = (*ANYWHERE, "return-429", "return-403:rateLimitExceeded", "return-401", "invalid-json")
"""What strikes writes, too."""
LOST = ("commit-then-reset", "commit-then-return-503", "truncate", "stall-45000")
WRITES_ONLY = ("slip", "slip", "return-403:quotaExceeded", "return-403:forbidden")
OWN_WAYS = {*OWN, *FIRST_PAGES, *LIST_OWN, "late", "slip"}
EVERY_ACTION = (
    *ANYWHERE,
    *API_ONLY,
    *LISTS_ONLY,
    *WITH_SYNC_TOKEN[1:],
    *WITH_PAGE_TOKEN[:2],
    *OWN,
    *FIRST_PAGES,
    *LIST_OWN,
    "slip",
)

POISON: tuple[dict[str, Any], ...] = (
    {"start": 5},
    {"start": {"dateTime": ["x"]}},
    {"status": 7},
    {"sequence": 10**30},
    {"summary": "\ud83d"},
    {"recurringEventId": {}},
    {"updated": "yesterday"},
    {"etag": 1},
)


REFUSED_AGAIN_S = 100.0
MEDDLED_WITH = 0.4
LATE_S = 25.0


@dataclass(slots=True)
class Weather:
    """Which faults occur in this run and how often; `calm` ends all of them."""

    google: SimulatedGoogle
    trace: Trace
    dice: random.Random
    rate: float = 0.0
    is_stormy: bool = False
    actions: frozenset[str] = frozenset()
    is_down: bool = False
    damaged: dict[str, set[str]] = field(default_factory=dict)
    """Events that were sent damaged, by calendar."""
    lies: set[str] = field(default_factory=set)
    """Sync tokens given with a listing that was not true."""
    is_guarded: Callable[[str, str], bool] = lambda *_: False
    """Whether the mirror of that calendar, of that person, would not believe an empty listing."""
    meddle: Callable[[str], None] = lambda _: None
    """Somebody edits that calendar just now."""
    is_list_sound: Callable[[], bool] = lambda: True
    """Whether no calendar is believed to be missing already."""
    carry: Callable[[Request, Callable[[Request], Response]], Response] = lambda request, handle: handle(
        request
    )
    """How requests reach the local Google, for whoever looks at them there."""
    slip_in: Callable[[str, str], None] = lambda *_: None
    """Somebody changes that event of that calendar just now."""
    slips: dict[str, int] = field(default_factory=dict)
    """How many more requests for an event somebody is to come before, by path."""
    slow_watches: int = 0
    """How many more channels take long to open."""
    refused_at: float = -1e9
    """When a request was last refused for its access token: not twice in a row."""

    def brew(self) -> None:
        """Some of the faults, at some rate; every fifth run has fine weather."""
        chosen = [action for action in EVERY_ACTION if self.dice.random() < 0.6]
        self.actions = frozenset(chosen)
        self.rate = self.dice.choice((0.0, 0.1, 0.2, 0.35, 0.5))
        self.is_stormy = True

    def calm(self) -> None:
        self.rate, self.is_down, self.is_stormy = 0.0, False, False
        self.slips.clear()
        self.google.world.faults.orders.clear()
        for calendar in self.google.world.calendars.values():
            calendar.empty_pages = 0

    def answer(self, request: Request) -> Response:
        """The local Google's answer, perhaps spoilt."""
        is_between_pages = "pageToken=" in request.query and request.path.endswith("/events")
        if self.is_stormy and is_between_pages and self.dice.random() < MEDDLED_WITH:
            self.meddle(calendar_of(request))
        if self.is_stormy and self.slow_watches and request.path.endswith("/events/watch"):
            self.slow_watches -= 1
            return replace(self.handle(request), delay_s=self.dice.uniform(LATE_S / 2, LATE_S))
        action = self.choose(request)
        if self.slips.get(request.path) and is_write(request):
            self.slip(request)
        if action is None:
            return self.handle(request)
        self.trace.note(f"fault {action}")
        if action in OWN_WAYS:
            return self.spoil(request, action)
        fault = Fault("*", action, parse_action(action))
        self.google.world.faults.orders[:] = [fault]
        response = self.handle(request)
        self.google.world.faults.orders.clear()
        if fault.hits:
            self.trace.hit(f"fault {action}")
            if is_write(request):
                self.trace.hit(f"write fault {action}")
        return response

    def handle(self, request: Request) -> Response:
        return self.carry(request, self.google.emulator.handle)

    def slip(self, request: Request) -> None:
        """Somebody at Google comes first, by a moment."""
        self.slips[request.path] -= 1
        calendar_id, event_id = calendar_of(request), unquote(request.path.split("/")[-1])
        self.trace.hit("fault slip")
        self.slip_in(calendar_id, event_id)

    def choose(self, request: Request) -> str | None:
        """What is to go wrong with this request; what suits few requests is chosen more often."""
        if self.rate and "hollow-listing" in self.actions and self.may_be_hollow(request):
            return "hollow-listing" if self.dice.random() < 0.4 else None
        if self.dice.random() >= self.rate:
            return None
        common, special = suited_to(request)
        wanted = special if special and self.dice.random() < 0.6 else common
        if wanted is LIST_OWN and not self.is_list_sound():
            return None
        suited = [action for action in wanted if action in self.actions]
        action = self.dice.choice(suited) if suited else None
        if action == "return-401":
            now = self.google.clock.monotonic()
            if now - self.refused_at < REFUSED_AGAIN_S:
                return None
            self.refused_at = now
        return action

    def may_be_hollow(self, request: Request) -> bool:
        """Whether this asks for the beginning of a listing that would not be believed if it were empty."""
        is_first = "syncToken=" not in request.query and "pageToken=" not in request.query
        if (
            not is_first
            or not request.path.endswith("/events")
            or "iCalUID=" in request.query
            or is_write(request)
        ):
            return False
        return self.is_guarded(calendar_of(request), self.google.caller(request))

    def spoil(self, request: Request, action: str) -> Response:
        """A true answer that comes late, or with one item damaged."""
        if action == "hollow-listing":
            return self.hollow(request)
        if action == "slip":
            self.slips[request.path] = self.dice.choice((1, 1, 2, 6))
            self.slip(request)
            return self.handle(request)
        if action == "late":
            self.trace.hit("fault late")
            if is_write(request):
                self.trace.hit("write fault late")
            return replace(self.handle(request), delay_s=self.dice.uniform(1.0, LATE_S))
        plain = replace(request, headers={k: v for k, v in request.headers.items() if k != "Accept-Encoding"})
        response = self.google.emulator.handle(plain)
        if response.status != 200:
            return response
        page = json.loads(response.body)
        if action == "hollow-calendar-list":
            page["items"] = []
            self.trace.hit(f"fault {action}")
            return rewritten(response, page)
        if action == "items-twice":
            page["items"] += page.get("items", ())
            self.trace.hit(f"fault {action}")
            return rewritten(response, page)
        items = [item for item in page.get("items", ()) if item.get("status") != "cancelled"]
        if not items:
            return response
        item = self.dice.choice(items)
        self.damaged.setdefault(calendar_of(request), set()).add(item["id"])
        if action == "poison-without-id":
            item["id"] = self.dice.choice((None, "", 17))
        else:
            item.update(self.dice.choice(POISON))
        self.trace.hit(f"fault {action}")
        return rewritten(response, page)

    def hollow(self, request: Request) -> Response:
        """A listing that claims to be complete and holds nothing, as in an outage."""
        response = self.google.emulator.handle(request)
        calendar_id = calendar_of(request)
        person = self.google.emulator.requests[-1]["user"]
        if response.status != 200:
            return response
        token = SyncToken(self.google.world.log.last, "singleEvents=true" in request.query)
        text = sync_tokens.encode(token, f"events {calendar_id} {person}")
        self.lies.add(text)
        self.trace.hit("fault hollow-listing")
        envelope = {"kind": "calendar#events", "etag": '"p"', "nextSyncToken": text, "items": []}
        return Response(200, {"Content-Type": "application/json"}, json.dumps(envelope).encode())


def rewritten(response: Response, page: dict[str, Any]) -> Response:
    body = json.dumps(page).encode()
    return replace(response, body=body, headers=response.headers | {"Content-Length": str(len(body))})


def calendar_of(request: Request) -> str:
    """The id of the calendar whose events are asked for."""
    return unquote(request.path.split("/")[4])


def is_write(request: Request) -> bool:
    """Whether the request makes, changes or deletes an event."""
    tail = request.path.split("/")[5:]
    is_event = tail[:1] == ["events"] and len(tail) <= 2 and tail[-1] != "watch"
    return is_event and request.method != "GET"


def suited_to(request: Request) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Actions that make sense for a request: those of every request, and those of its kind alone."""
    if "/calendar/v3/" not in request.path:
        return ANYWHERE, ()
    common = (*ANYWHERE, *API_ONLY)
    if is_write(request):
        return common, {"POST": LOST, "PATCH": WRITES_ONLY}.get(request.method, (*WRITES_ONLY, *LOST))
    has_token, has_page = "syncToken=" in request.query, "pageToken=" in request.query
    if request.path.endswith("/calendarList"):
        return common, () if has_token else LIST_OWN
    if request.path.endswith("/instances") or "iCalUID=" in request.query:
        return common, OWN
    if not request.path.endswith("/events"):
        return common, ()
    special = (*WITH_SYNC_TOKEN, *LISTS_ONLY, *OWN) if has_token else (*LISTS_ONLY, *OWN)
    return common, (*special, *WITH_PAGE_TOKEN) if has_page else special


class Unreachable(google.Unreachable):
    """What a process sees of a Google that is down."""

    def __init__(self) -> None:
        super().__init__("connection refused", kind="connect")
