"""Puts generated series into a calendar of the local Google, and changes some of their occurrences there."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from tests.contract.generated_series import DAY, HOUR, SEED, ZONES, Batch, Drawn, is_unsure
from tests.contract.series_as_ics import Changed, Kept
from tests.harness.service import LocalGoogle

Json = dict[str, Any]
Moment = datetime | date

PERSON = "owner@example.com"
AROUND = 45 * DAY
WITH_EXDATES, WITH_CHANGES = 0.3, 0.5
CHANGES_MAX = 5


class Filling:
    """A calendar being filled. `Kept` is what stands in it in the end."""

    def __init__(self, google: LocalGoogle, calendar: str, of: Batch) -> None:
        self.google = google
        self.path = f"/calendar/v3/calendars/{calendar}/events"
        self.batch = of
        self.edges = [datetime.combine(day, datetime.min.time(), UTC) for day in (of.low, of.high)]

    def add(self, drawn: Drawn) -> Kept:
        dice = random.Random(f"{SEED}/changes/{drawn.uid}")
        self.google.call("POST", self.path, drawn.body, user=PERSON)
        lines, excluded = drawn.lines, self.excluded(drawn, dice) if dice.random() < WITH_EXDATES else []
        if excluded:
            lines = (*lines, exdate(drawn, excluded, dice))
            self.patch(drawn.uid, {"recurrence": list(lines)})
        changed = self.changes(drawn, dice) if dice.random() < WITH_CHANGES else ()
        return Kept(drawn, lines, tuple(excluded), tuple(changed))

    def patch(self, event_id: str, body: Json) -> None:
        self.google.call("PATCH", f"{self.path}/{event_id}", body, user=PERSON)

    def occurrences(self, drawn: Drawn) -> list[tuple[str, Moment]]:
        """Ids and starts in and around the window, without those that clocks show twice or never."""
        low, high = self.edges
        asked = {"timeMin": (low - AROUND).isoformat(), "timeMax": (high + AROUND).isoformat()}
        path = f"{self.path}/{drawn.uid}/instances?{urlencode(asked | {'maxResults': 2500})}"
        found = [
            (item["id"], moment_of(item["originalStartTime"], drawn.zone))
            for item in self.google.call("GET", path, user=PERSON)["items"]
        ]
        return [one for one in found if is_plain(one[1], drawn)]

    def excluded(self, drawn: Drawn, dice: random.Random) -> list[Moment]:
        found = [start for _, start in self.occurrences(drawn)]
        return sorted(dice.sample(found, min(len(found), dice.randrange(1, 4))))

    def changes(self, drawn: Drawn, dice: random.Random) -> list[Changed]:
        found = self.occurrences(drawn)
        chosen = dice.sample(found, min(len(found), dice.randrange(1, CHANGES_MAX)))
        return [self.change(drawn, event_id, start, dice) for event_id, start in chosen]

    def change(self, drawn: Drawn, event_id: str, start: Moment, dice: random.Random) -> Changed:
        """One occurrence is cancelled, renamed, moved a little, moved over the window's edge, or made all-day."""
        kind = dice.choice(("cancel", "rename", "move", "cross", "turn"))
        if kind == "cancel":
            self.google.call("DELETE", f"{self.path}/{event_id}", user=PERSON)
            return Changed(start)
        if kind == "rename":
            self.patch(event_id, {"summary": "renamed"})
            return Changed(start, start, end_of(start, drawn))
        begin, end = moved(kind, start, self.edges, dice)
        self.patch(event_id, {"start": stamp(begin), "end": stamp(end)})
        return Changed(start, begin, end)


def exdate(drawn: Drawn, excluded: list[Moment], dice: random.Random) -> str:
    """The line that takes these away: as days, or as times of the series' zone, of another one, or of UTC."""
    if drawn.is_day:
        return f"EXDATE;VALUE=DATE:{','.join(f'{one:%Y%m%d}' for one in excluded)}"
    zone = dice.choice((drawn.zone, drawn.zone, "UTC", dice.choice(ZONES)))
    walls = [one.astimezone(ZoneInfo(zone)) for one in excluded if isinstance(one, datetime)]
    if zone == "UTC" or any(is_unsure(wall.replace(tzinfo=None), zone) for wall in walls):
        return f"EXDATE:{','.join(f'{wall.astimezone(UTC):%Y%m%dT%H%M%SZ}' for wall in walls)}"
    return f"EXDATE;TZID={zone}:{','.join(f'{wall:%Y%m%dT%H%M%S}' for wall in walls)}"


def moved(kind: str, start: Moment, edges: list[datetime], dice: random.Random) -> tuple[Moment, Moment]:
    length: timedelta = dice.choice((1, 3, 26)) * HOUR
    if kind == "turn":
        if isinstance(start, datetime):
            day = start.date() + dice.randrange(-1, 2) * DAY
            return day, day + dice.randrange(1, 3) * DAY
        begin = datetime.combine(start, datetime.min.time(), UTC) + dice.randrange(24) * HOUR
        return begin, begin + length
    if kind == "cross":
        far = dice.choice(edges) + dice.randrange(-30, 30) * HOUR
        return (far, far + length) if isinstance(start, datetime) else (far.date(), far.date() + DAY)
    by = dice.randrange(-60, 60)
    if isinstance(start, datetime):
        begin = start.astimezone(UTC) + by * HOUR
        return begin, begin + length
    return start + by * DAY, start + (by + dice.randrange(1, 3)) * DAY


def moment_of(time: Json, zone: str) -> Moment:
    if "date" in time:
        return date.fromisoformat(time["date"])
    return datetime.fromisoformat(time["dateTime"]).astimezone(ZoneInfo(zone))


def is_plain(start: Moment, drawn: Drawn) -> bool:
    """Whether the occurrence begins when the clocks show what they show at the start of the series, and only once."""
    if not isinstance(start, datetime) or not isinstance(drawn.start, datetime):
        return True
    return start.time() == drawn.start.time() and not is_unsure(start.replace(tzinfo=None), drawn.zone)


def end_of(start: Moment, drawn: Drawn) -> Moment:
    if isinstance(start, datetime) and isinstance(drawn.end, datetime) and isinstance(drawn.start, datetime):
        return start.astimezone(UTC) + (drawn.end.astimezone(UTC) - drawn.start.astimezone(UTC))
    return start + (drawn.end - drawn.start)


def stamp(at: Moment) -> Json:
    if isinstance(at, datetime):
        return {"dateTime": at.isoformat(), "timeZone": "UTC", "date": None}
    return {"date": at.isoformat(), "dateTime": None, "timeZone": None}
