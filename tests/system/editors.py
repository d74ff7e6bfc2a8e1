"""People who edit their calendars at the local Google all the time."""

import random
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from calferry.emulator.server import RunningGoogle

DAY = "2027-03-{day:02}"


def world(people: int, calendars: int, events: int) -> dict[str, Any]:
    """A seed of people with calendars, with as many events in each."""
    return {"people": [person(number, calendars, events) for number in range(people)]}


def person(number: int, calendars: int, events: int) -> dict[str, Any]:
    email = f"person{number}@example.com"
    names = [email, *(f"more{number}x{index}@group.calendar.google.com" for index in range(1, calendars))]
    listed = [
        {
            "id": name,
            "summary": name,
            "primary": name == email,
            "events": [event(index) for index in range(events)],
        }
        for name in names
    ]
    return {"email": email, "time_zone": "Europe/Zurich", "calendars": listed}


def event(number: int) -> dict[str, Any]:
    day = DAY.format(day=1 + number % 27)
    return {
        "summary": f"event {number}",
        "start": {"dateTime": f"{day}T10:00:00+01:00"},
        "end": {"dateTime": f"{day}T11:00:00+01:00"},
    }


@dataclass
class Editor:
    """Inserts, changes and deletes events of one person until told to stop."""

    google: RunningGoogle
    email: str
    calendars: list[str]
    dice: random.Random
    edits: int = 0
    known: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        token = self.google.tokens(self.email, "https://www.googleapis.com/auth/calendar")["access_token"]
        self.client = httpx.Client(headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=30)

    def edit(self) -> None:
        if self.known and self.dice.random() < 0.6:
            calendar, event_id = self.known[self.dice.randrange(len(self.known))]
            address = f"{self.address(calendar)}/{event_id}"
            if self.dice.random() < 0.3:
                self.known.remove((calendar, event_id))
                answer = self.client.delete(address)
            else:
                answer = self.client.patch(address, json={"summary": f"changed {self.edits}"})
        else:
            calendar = self.dice.choice(self.calendars)
            answer = self.client.post(self.address(calendar), json=event(self.edits))
            self.known.append((calendar, answer.json()["id"]))
        answer.raise_for_status()
        self.edits += 1

    def address(self, calendar: str) -> str:
        return f"{self.google.url}/calendar/v3/calendars/{quote(calendar)}/events"

    def close(self) -> None:
        self.client.close()

    def work(self, stopped: threading.Event, every_s: float) -> None:
        while not stopped.wait(every_s):
            self.edit()
