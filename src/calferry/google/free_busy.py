"""When calendars are busy. Reference: /workspace/calendar/api/v3/reference/freebusy/query on Google's site."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import msgspec

from calferry.google.calls import Call
from calferry.google.resources import Resource, read_resource
from calferry.google.times import instant_ms

CALENDARS_MAX = 50
GROUP_MEMBERS_MAX = 100
TOO_MANY = "tooManyCalendarsRequested"


class Trouble(msgspec.Struct, frozen=True):
    """Why one calendar or group could not be told: notFound, groupTooBig, internalError and more."""

    reason: str | None = None
    domain: str | None = None


class Busy(msgspec.Struct, frozen=True):
    """From start to before end, RFC 3339 as sent; as UTC milliseconds since 1970 in start_ms and end_ms."""

    start: str
    end: str

    @property
    def start_ms(self) -> int | None:
        return instant_ms(self.start, None)

    @property
    def end_ms(self) -> int | None:
        return instant_ms(self.end, None)


class BusyCalendar(msgspec.Struct, frozen=True):
    """One calendar's part; busy says nothing where there are errors."""

    busy: list[Busy] = []
    errors: list[Trouble] = []

    @property
    def is_refused_as_one_too_many(self) -> bool:
        return any(trouble.reason == TOO_MANY for trouble in self.errors)


class BusyGroup(msgspec.Struct, frozen=True):
    """The calendars that a group stands for."""

    calendars: list[str] = []
    errors: list[Trouble] = []


class FreeBusy(Resource, frozen=True, kw_only=True):
    """calendars: by the id that was asked for, or that a group stands for. raw: of the first answer."""

    time_min: str | None = None
    time_max: str | None = None
    calendars: dict[str, BusyCalendar] = msgspec.field(default_factory=dict)
    groups: dict[str, BusyGroup] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeBusyQuery:
    """freebusy.query. Times are RFC 3339 with an offset, at most about three months apart.

    items: ids of calendars, and addresses of groups. One request asks for at most 50 items: see pieces().
    """

    time_min: str
    time_max: str
    items: tuple[str, ...]
    time_zone: str | None = None
    group_expansion_max: int = GROUP_MEMBERS_MAX
    calendar_expansion_max: int = CALENDARS_MAX

    def __post_init__(self) -> None:
        if not self.items:
            raise ValueError("items must name at least one calendar or group")
        if not 1 <= self.calendar_expansion_max <= CALENDARS_MAX:
            raise ValueError(f"calendar_expansion_max must be 1 to {CALENDARS_MAX}")
        if not 1 <= self.group_expansion_max <= GROUP_MEMBERS_MAX:
            raise ValueError(f"group_expansion_max must be 1 to {GROUP_MEMBERS_MAX}")

    def call(self) -> Call:
        if len(self.items) > self.calendar_expansion_max:
            raise ValueError(f"more than {self.calendar_expansion_max} items in one request; use pieces()")
        question = {
            "timeMin": self.time_min,
            "timeMax": self.time_max,
            "groupExpansionMax": self.group_expansion_max,
            "calendarExpansionMax": self.calendar_expansion_max,
            "items": [{"id": item} for item in self.items],
        } | ({} if self.time_zone is None else {"timeZone": self.time_zone})
        return Call("freebusy.query", "POST", "/freeBusy", body=msgspec.json.encode(question))

    def read(self, body: bytes) -> FreeBusy:
        return read_resource(body, FreeBusy)

    def pieces(self) -> Iterator["FreeBusyQuery"]:
        """The same question in requests that Google answers in full, each item once."""
        items = tuple(dict.fromkeys(self.items))
        for start in range(0, len(items), self.calendar_expansion_max):
            yield replace(self, items=items[start : start + self.calendar_expansion_max])

    def unanswered(self, answer: FreeBusy) -> "FreeBusyQuery | None":
        """What is still to be asked because groups stood for more calendars than one answer holds."""
        left = tuple(name for name, part in answer.calendars.items() if part.is_refused_as_one_too_many)
        return replace(self, items=left) if left and left != self.items else None


def joined(answers: Iterable[FreeBusy]) -> FreeBusy:
    """One answer of several to pieces of the same question; later ones win."""
    first, *others = answers
    calendars, groups = dict(first.calendars), dict(first.groups)
    for answer in others:
        calendars |= answer.calendars
        groups |= answer.groups
    return msgspec.structs.replace(first, calendars=calendars, groups=groups)
