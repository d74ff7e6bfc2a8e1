"""The local Google of a run, edited as its people would, and what each listing of it ought to show."""

import json
import random
from dataclasses import dataclass, field
from typing import Any

from calferry.emulator import Request
from calferry.emulator.world import listing, sync_tokens
from calferry.emulator.world.calendar import Calendar, at_least
from calferry.emulator.world.event import Event
from calferry.emulator.world.listing import EventQuery
from calferry.emulator.world.visibility import detail_shape, shaped
from tests.harness.ports import VirtualClock
from tests.harness.service import LocalGoogle
from tests.simulation.trace import Trace

PEOPLE = ("alice@example.com", "bob@example.com")
FULL_SCOPE = "https://www.googleapis.com/auth/calendar"
FOR_GOOD_S = 10 * 365 * 86_400
BEGINNING = -1
UNTOLD = ("etag", "updated")

Window = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Version:
    """An event from the change number `at` on: the version shown (its own number), or None when it is not live."""

    at: int
    number: int | None


@dataclass(slots=True)
class View:
    """What one way of listing a calendar shows, and showed: versions by event id, oldest first."""

    calendar: Calendar
    window: Window | None
    history: dict[str, list[Version]] = field(default_factory=dict)
    resources: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    """What each version says, by event id and number."""
    looked_at: int = BEGINNING
    untold: set[str] = field(default_factory=set)
    """Series that lost instances without a word: Google does not say what lies more than half a year ahead."""
    told: set[tuple[int, str]] = field(default_factory=set)
    """Series that lost instances, and the change number from which on a delta said so at the time. Once they have lost the
    rest as well, one delta over both may say nothing."""

    def refresh(self, last: int, now: float) -> None:
        """Take note of what changed up to the change number `last`."""
        if last == self.looked_at:
            return
        before, self.looked_at = self.looked_at, last
        for event in self.calendar.shelf.since(before):
            self.resources.setdefault((event.id, event.number), event.resource)
        current = {event.id: event for event in self.events(now)}
        for event_id, event in current.items():
            self.note(event_id, last, event.number)
            self.resources[event_id, event.number] = event.resource
        lost = [
            key for key in self.history.keys() - current.keys() if self.history[key][-1].number is not None
        ]
        if self.window is not None:
            self.note_lost({series_of(event_id) for event_id in lost}, before, now)
        for event_id in lost:
            self.note(event_id, last, None)

    def note_lost(self, lost: set[str], before: int, now: float) -> None:
        """Find out what no delta says of series that have lost instances now, or had before."""
        self.told |= {(before, series_id) for series_id in lost}
        says = {position: self.told_since(position, now) for position in {each[0] for each in self.told}}
        silent = {
            (position, series_id) for position, series_id in self.told if series_id not in says[position]
        }
        self.untold |= {series_id for _, series_id in silent}
        self.told -= silent

    def told_since(self, position: int, now: float) -> set[str]:
        """Events and series of which a delta from there says anything."""
        query = EventQuery(single_events=True, since=max(position, 0))
        return {series_of(event.id) for event in listing.select(self.calendar, query, now)}

    def live(self, now: float) -> dict[str, int]:
        """Numbers of the live events by id."""
        return {event.id: event.number for event in self.events(now)}

    def events(self, now: float) -> list[Event]:
        """The live events."""
        shelf = self.calendar.shelf
        if self.window is None:
            return [event for event in shelf if not event.is_cancelled and not shelf.is_orphaned(event)]
        query = EventQuery(
            single_events=True, time_min=self.window[0] // 1000, time_max=self.window[1] // 1000
        )
        return listing.select(self.calendar, query, now)

    def says_the_same(self, event_id: str, one: int | None, other: int | None, role: str) -> bool:
        """Whether two versions differ in nothing that somebody of that role is told of."""
        found = [self.resources.get((event_id, number or 0)) for number in (one, other)]
        told = [self.shown_to(resource, role) for resource in found if resource]
        return one == other or (len(told) == 2 and told[0] == told[1])

    def shown_to(self, resource: dict[str, Any], role: str) -> dict[str, Any]:
        event = Event(resource, 0)
        shown = shaped(event, detail_shape(event, role), self.calendar.time_zone)
        return {key: value for key, value in shown.items() if key not in UNTOLD}

    def note(self, event_id: str, at: int, number: int | None) -> None:
        versions = self.history.setdefault(event_id, [])
        if versions[-1].number != number if versions else number is not None:
            versions.append(Version(at, number))

    def since(self, event_id: str, position: int) -> list[int | None]:
        """What may be shown by somebody who knows everything up to `position`: that version, and every later one.

        An exception that was given up may be on a later page of a delta as what it is now, an occurrence like all others,
        which has the number of its series.
        """
        shown, series_id = self.versions_since(event_id, position), series_of(event_id)
        if series_id == event_id or event_id not in self.history or None not in shown:
            return shown
        return [*shown, *self.versions_since(series_id, position)]

    def versions_since(self, event_id: str, position: int) -> list[int | None]:
        known: int | None = None
        later: list[int | None] = []
        for version in self.history.get(event_id, ()):
            if version.at <= position:
                known = version.number
            else:
                later.append(version.number)
        return [known, *later]


