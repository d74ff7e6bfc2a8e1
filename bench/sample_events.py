"""Made-up but realistic Google Calendar events: the same ones for the same seed, about 1 KB of compact JSON each."""

import base64
import datetime as dt
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

ID_LETTERS = "0123456789abcdefghijklmnopqrstuv"
NAMES = "Amira Bo Chloé Dagny Emre Fátima Goran Hiro Inês Jürgen Kwame Lotte Mirela Noor Otto Paula Søren Thảo".split()
SURNAMES = "Arslan Brandt Castro Díaz Engel Fofanah Groß Holm Ito Jovanović Kaya Lund Moreau Novák Öberg Park".split()
HOSTS = ("orchard.example", "gmail.com", "harbour.example", "kite.example")
ZONES = ("Europe/Berlin", "Europe/Berlin", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC")
SUBJECTS = (
    "Weekly planning", "One to one", "Dentist", "Choir rehearsal", "Board meeting", "Release check", "Lunch",
    "Parents' evening", "Swimming 🏊", "Interview", "Budget review", "Café mit Lotte", "Train to Zürich", "Retro",
)  # fmt: skip
PLACES = (
    "Room 3.07", "Hauptstraße 12, 10827 Berlin, Germany", "Café am Ufer", "Studio B, 2nd floor",
    "https://video.example/j/84512345678", "Gate A14, Terminal 1", "Boardroom (12) [Video]",
)  # fmt: skip
WORDS = (
    "please read the notes before we start and bring open questions decisions from last week are below "
    "the room is booked until noon dial in by phone if the train is late agenda budget hiring roadmap risks "
    "customers numbers for the quarter next steps owners and dates follow in the shared document"
).split()
ANSWERS = ("accepted", "accepted", "needsAction", "declined", "tentative")
MEETING = "https://meet.google.com/"
MEETING_ICON = "https://fonts.gstatic.com/s/i/productlogos/meet_2020q4/v6/web-512dp/logo_meet_2020q4_color_2x_web_512dp.png"
FIRST_DAY = dt.datetime(2023, 1, 1, tzinfo=dt.UTC)
CHANGED_AT = dt.datetime(2026, 9, 21, 8, tzinfo=dt.UTC)

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sample:
    """One entry of a list answer; `summary` is None for a tombstone."""

    event_id: str
    summary: str | None
    raw: bytes


def sample_of(event: Event) -> Sample:
    raw = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    return Sample(event["id"], event.get("summary"), raw)


def sample_events(seed: int, calendar_id: str, count: int) -> list[Sample]:
    """Return the `count` events of a calendar: singles, all-day ones, series and their exceptions."""
    dice = random.Random(f"{seed}:{calendar_id}")
    return [sample_of(event) for event in _events(dice, count)]


def sample_changes(seed: int, calendar_id: str, events: list[Sample], count: int) -> list[Sample]:
    """Return `count` changes to `events`: a fifth cancelled, a fifth new, the others edited.

    Series stay as they are: what a changed one does to its exceptions is no matter of speed.
    """
    dice = random.Random(f"{seed}:{calendar_id}:changes")
    new, cancelled = count // 5, count // 5
    single = [event for event in events if b'"recurrence":' not in event.raw]
    touched = dice.sample(single, min(len(single), count - new))
    changes = [_tombstone(old.event_id, at) for at, old in enumerate(touched[:cancelled])]
    changes += [_edited(json.loads(old.raw), at) for at, old in enumerate(touched[cancelled:], cancelled)]
    changes += list(_events(dice, new))
    dice.shuffle(changes)
    return [sample_of(event) for event in changes]


def _events(dice: random.Random, count: int) -> Iterator[Event]:
    people = [_person(dice) for _ in range(40)]
    series: Event | None = None
    for position in range(count):
        if series is not None and dice.random() < 0.05:
            yield _exception(_event(dice, people), series, week=position)
            continue
        event = _event(dice, people)
        if "recurrence" in event and "dateTime" in event["start"]:
            series = event
        yield event


def _event(dice: random.Random, people: list[Event]) -> Event:
    event_id = "".join(dice.choices(ID_LETTERS, k=26))
    start = FIRST_DAY + dt.timedelta(minutes=15 * dice.randrange(3 * 365 * 96))
    event = _head(dice, event_id, start)
    event.update(_text(dice))
    event.update(_hosts(dice, people))
    event.update(_times(dice, start))
    if dice.random() < 0.08:
        event["recurrence"] = [f"RRULE:FREQ=WEEKLY;BYDAY={dice.choice(('MO', 'TU', 'WE', 'TH', 'FR'))}"]
    event.update(_rest(dice, event_id, people))
    return event


def _exception(moved: Event, series: Event, week: int) -> Event:
    moved.pop("recurrence", None)
    first = dt.datetime.fromisoformat(series["start"]["dateTime"])
    original = (first + dt.timedelta(weeks=week)).astimezone(dt.UTC)
    moved["id"] = f"{series['id']}_{original:%Y%m%dT%H%M%SZ}"
    moved["iCalUID"] = series["iCalUID"]
    moved["recurringEventId"] = series["id"]
    moved["originalStartTime"] = {"dateTime": f"{original:%Y-%m-%dT%H:%M:%SZ}", "timeZone": "UTC"}
    return moved


def _head(dice: random.Random, event_id: str, start: dt.datetime) -> Event:
    created = start - dt.timedelta(seconds=dice.randrange(3_600, 7_000_000))
    updated = created + dt.timedelta(milliseconds=dice.randrange(3_000_000_000))
    link = base64.urlsafe_b64encode(f"{event_id} bench@example.com".encode()).decode().rstrip("=")
    return {
        "kind": "calendar#event",
        "etag": _etag(updated),
        "id": event_id,
        "status": "confirmed" if dice.random() < 0.97 else "tentative",
        "htmlLink": f"https://www.google.com/calendar/event?eid={link}",
        "created": f"{created:%Y-%m-%dT%H:%M:%S}.000Z",
        "updated": _millis(updated),
    }


def _text(dice: random.Random) -> Event:
    out: Event = {"summary": f"{dice.choice(SUBJECTS)} – {dice.choice(SURNAMES)}"}
    if dice.random() < 0.45:
        out["description"] = " ".join(dice.choices(WORDS, k=dice.randrange(8, 70))).capitalize() + "."
    if dice.random() < 0.35:
        out["location"] = dice.choice(PLACES)
    if dice.random() < 0.1:
        out["colorId"] = str(dice.randrange(1, 12))
    return out


def _hosts(dice: random.Random, people: list[Event]) -> Event:
    host = people[0] | {"self": True} if dice.random() < 0.5 else dice.choice(people)
    return {"creator": host, "organizer": host}


def _times(dice: random.Random, start: dt.datetime) -> Event:
    if dice.random() < 0.1:
        day = start.date()
        return {
            "start": {"date": f"{day}"},
            "end": {"date": f"{day + dt.timedelta(days=dice.randrange(1, 4))}"},
        }
    zone = dice.choice(ZONES)
    end = start + dt.timedelta(minutes=dice.choice((15, 30, 30, 45, 60, 60, 90, 120)))
    return {"start": _moment(start, zone), "end": _moment(end, zone)}


def _moment(at: dt.datetime, zone: str) -> Event:
    return {"dateTime": at.astimezone(ZoneInfo(zone)).isoformat().replace("+00:00", "Z"), "timeZone": zone}


def _rest(dice: random.Random, event_id: str, people: list[Event]) -> Event:
    out: Event = {"iCalUID": f"{event_id}@google.com", "sequence": dice.choice((0, 0, 0, 1, 2))}
    if dice.random() < 0.08:
        out["transparency"] = "transparent"
    if dice.random() < 0.4:
        out["attendees"] = [_guest(dice, person) for person in dice.sample(people, 1 + dice.randrange(6))]
    if dice.random() < 0.25:
        out.update(_meeting(dice))
    if dice.random() < 0.05:
        out["extendedProperties"] = {"private": {"ref": "".join(dice.choices(ID_LETTERS, k=16))}}
    out["reminders"] = {"useDefault": True}
    if dice.random() < 0.2:
        out["reminders"] = {
            "useDefault": False,
            "overrides": [{"method": "popup", "minutes": dice.choice((5, 10, 60))}],
        }
    out["eventType"] = "default"
    return out


def _person(dice: random.Random) -> Event:
    name, surname = dice.choice(NAMES), dice.choice(SURNAMES)
    local = f"{name}.{surname}".lower().encode("ascii", "ignore").decode()
    return {"email": f"{local}{dice.randrange(100)}@{dice.choice(HOSTS)}", "displayName": f"{name} {surname}"}


def _guest(dice: random.Random, person: Event) -> Event:
    guest = dict(person) if dice.random() < 0.5 else {"email": person["email"]}
    guest["responseStatus"] = dice.choice(ANSWERS)
    return guest


def _meeting(dice: random.Random) -> Event:
    letters = "".join(dice.choices("abcdefghijkmnopqrstuvwxyz", k=10))
    code, pin = f"{letters[:3]}-{letters[3:7]}-{letters[7:]}", str(dice.randrange(10**12, 10**13))
    video = {"entryPointType": "video", "uri": MEETING + code, "label": f"meet.google.com/{code}"}
    more = {"entryPointType": "more", "uri": f"https://tel.meet/{code}?pin={pin}", "pin": pin}
    solution = {"key": {"type": "hangoutsMeet"}, "name": "Google Meet", "iconUri": MEETING_ICON}
    conference = {"entryPoints": [video, more], "conferenceSolution": solution, "conferenceId": code}
    return {"hangoutLink": MEETING + code, "conferenceData": conference}


def _tombstone(event_id: str, position: int) -> Event:
    etag = _etag(CHANGED_AT + dt.timedelta(seconds=position))
    return {"kind": "calendar#event", "etag": etag, "id": event_id, "status": "cancelled"}


def _edited(event: Event, position: int) -> Event:
    at = CHANGED_AT + dt.timedelta(seconds=position)
    event["etag"], event["updated"] = _etag(at), _millis(at)
    event["summary"] += f" (moved {position})"
    event["sequence"] += 1
    return event


def _etag(at: dt.datetime) -> str:
    return f'"{int(at.timestamp() * 1_000_000) * 2}"'


def _millis(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
