"""Requests that change an event. The event is Google's JSON; what a person does not say is not sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from calferry.google.calls import Call, Query, path_of, require_id

SEND_UPDATES = ("all", "externalOnly", "none")
PATCH_UNITS = 3
EventBody = bytes | Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventWrite:
    """What every write says. send_updates: whether guests are told, never left to a default of Google's."""

    calendar_id: str
    send_updates: str = "none"

    def __post_init__(self) -> None:
        require_id(self.calendar_id, "calendar_id")
        if self.send_updates not in SEND_UPDATES:
            raise ValueError(f"send_updates must be one of {', '.join(SEND_UPDATES)}")

    def _path(self, *rest: str) -> str:
        return path_of("calendars", self.calendar_id, "events", *rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBodyWrite(EventWrite):
    """A write that carries an event: JSON bytes, sent as they are, or a mapping."""

    event: EventBody
    conference_data_version: int | None = None
    supports_attachments: bool | None = None
    max_attendees: int | None = None

    def _query(self) -> tuple[tuple[str, str], ...]:
        query = Query()
        query.add("sendUpdates", self.send_updates)
        query.add("conferenceDataVersion", self.conference_data_version)
        query.add_true("supportsAttachments", bool(self.supports_attachments))
        query.add("maxAttendees", self.max_attendees)
        return query.pairs

    def _body(self) -> bytes:
        return self.event if isinstance(self.event, bytes) else msgspec.json.encode(dict(self.event))


@dataclass(frozen=True, slots=True, kw_only=True)
class EventInsert(EventBodyWrite):
    """events.insert. Give the event an id of your own, so that a repeated insert is a Duplicate, not a second event."""

    def call(self) -> Call:
        return Call("events.insert", "POST", self._path(), self._query(), self._body(), is_repeatable=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventUpdate(EventBodyWrite):
    """events.update: replaces the event. if_match: the etag it was based on."""

    event_id: str
    if_match: str | None = None

    def call(self) -> Call:
        require_id(self.event_id, "event_id")
        path = self._path(self.event_id)
        return Call("events.update", "PUT", path, self._query(), self._body(), False, self.if_match)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPatch(EventBodyWrite):
    """events.patch: merges objects by key and replaces arrays whole. if_match: the etag it was based on."""

    event_id: str
    if_match: str | None = None

    def call(self) -> Call:
        require_id(self.event_id, "event_id")
        path = self._path(self.event_id)
        return Call(
            "events.patch", "PATCH", path, self._query(), self._body(), False, self.if_match, PATCH_UNITS
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDelete(EventWrite):
    """events.delete. Repeating it is an AlreadyDeleted or NotFound, either of which is what was wanted."""

    event_id: str
    if_match: str | None = None

    def call(self) -> Call:
        require_id(self.event_id, "event_id")
        query = (("sendUpdates", self.send_updates),)
        return Call("events.delete", "DELETE", self._path(self.event_id), query, if_match=self.if_match)
