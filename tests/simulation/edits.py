"""Changes that people make to their calendars, drawn by chance."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from calferry.emulator.world import change_log
from calferry.emulator.world.calendar import Calendar
from calferry.emulator.world.event import Event
from calferry.emulator.world.world import events_resource
from tests.simulation.world import SimulatedGoogle

FIRST_DAY = datetime(2026, 9, 21, tzinfo=UTC)
TITLES = ("Standup", "Zürich ✈", "Запуск", "Review", "<b>x</b>", "a\u0000b", "line\nbreak", "会議")
UNDELETED_WITHIN_S = 40.0
ZONES = ("Europe/Berlin", "America/New_York", "UTC")


class Editor:
    """One hand at work in every calendar of the world."""

    def __init__(self, google: SimulatedGoogle, dice: random.Random) -> None:
        self.google = google
        self.dice = dice
        self.count = 0

    def calendars(self) -> list[Calendar]:
        return [calendar for calendar in self.google.world.calendars.values() if not calendar.deleted]

    def fill(self, events: int) -> None:
        """Give every calendar its first events."""
        for calendar in self.calendars():
            for _ in range(self.dice.randrange(events + 1)):
                self.insert(calendar)

    def edit(self) -> None:
        """One change somewhere."""
        if self.dice.random() < 0.1:
            self.edit_list()
            return
        self.edit_calendar(self.dice.choice(self.calendars()))

    def edit_calendar(self, calendar: Calendar, *, series: bool = False) -> None:
        """One change of events of a calendar, of its `series` alone, or of what Google remembers of its listings."""
        verbs = SERIES_EDITS if series else EDITS
        verb: Callable[[Calendar], None] = self.dice.choices(list(verbs), list(verbs.values()))[0]
        self.google.trace.hit(f"edit {verb.__name__}")
        self.google.trace.note(f"edit {verb.__name__} {calendar.id}")
        verb(self, calendar)  # type: ignore[call-arg, arg-type]

    def edit_list(self) -> None:
        """One change of the calendars themselves, or of who sees them."""
        verb: Callable[[], object] = self.dice.choices(list(LIST_EDITS), list(LIST_EDITS.values()))[0]
        self.google.trace.hit(f"edit {verb.__name__}")
        self.google.trace.note(f"edit {verb.__name__}")
        verb(self)  # type: ignore[call-arg]

    def send(self, calendar: Calendar, method: str, tail: str, body: Any = None) -> Any:
        path = f"/calendars/{quote(calendar.id, safe='')}/events{tail}"
        return self.google.edit(calendar.owner, method, path, body)[1]

    def change(self, calendar: Calendar, event: Event, body: Any) -> None:
        self.send(calendar, "PATCH", f"/{quote(event.id, safe='')}", body)

    def some(self, calendar: Calendar, suits: Callable[[Event], bool]) -> Event | None:
        shelf = calendar.shelf
        found = [event for event in map(shelf.as_seen, shelf) if suits(event)]
        return self.dice.choice(found) if found else None

    def is_recent(self, event: Event) -> bool:
        """Whether the event was deleted so lately that nobody can have forgotten it."""
        return self.google.emulator.now() - event.number / 1e6 < UNDELETED_WITHIN_S

    def title(self) -> str:
        self.count += 1
        return f"{self.dice.choice(TITLES)} {self.count}"

    def times(self) -> dict[str, Any]:
        days = self.dice.randrange(-60, 120) if self.dice.random() < 0.75 else self.dice.randrange(-200, 500)
        start = FIRST_DAY + timedelta(days=days, minutes=15 * self.dice.randrange(96))
        if self.dice.random() < 0.2:
            end = start + timedelta(days=self.dice.randrange(1, 4))
            return {"start": {"date": f"{start:%Y-%m-%d}"}, "end": {"date": f"{end:%Y-%m-%d}"}}
        zone = self.dice.choice(ZONES)
        end = start + timedelta(minutes=15 * self.dice.randrange(1, 9))
        return {
            "start": {"dateTime": start.isoformat(), "timeZone": zone},
            "end": {"dateTime": end.isoformat(), "timeZone": zone},
        }

    def insert(self, calendar: Calendar) -> None:
        body = {"summary": self.title(), **self.times()}
        if self.dice.random() < 0.1:
            body["visibility"] = "private"
        self.send(calendar, "POST", "", body)

    def insert_series(self, calendar: Calendar) -> None:
        body = {"summary": self.title(), "recurrence": [self.rule()], **self.times()}
        self.send(calendar, "POST", "", body)

    def rule(self) -> str:
        """Some are over within days, others go on for longer than Google says what they have lost."""
        pace = self.dice.choice(("DAILY", "WEEKLY", "WEEKLY;INTERVAL=7", "MONTHLY"))
        return f"RRULE:FREQ={pace};COUNT={self.dice.randrange(2, 7)}"

    def rename(self, calendar: Calendar) -> None:
        event = self.some(calendar, is_live)
        if event:
            self.change(calendar, event, {"summary": self.title()})

    def relocate(self, calendar: Calendar) -> None:
        event = self.some(calendar, is_live)
        if event:
            self.change(calendar, event, {self.dice.choice(("location", "description")): self.title()})

    def invite(self, calendar: Calendar) -> None:
        """One guest more."""
        event = self.some(calendar, is_live)
        if event:
            guests = event.resource.get("attendees", [])
            email = f"stranger{self.dice.randrange(4)}@example.net"
            self.change(calendar, event, {"attendees": [*guests, {"email": email}]})

    def slip_in(self, calendar_id: str, event_id: str) -> None:
        """A change of just that event."""
        calendar = self.google.world.calendars.get(calendar_id)
        if calendar is None or calendar.deleted:
            return
        path = f"/{quote(event_id, safe='')}"
        body: Any = self.dice.choice(
            (
                {"summary": self.title()},
                {"location": self.title()},
                self.times(),
                {},
                {"summary": self.title()},
                None,
            )
        )
        self.google.trace.note(f"slips in {event_id}")
        self.send(calendar, "DELETE" if body is None else "PATCH", path, body)

    def come_first(self, calendar_id: str, event_id: str, name: str) -> None:
        """Give that field of that event another value."""
        calendar = self.google.world.calendars[calendar_id]
        if not calendar.deleted:
            self.google.trace.note(f"comes first in {event_id}")
            self.send(calendar, "PATCH", f"/{quote(event_id, safe='')}", {name: self.title()})

    def move(self, calendar: Calendar) -> None:
        event = self.some(calendar, is_live)
        if event:
            self.change(calendar, event, self.times())

    def delete(self, calendar: Calendar) -> None:
        event = self.some(calendar, is_live)
        if event:
            self.send(calendar, "DELETE", f"/{quote(event.id, safe='')}")

    def delete_many(self, calendar: Calendar) -> None:
        for _ in range(self.dice.randrange(2, 12)):
            self.delete(calendar)

    def insert_many(self, calendar: Calendar) -> None:
        for _ in range(self.dice.randrange(2, 12)):
            self.insert(calendar)

    def undelete(self, calendar: Calendar) -> None:
        event = self.some(calendar, lambda event: event.is_cancelled and self.is_recent(event))
        if event:
            self.change(calendar, event, {"status": "confirmed"})

    def occurrence(self, calendar: Calendar) -> str | None:
        """The id of one occurrence of a living series."""
        master = self.some(calendar, lambda event: event.is_series and not event.is_cancelled)
        if master is None:
            return None
        found = list(master.occurrences(calendar.time_zone))
        return f"{master.id}_{self.dice.choice(found).suffix}" if found else None

    def change_occurrence(self, calendar: Calendar) -> None:
        event_id = self.occurrence(calendar)
        if event_id:
            body = {"summary": self.title()} if self.dice.random() < 0.5 else self.times()
            self.send(calendar, "PATCH", f"/{event_id}", body)

    def cancel_occurrence(self, calendar: Calendar) -> None:
        event_id = self.occurrence(calendar)
        if event_id:
            self.send(calendar, "DELETE", f"/{event_id}")

    def delete_series(self, calendar: Calendar) -> None:
        master = self.some(calendar, lambda event: event.is_series and not event.is_cancelled)
        if master:
            self.send(calendar, "DELETE", f"/{master.id}")

    def revive_series(self, calendar: Calendar) -> None:
        master = self.some(
            calendar, lambda event: event.is_series and event.is_cancelled and self.is_recent(event)
        )
        if master:
            self.change(calendar, master, {"status": "confirmed"})

    def split_series(self, calendar: Calendar) -> None:
        """This and following: the old series ends earlier, a new one goes on."""
        master = self.some(calendar, lambda event: event.is_series and not event.is_cancelled)
        if master:
            self.change(calendar, master, {"recurrence": ["RRULE:FREQ=DAILY;COUNT=2"]})
            self.insert_series(calendar)

    def move_series(self, calendar: Calendar) -> None:
        master = self.some(calendar, lambda event: event.is_series and not event.is_cancelled)
        if master:
            self.change(calendar, master, self.times())

    def touch(self, calendar: Calendar) -> None:
        """A write that changes nothing but etag and time."""
        event = self.some(calendar, is_live)
        if event:
            self.change(calendar, event, {})

    def spoil(self, calendar: Calendar) -> None:
        """An event comes to hold what no reader of it can store, and stays so."""
        event = self.some(calendar, is_plain)
        if event:
            number = self.google.world.log.next(self.google.emulator.now(), event.number)
            resource = event.resource | {"sequence": 10**30, "etag": change_log.etag(number)}
            calendar.shelf.put(Event(resource, number))
            calendar.events_number = number
            self.google.world.channels.notify(events_resource(calendar), self.google.emulator.now())
            self.google.spoilt.setdefault(calendar.id, set()).add(event.id)
            self.google.refresh()

    def expire_tokens(self, calendar: Calendar) -> None:
        self.google.call("POST", "/_emulator/expire-sync-tokens", {"calendar_id": calendar.id})

    def expire_pages(self, _: Calendar) -> None:
        self.google.call("POST", "/_emulator/expire-page-tokens", {})

    def empty_pages(self, calendar: Calendar) -> None:
        body = {"calendar_id": calendar.id, "count": self.dice.randrange(1, 4)}
        self.google.call("POST", "/_emulator/empty-pages", body)

    def secondary(self) -> Calendar | None:
        found = [calendar for calendar in self.calendars() if not calendar.primary]
        return self.dice.choice(found) if found else None

    def add_calendar(self) -> None:
        owner = self.dice.choice(list(self.google.world.people))
        if len(self.calendars()) < 5:
            body = {"summary": self.title(), "timeZone": self.dice.choice(ZONES)}
            made = self.google.edit(owner, "POST", "/calendars", body)[1]
            calendar = self.google.world.calendars[made["id"]]
            for _ in range(self.dice.randrange(6)):
                self.insert(calendar)

    def delete_calendar(self) -> None:
        calendar = self.secondary()
        if calendar:
            self.google.edit(calendar.owner, "DELETE", f"/calendars/{quote(calendar.id, safe='')}")

    def rename_calendar(self) -> None:
        calendar = self.dice.choice(self.calendars())
        body = {"summary": self.title()}
        self.google.edit(calendar.owner, "PATCH", f"/calendars/{quote(calendar.id, safe='')}", body)

    def change_zone(self) -> None:
        calendar = self.dice.choice(self.calendars())
        body = {"timeZone": self.dice.choice(ZONES)}
        self.google.edit(calendar.owner, "PATCH", f"/calendars/{quote(calendar.id, safe='')}", body)

    def share(self) -> None:
        """Somebody sees another person's calendar, or sees it under another role, or sees it no more."""
        calendar, email = self.dice.choice(self.calendars()), self.dice.choice(list(self.google.world.people))
        if email == calendar.owner:
            return
        role = self.dice.choice(("reader", "freeBusyReader", "writer", "none", "reader"))
        calendar.acl[f"user:{email}"] = role
        entry = self.google.world.people[email].entries.get(calendar.id)
        if role != "none" and (entry is None or entry.deleted):
            self.google.edit(email, "POST", "/users/me/calendarList", {"id": calendar.id})
        self.google.refresh()

    def leave_list(self) -> bool:
        """Somebody takes another person's calendar off the list, if there is one; sharing brings it back."""
        for email, person in self.google.world.people.items():
            for calendar_id, entry in list(person.entries.items()):
                calendar = self.google.world.calendars[calendar_id]
                if calendar.owner != email and not entry.deleted and not calendar.deleted:
                    path = f"/users/me/calendarList/{quote(calendar_id, safe='')}"
                    self.google.edit(email, "DELETE", path)
                    return True
        return False

    def hide(self) -> None:
        """A setting of one's own that changes nothing but the entry."""
        email = self.dice.choice(list(self.google.world.people))
        path = f"/users/me/calendarList/{quote(email, safe='')}"
        self.google.edit(email, "PATCH", path, {"summaryOverride": self.title()})

    def expire_every_token(self) -> None:
        self.google.call("POST", "/_emulator/expire-sync-tokens", {})


