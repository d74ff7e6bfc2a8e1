"""Calendars as their owners see them. Reference: /workspace/calendar/api/v3/reference/calendars on Google's site."""

from dataclasses import dataclass

import msgspec

from calferry.google.calls import PATCH_UNITS, Body, Call, Unanswered, json_body, path_of, require_id
from calferry.google.resources import Resource, read_resource


class Calendar(Resource, frozen=True, kw_only=True):
    """What a calendar is for everybody; a person's own colour and title are in the calendar list."""

    calendar_id: str = msgspec.field(name="id")
    summary: str | None = None
    description: str | None = None
    location: str | None = None
    time_zone: str | None = None
    data_owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OneCalendar:
    """A request about one calendar. calendar_id: `primary` names the person's own."""

    calendar_id: str

    def __post_init__(self) -> None:
        require_id(self.calendar_id, "calendar_id")

    def _path(self, *rest: str) -> str:
        return path_of("calendars", self.calendar_id, *rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarGet(OneCalendar):
    """calendars.get."""

    def call(self) -> Call:
        return Call("calendars.get", "GET", self._path())

    def read(self, body: bytes) -> Calendar:
        return read_resource(body, Calendar)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarInsert:
    """calendars.insert: a new secondary calendar; it needs a `summary`. A repeated one is a second calendar."""

    calendar: Body

    def call(self) -> Call:
        body = json_body(self.calendar)
        return Call("calendars.insert", "POST", path_of("calendars"), body=body, is_repeatable=False)

    def read(self, body: bytes) -> Calendar:
        return read_resource(body, Calendar)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarUpdate(OneCalendar):
    """calendars.update: replaces what can be written. if_match: the etag it was based on."""

    calendar: Body
    if_match: str | None = None

    def call(self) -> Call:
        body = json_body(self.calendar)
        return Call("calendars.update", "PUT", self._path(), (), body, False, self.if_match)

    def read(self, body: bytes) -> Calendar:
        return read_resource(body, Calendar)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPatch(OneCalendar):
    """calendars.patch. if_match: the etag it was based on."""

    calendar: Body
    if_match: str | None = None

    def call(self) -> Call:
        body = json_body(self.calendar)
        return Call("calendars.patch", "PATCH", self._path(), (), body, False, self.if_match, PATCH_UNITS)

    def read(self, body: bytes) -> Calendar:
        return read_resource(body, Calendar)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDelete(Unanswered, OneCalendar):
    """calendars.delete: a secondary calendar, by its data owner."""

    if_match: str | None = None

    def call(self) -> Call:
        return Call("calendars.delete", "DELETE", self._path(), if_match=self.if_match, is_answered=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarClear(Unanswered, OneCalendar):
    """calendars.clear: deletes every event of a primary calendar. Never repeated: there may be new events by then."""

    def call(self) -> Call:
        return Call("calendars.clear", "POST", self._path("clear"), is_repeatable=False, is_answered=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarTransferOwnership(Unanswered, OneCalendar):
    """calendars.transferOwnership, for administrators of a domain. new_data_owner: a person's address."""

    new_data_owner: str

    def call(self) -> Call:
        query = (("newDataOwner", self.new_data_owner), ("useAdminAccess", "true"))
        path = self._path("transferOwnership")
        return Call("calendars.transferOwnership", "POST", path, query, None, False, is_answered=False)