def series_of(event_id: str) -> str:
    """The id that an instance has from its series; any other id stays as it is."""
    return event_id.partition("_")[0]


class SimulatedGoogle(LocalGoogle):
    """The local Google with memory. Its clock never jumps."""

    def __init__(self, dice: random.Random, trace: Trace) -> None:
        self.clock = VirtualClock()
        super().__init__(self.clock, dice, seed_document(dice))
        self.trace = trace
        self.world = self.emulator.world
        self.views: dict[tuple[str, Window | None], View] = {}
        self.edit_tokens: dict[str, str] = {}
        self.resources: dict[str, dict[tuple[str, int], dict[str, Any]]] = {}
        """What each version of each event says, by calendar."""
        self.revoked_at: dict[str, float] = {}
        self.spoilt: dict[str, set[str]] = {}
        """Events that nobody can store as they are, by calendar."""
        self.unlisted_at: dict[tuple[str, str], float] = {}
        """When a calendar was last absent from a person's list."""

    def token(self, user: str) -> str:
        """A token of the person's own, which is not the service's and which no revocation touches."""
        token = self.edit_tokens.get(user)
        if token is None:
            desk, now = self.world.oauth, self.emulator.now()
            made = desk.grant_access_token(user, "demo-client", (FULL_SCOPE,), now, "", FOR_GOOD_S)
            token = self.edit_tokens[user] = made.token
        return token

    def edit(self, user: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """A change made by a person; what the listings show is noted. Status and parsed answer."""
        headers = {"authorization": f"Bearer {self.token(user)}", "content-type": "application/json"}
        sent = b"" if body is None else json.dumps(body).encode()
        response = self.emulator.handle(Request.of(method, f"/calendar/v3{path}", headers, sent))
        self.emulator.requests.pop()
        if response.status < 300:
            self.refresh()
        return response.status, json.loads(response.body) if response.body else None

    def refresh(self) -> None:
        """Take note of what everybody sees now."""
        now = self.emulator.now()
        for view in self.views.values():
            view.refresh(self.world.log.last, now)
        for email in self.world.people:
            listed = self.listed(email)
            for google_id in self.world.calendars:
                if google_id not in listed:
                    self.unlisted_at[email, google_id] = now

    def is_listed_for(self, email: str, google_id: str, seconds: float) -> bool:
        """Whether the person has had the calendar in the list for so long."""
        absent_at = self.unlisted_at.get((email, google_id), 0.0)
        return google_id in self.listed(email) and self.emulator.now() - absent_at > seconds

    def view(self, google_id: str, window: Window | None) -> View:
        """The view of a calendar; one that is new knows nothing of earlier times."""
        key = (google_id, window)
        if key not in self.views:
            resources = self.resources.setdefault(google_id, {})
            self.views[key] = View(self.world.calendars[google_id], window, resources=resources)
            self.views[key].refresh(self.world.log.last, self.emulator.now())
        return self.views[key]

    def untold(self, google_id: str) -> set[str]:
        """Instances of which nobody can know whether they are still there."""
        views = [view for view in self.views.values() if view.calendar.id == google_id and view.untold]
        return {key for view in views for key in view.history if series_of(key) in view.untold}

    def position(self, google_id: str, email: str, token: str) -> int:
        """The change number up to which a sync token of the calendar's events speaks."""
        return sync_tokens.decode(token, f"events {google_id} {email}").position

    def caller(self, request: Request) -> str:
        """Whose access token the request has; empty for a dead one."""
        text = request.headers.get("Authorization", "").removeprefix("Bearer ")
        token = self.world.oauth.bearer(text, self.emulator.now())
        return token.email if token else ""

    def role(self, google_id: str, email: str) -> str:
        return self.world.calendars[google_id].role_of(email)

    def listed(self, email: str) -> set[str]:
        """Calendars that the person has in the list and may see."""
        return {
            google_id
            for google_id, entry in self.world.people[email].entries.items()
            if not entry.deleted
            and not self.world.calendars[google_id].deleted
            and at_least(self.role(google_id, email), "freeBusyReader")
        }

    def api_requests(self) -> int:
        return len(self.emulator.requests)


def seed_document(dice: random.Random) -> dict[str, Any]:
    """One or two people with one to three calendars in all; the events come through edits."""
    people: list[dict[str, Any]] = []
    for email in PEOPLE[: dice.choice((1, 1, 2))]:
        name = email.partition("@")[0]
        more = [f"{name}-{n}" for n in range(dice.choice((0, 1, 1, 2)))]
        calendars: list[dict[str, Any]] = [{"id": email, "summary": email, "primary": True}]
        calendars += [{"id": f"{word}@group.calendar.google.com", "summary": word} for word in more]
        people.append({"email": email, "name": name, "time_zone": "Europe/Berlin", "calendars": calendars})
    return {"people": people}