def is_plain(event: Event) -> bool:
    """Whether it is one live event by itself."""
    return not (event.is_cancelled or event.is_series or event.recurring_event_id)


def is_live(event: Event) -> bool:
    return not event.is_cancelled


EDITS: dict[Callable[..., None], int] = {
    Editor.insert: 12,
    Editor.insert_series: 6,
    Editor.rename: 10,
    Editor.move: 8,
    Editor.relocate: 4,
    Editor.invite: 2,
    Editor.delete: 8,
    Editor.delete_many: 2,
    Editor.insert_many: 3,
    Editor.undelete: 4,
    Editor.change_occurrence: 6,
    Editor.cancel_occurrence: 5,
    Editor.delete_series: 3,
    Editor.revive_series: 3,
    Editor.split_series: 2,
    Editor.move_series: 3,
    Editor.touch: 2,
    Editor.spoil: 1,
    Editor.expire_tokens: 7,
    Editor.expire_pages: 3,
    Editor.empty_pages: 3,
}
SERIES_EDITS = {
    verb: EDITS[verb] for verb in (Editor.change_occurrence, Editor.move_series, Editor.split_series)
}
LIST_EDITS: dict[Callable[..., object], int] = {
    Editor.add_calendar: 3,
    Editor.delete_calendar: 2,
    Editor.rename_calendar: 2,
    Editor.change_zone: 2,
    Editor.share: 8,
    Editor.leave_list: 3,
    Editor.hide: 1,
    Editor.expire_every_token: 2,
}
