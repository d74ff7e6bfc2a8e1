"""One version of one event, and how its JSON is laid out."""

import base64
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from calferry.emulator.world import recurrence, when
from calferry.emulator.world.recurrence import Occurrence

Json = dict[str, Any]

KEY_ORDER = (
    "kind", "etag", "id", "status", "htmlLink", "created", "updated", "summary", "description", "location",
    "colorId", "creator", "organizer", "start", "end", "endTimeUnspecified", "recurrence",
    "recurringEventId", "originalStartTime", "transparency", "visibility", "iCalUID", "sequence",
    "attendees", "attendeesOmitted", "extendedProperties", "hangoutLink", "conferenceData", "gadget",
    "anyoneCanAddSelf", "guestsCanInviteOthers", "guestsCanModify", "guestsCanSeeOtherGuests",
    "privateCopy", "locked", "reminders", "source", "attachments", "workingLocationProperties",
    "outOfOfficeProperties", "focusTimeProperties", "birthdayProperties", "eventLabelId", "eventType",
)  # fmt: skip
_PLACE = {key: place for place, key in enumerate(KEY_ORDER)}


def ordered(resource: Json) -> Json:
    """The resource with its keys in the order of Google's answers; unknown keys last."""
    return dict(sorted(resource.items(), key=lambda pair: _PLACE.get(pair[0], len(_PLACE))))


def html_link(event_id: str, calendar_id: str) -> str:
    """The address of the event's page, which names event and calendar in unpadded base64."""
    short = calendar_id.replace("@group.calendar.google.com", "@g").replace("@gmail.com", "@m")
    eid = base64.b64encode(f"{event_id} {short}".encode()).decode().rstrip("=")
    return f"https://www.google.com/calendar/event?eid={eid}"


class Event:
    """A version of an event: never altered after it is made; a write puts a new one in its place.

    `number` is the change that made it. `master` is set on an instance computed from its series that no
    write has made an exception of. `rendered` keeps JSON made of this version, for the wire to fill.
    """

    __slots__ = (
        "_found", "_layout", "_occurrences", "_span", "_zone", "id", "master", "number", "rendered", "resource",
    )  # fmt: skip

    def __init__(
        self,
        resource: Json,
        number: int,
        master: "Event | None" = None,
        span: tuple[str, int, int] | None = None,
    ) -> None:
        self.id: str = resource["id"]
        self.number = number
        self.resource = resource
        self.master = master
        self.rendered: dict[Any, bytes] = {}
        self._span = span
        self._layout: Json = {}
        self._zone = ""
        self._found: list[Occurrence] = []
        self._occurrences: Iterator[Occurrence] = iter(())

    @property
    def is_cancelled(self) -> bool:
        return bool(self.resource["status"] == "cancelled")

    @property
    def is_series(self) -> bool:
        return bool(self.resource.get("recurrence"))

    @property
    def recurring_event_id(self) -> str | None:
        parent: str | None = self.resource.get("recurringEventId")
        return parent

    def span(self, calendar_zone: str) -> tuple[int, int]:
        """Start and end in unix seconds; days are days of the calendar's zone."""
        if self._span is None or self._span[0] != calendar_zone:
            start, end = self.resource.get("start"), self.resource.get("end")
            start_at = when.instant(start, calendar_zone) if start else 0
            end_at = when.instant(end, calendar_zone) if end else start_at
            self._span = (calendar_zone, start_at, end_at)
        return self._span[1], self._span[2]

    def layout(self) -> Json:
        """What all instances of a series have in common, and the keys of the rest in their places."""
        if not self._layout:
            shared = {key: value for key, value in self.resource.items() if key != "recurrence"}
            self._layout = ordered({**shared, "recurringEventId": self.id, "originalStartTime": {}})
        return self._layout

    def occurrences(self, calendar_zone: str) -> Iterator[Occurrence]:
        """The occurrences of a series in order, computed once and only as far as somebody asks."""
        if self._zone != calendar_zone:
            self._zone, self._found = calendar_zone, []
            series = recurrence.series_of(self.resource, calendar_zone)
            self._occurrences = recurrence.occurrences(series)
        place = 0
        while True:
            if place == len(self._found):
                coming = next(self._occurrences, None)
                if coming is None:
                    return
                self._found.append(coming)
            yield self._found[place]
            place += 1

    def original_suffix(self) -> str:
        """The part of an instance's id that names its original start."""
        return suffix_of(self.resource["originalStartTime"])


def suffix_of(stamp: Json) -> str:
    """YYYYMMDD for a date, YYYYMMDDTHHMMSSZ for a time: the tail of an instance id."""
    if "date" in stamp:
        return str(stamp["date"]).replace("-", "")
    return when.basic_utc(when.instant(stamp, "UTC"))


def instance(master: Event, occurrence: Occurrence, calendar_id: str, calendar_zone: str) -> Event:
    """The event that Google computes for one occurrence of an unchanged series."""
    instance_id = f"{master.id}_{occurrence.suffix}"
    start = _stamp(master.resource["start"], occurrence.wall)
    resource = {
        **master.layout(),
        "id": instance_id,
        "htmlLink": html_link(instance_id, calendar_id),
        "start": start,
        "end": _end(master, occurrence, calendar_zone),
        "originalStartTime": start,
    }
    return Event(resource, master.number, master, _span(master, occurrence, calendar_zone))


def _span(master: Event, occurrence: Occurrence, calendar_zone: str) -> tuple[str, int, int] | None:
    """That of an instance with times, which need not be read again; days have lengths of their own."""
    if "date" in master.resource["start"]:
        return None
    start_at, end_at = master.span(calendar_zone)
    return calendar_zone, occurrence.start_at, occurrence.start_at + end_at - start_at


def _stamp(pattern: Json, wall: datetime) -> Json:
    if "date" in pattern:
        return {**pattern, "date": wall.date().isoformat()}
    return {**pattern, "dateTime": when.text_of(wall.replace(tzinfo=when.zone(pattern["timeZone"])))}


def _end(master: Event, occurrence: Occurrence, calendar_zone: str) -> Json:
    """Every instance lasts exactly as long as the first, whatever the clocks do meanwhile."""
    start, end = master.resource["start"], master.resource["end"]
    if "date" in start:
        length = when.parse_date(end["date"]) - when.parse_date(start["date"])
        return {**end, "date": (occurrence.wall + length).date().isoformat()}
    start_at, end_at = master.span(calendar_zone)
    moment = when.from_instant(occurrence.start_at + end_at - start_at, start["timeZone"])
    return {**end, "dateTime": when.text_of(moment)}
