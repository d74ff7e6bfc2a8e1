"""Requests that change a person's list of calendars, not the calendars.

Reference: /workspace/calendar/api/v3/reference/calendarList on Google's site. None of them is conditional.
"""

from dataclasses import dataclass

from calferry.google.calendar_list import read_calendar_list_entry
from calferry.google.calls import PATCH_UNITS, Body, Call, Query, Unanswered, json_body, path_of, require_id
from calferry.google.models import CalendarListEntry


def _path(*rest: str) -> str:
    return path_of("users", "me", "calendarList", *rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarListWrite:
    """A write that carries an entry. color_rgb_format: the entry names colours by value, not by colorId."""

    entry: Body
    color_rgb_format: bool = False

    def _query(self) -> tuple[tuple[str, str], ...]:
        query = Query()
        query.add_true("colorRgbFormat", self.color_rgb_format)
        return query.pairs

    def read(self, body: bytes) -> CalendarListEntry:
        return read_calendar_list_entry(body)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarListInsert(CalendarListWrite):
    """calendarList.insert: `id` names a calendar that the account may see."""

    def call(self) -> Call:
        body = json_body(self.entry)
        return Call("calendarList.insert", "POST", _path(), self._query(), body, is_repeatable=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarListUpdate(CalendarListWrite):
    """calendarList.update: replaces what the person chose for this calendar."""

    calendar_id: str

    def call(self) -> Call:
        require_id(self.calendar_id, "calendar_id")
        path, body = _path(self.calendar_id), json_body(self.entry)
        return Call("calendarList.update", "PUT", path, self._query(), body, is_repeatable=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarListPatch(CalendarListWrite):
    """calendarList.patch."""

    calendar_id: str

    def call(self) -> Call:
        require_id(self.calendar_id, "calendar_id")
        path, body = _path(self.calendar_id), json_body(self.entry)
        return Call("calendarList.patch", "PATCH", path, self._query(), body, False, units=PATCH_UNITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarListDelete(Unanswered):
    """calendarList.delete: takes a calendar off the list; own ones cannot be."""

    calendar_id: str

    def call(self) -> Call:
        require_id(self.calendar_id, "calendar_id")
        return Call("calendarList.delete", "DELETE", _path(self.calendar_id), is_answered=False)
