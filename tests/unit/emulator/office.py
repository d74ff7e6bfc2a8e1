"""Four people around one calendar, driven over HTTP, and beside it what has to come of their edits."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tests.unit.emulator.desk import ALICE, BOB, START, Answer, Desk
from tests.unit.emulator.reference_model import Entry, ReferenceModel, Window, instance_id

CAROL, DAVE = "carol@example.com", "dave@example.com"
DAY_S = 86_400
FIRST_DAY = int(START) // DAY_S * DAY_S
SERIES_MOST = 6


def moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def times(start: int, length: int) -> dict[str, Any]:
    ends = {"start": start, "end": start + length}
    return {name: {"dateTime": moment(at), "timeZone": "UTC"} for name, at in ends.items()}


class Office:
    """Alice's calendar, which Bob writes and Dave reads, and the calendar of Carol, who is invited at times."""

    def __init__(self) -> None:
        people = [{"email": email, "time_zone": "UTC"} for email in (ALICE, BOB, CAROL, DAVE)]
        shared = {BOB: "writer", DAVE: "reader"}
        rules = [{"scope": {"type": "user", "value": who}, "role": role} for who, role in shared.items()]
        self.desk = Desk(({"people": people, "acl": {ALICE: rules}},))
        self.models = {ALICE: ReferenceModel(), CAROL: ReferenceModel()}
        self.invited: set[str] = set()
        self.thrown_away: set[str] = set()
        self.lost: set[tuple[str, int]] = set()
        self.titles = 0

    def title(self) -> str:
        self.titles += 1
        return f"title {self.titles}"

    def note(self, event_id: str, entry: Entry) -> None:
        """Alice's calendar has it so, and Carol's if she is invited and still wants to come."""
        whole = entry.parent or event_id
        self.models[ALICE].put(event_id, entry)
        if whole in self.invited - self.thrown_away:
            self.models[CAROL].put(event_id, entry)

    def send(
        self, method: str, event_id: str, body: Any = None, user: str = BOB, calendar: str = ALICE
    ) -> Answer:
        self.desk.now += 1
        where = f"calendars/{calendar}/events/{event_id}".rstrip("/")
        answer = self.desk.api(method, where, body, user)
        assert answer.status in (200, 204), answer.json
        return answer

    def pick(
        self, number: int, *, calendar: str = ALICE, live: bool = True, series: bool | None = None
    ) -> str:
        """Some whole event of the calendar, empty if there is none of the kind."""
        found = [
            key
            for key, one in self.models[calendar].entries.items()
            if not one.parent and one.live == live and series in (None, one.count > 0)
        ]
        return found[number % len(found)] if found else ""

    def insert(self, day: int, count: int, with_carol: bool, user: str) -> str:
        entry = Entry(self.title(), FIRST_DAY + day * DAY_S, 3600 * (1 + day % 3), count=count)
        body = {"summary": entry.title, **times(entry.start, entry.length)}
        body |= {"recurrence": [f"RRULE:FREQ=WEEKLY;COUNT={count}"]} if count else {}
        body |= {"attendees": [{"email": CAROL}]} if with_carol else {}
        event_id = str(self.send("POST", "", body, user).json["id"])
        self.invited |= {event_id} if with_carol else set()
        self.note(event_id, entry)
        return event_id

    def patch(self, event_id: str, user: str, **changes: Any) -> None:
        """Changes of a whole event, in the model's words. What would bring back a lost exception's day is not done."""
        entries = self.models[ALICE].entries
        entry = replace(entries[event_id], title=self.title(), **changes)
        if any((event_id, start) in self.lost for start in entry.starts()):
            return
        moved = {one.original for one in entries.values() if one.parent == event_id}
        self.lost |= {(event_id, original) for original in moved - entry.starts()}
        body = {"summary": entry.title, "status": "confirmed", **times(entry.start, entry.length)}
        body |= {"recurrence": [f"RRULE:FREQ=WEEKLY;COUNT={entry.count}"]} if entry.count else {}
        self.send("PATCH", event_id, body, user)
        self.note(event_id, entry)

    def move(self, event_id: str, day: int, user: str) -> None:
        self.patch(event_id, user, start=FIRST_DAY + day * DAY_S)

    def change_instance(self, series: str, number: int, day: int | None, user: str) -> None:
        """Renames an instance, moves it to another day, or with `day` None cancels it."""
        entries = self.models[ALICE].entries
        master = entries[series]
        original = sorted(master.starts())[number % master.count]
        event_id = instance_id(series, original)
        start = original if day is None else FIRST_DAY + day * DAY_S
        fresh = Entry(master.title, start, master.length, parent=series, original=original)
        entry = entries.get(event_id, fresh)
        if not entry.live:
            return
        if day is None:
            self.send("DELETE", event_id, user=user)
            self.note(event_id, replace(entry, live=False))
            return
        entry = replace(entry, title=self.title(), start=start)
        self.send("PATCH", event_id, {"summary": entry.title, **times(start, entry.length)}, user)
        self.note(event_id, entry)

    def delete(self, event_id: str, user: str) -> None:
        self.send("DELETE", event_id, user=user)
        self.note(event_id, replace(self.models[ALICE].entries[event_id], live=False))

    def split(self, series: str, at: int, user: str) -> None:
        """This and following."""
        master = self.models[ALICE].entries[series]
        kept = 1 + at % master.count
        self.patch(series, user, count=kept)
        if kept < master.count:
            day = (sorted(master.starts())[kept] - FIRST_DAY) // DAY_S
            self.insert(day, master.count - kept, False, user)

    def answer(self, event_id: str) -> None:
        """Carol accepts, saying something new each time."""
        self.titles += 1
        own = {"email": CAROL, "responseStatus": "accepted", "comment": str(self.titles)}
        self.send("PATCH", event_id, {"attendees": [own]}, CAROL, CAROL)
        for model in self.models.values():
            model.put(event_id, model.entries[event_id])

    def throw_away(self, event_id: str) -> None:
        """Carol deletes her copy, and Alice reads that she declined."""
        self.send("DELETE", event_id, user=CAROL, calendar=CAROL)
        self.thrown_away.add(event_id)
        self.models[CAROL].put(event_id, replace(self.models[CAROL].entries[event_id], live=False))
        self.models[ALICE].put(event_id, self.models[ALICE].entries[event_id])


def window_of(first_day: int, days: int) -> Window:
    start = FIRST_DAY + first_day * DAY_S
    return start, start + days * DAY_S
