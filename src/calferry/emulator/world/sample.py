"""Made-up events that look like real ones: meetings, series, all-day events, guests, HTML, emoji."""

from datetime import datetime, timedelta
from typing import Any

from calferry.emulator.world import when
from calferry.emulator.world.dice import Dice

Json = dict[str, Any]

TITLES = (
    "Team meeting", "1:1 with Robin", "Design review", "Sprint planning", "Retrospective", "Lunch with Kim",
    "Dentist", "Yoga 🧘", "Déjeuner d'équipe", "Besprechung Büroumzug", "会議", "Customer call", "Interview: Sam",
    "Release 🚀", "Book club 📚", "Parents' evening", "Piano lesson", "Quarterly figures", "Focus time", "Standup",
    "Call <b>urgent</b>", "Budget & planning", "Geburtstag Oma 🎂", "Встреча с командой", "Walk the dog 🐕",
)  # fmt: skip
PLACES = (
    "Room 4.12", "Café Central", "https://meet.example.com/abc-defg-hij", "Main St 1\n12345 Springfield", "Zoom",
    "Musterstraße 5, 10115 Berlin", "",
)  # fmt: skip
DESCRIPTIONS = (
    "",
    "Agenda to follow.",
    '<p>Agenda:</p><ul><li>Numbers</li><li><a href="https://example.com/doc?id=1&amp;v=2">Minutes</a></li></ul>',
    "Please bring your laptop 💻 and the signed form.\n\nThank you!",
    "Dial-in: +49 30 1234567, PIN 4711#",
    "<b>Important</b>: the room has changed &amp; there is \"quoted\" text, a backslash \\ and a tab\t.",
)  # fmt: skip
GUESTS = ("robin", "kim", "sam", "lee", "noor", "ines", "jörg", "mia")
RULES = (
    "RRULE:FREQ=WEEKLY", "RRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR", "RRULE:FREQ=DAILY;COUNT=10",
    "RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=12", "RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=12", "RRULE:FREQ=MONTHLY",
    "RRULE:FREQ=WEEKLY;BYDAY=TU,TH;COUNT=20",
)  # fmt: skip
LENGTHS_MIN = (15, 30, 30, 45, 60, 60, 60, 90, 120, 480)
DAYS_BACK, DAYS_AHEAD = 120, 240
SERIES_SHARE, ALL_DAY_SHARE = 0.12, 0.1


def sample_events(dice: Dice, n: int, now: float, time_zone: str) -> list[Json]:
    """`n` event bodies around `now` (unix seconds), as `events.insert` takes them, without ids."""
    return [sample_event(dice, now, time_zone) for _ in range(n)]


def sample_event(dice: Dice, now: float, time_zone: str) -> Json:
    """One event body: timed or all-day, single or a series."""
    event: Json = {"summary": dice.choice(TITLES)}
    kind = dice.random()
    if kind < ALL_DAY_SHARE:
        event |= all_day_times(dice, now)
    else:
        event |= sample_times(dice, now, time_zone)
    if dice.random() < SERIES_SHARE:
        event["recurrence"] = [dice.choice(RULES)]
    if "date" in event["start"] and "recurrence" in event:
        event["recurrence"] = ["RRULE:FREQ=YEARLY"]
    return event | _trimmings(dice)


def sample_times(dice: Dice, now: float, time_zone: str) -> Json:
    """Start and end within office hours of some day around `now`."""
    day = _some_day(dice, now, time_zone)
    start = day.replace(hour=dice.randrange(7, 20), minute=dice.choice((0, 0, 15, 30, 45)))
    end = start + timedelta(minutes=dice.choice(LENGTHS_MIN))
    return {name: _stamp(moment, time_zone) for name, moment in (("start", start), ("end", end))}


def _stamp(moment: datetime, time_zone: str) -> Json:
    return {"dateTime": when.text_of(moment), "timeZone": time_zone}


def all_day_times(dice: Dice, now: float) -> Json:
    day = _some_day(dice, now, "Etc/UTC").date()
    end = day + timedelta(days=dice.choice((1, 1, 1, 2, 5, 14)))
    return {"start": {"date": day.isoformat()}, "end": {"date": end.isoformat()}}


def _some_day(dice: Dice, now: float, time_zone: str) -> datetime:
    today = when.from_instant(int(now), time_zone).replace(minute=0, second=0, microsecond=0)
    return today + timedelta(days=dice.randrange(-DAYS_BACK, DAYS_AHEAD))


def _trimmings(dice: Dice) -> Json:
    """Everything that an event may have or not."""
    found: Json = {}
    if text := dice.choice(DESCRIPTIONS):
        found["description"] = text
    if place := dice.choice(PLACES):
        found["location"] = place
    if dice.random() < 0.35:
        found["attendees"] = _attendees(dice)
    if dice.random() < 0.1:
        found["transparency"] = "transparent"
    if dice.random() < 0.1:
        found["visibility"] = dice.choice(("private", "public"))
    if dice.random() < 0.2:
        found["colorId"] = str(dice.randrange(1, 12))
    if dice.random() < 0.1:
        found["status"] = "tentative"
    if dice.random() < 0.15:
        found["extendedProperties"] = {"private": {"ticket": f"T-{dice.randrange(1, 10_000)}"}}
    if dice.random() < 0.2:
        override = {"method": "popup", "minutes": dice.choice((5, 10, 60, 1440))}
        found["reminders"] = {"useDefault": False, "overrides": [override]}
    return found


def _attendees(dice: Dice) -> list[Json]:
    names = {dice.choice(GUESTS) for _ in range(dice.randrange(1, 5))}
    responses = ("needsAction", "accepted", "declined", "tentative")
    return [
        {
            "email": f"{name}@example.org",
            "displayName": name.title(),
            "responseStatus": dice.choice(responses),
        }
        for name in sorted(names)
    ]
