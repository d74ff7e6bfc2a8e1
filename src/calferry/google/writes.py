"""Requests that change an event. The event is Google's JSON; what a person does not say is not sent.

Reference: /workspace/calendar/api/v3/reference/events on Google's site. None is repeated while it is unclear whether
it was done, but for a deletion: a repeated insert would be a Duplicate and a repeated conditional change a
PreconditionFailed, which only the caller can tell from somebody else's doing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from calferry.google.calls import PATCH_UNITS, Body, Call, Query, Unanswered, json_body, path_of, require_id
from calferry.google.event_ids import require_new_event_id
from calferry.google.models import ObservedItem
from calferry.google.pages import read_event

SEND_UPDATES = ("all", "externalOnly", "none")
EventBody = Body


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
    """A write that carries an event: JSON bytes, sent as they are, or a mapping.

    conference_data_version: 1, or Google ignores conferenceData. supports_attachments: True, or it ignores
    attachments. event_label_version: 1, or it ignores eventLabelId. max_attendees: of the answer.
    """

    event: EventBody
    conference_data_version: int | None = None
    supports_attachments: bool | None = None
    max_attendees: int | None = None
    event_label_version: int | None = None

    def _query(self) -> tuple[tuple[str, str], ...]:
        query = Query()
        query.add("sendUpdates", self.send_updates)
        query.add("conferenceDataVersion", self.conference_data_version)
        query.add("eventLabelVersion", self.event_label_version)
        query.add_true("supportsAttachments", bool(self.supports_attachments))
        query.add("maxAttendees", self.max_attendees)
        return query.pairs

    def _body(self) -> bytes:
        return json_body(self.event)

    def read(self, body: bytes) -> ObservedItem:
        return read_event(body)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventInsert(EventBodyWrite):
    """events.insert. Give the event an id of your own (event_id_of), so that a repeated insert is a Duplicate, not
    a second event."""

    def __post_init__(self) -> None:
        EventBodyWrite.__post_init__(self)
        if isinstance(self.event, Mapping) and "id" in self.event:
            require_new_event_id(self.event["id"])

    def call(self) -> Call:
        return Call("events.insert", "POST", self._path(), self._query(), self._body(), is_repeatable=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventImport(EventBodyWrite):
    """events.import: a private copy of an event that exists elsewhere under an iCalUID. Tells no guest."""

    def call(self) -> Call:
        query = tuple(pair for pair in self._query() if pair[0] not in ("sendUpdates", "maxAttendees"))
        path = self._path("import")
        return Call("events.import", "POST", path, query, self._body(), is_repeatable=False)


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
class EventDelete(Unanswered, EventWrite):
    """events.delete. Repeating it is an AlreadyDeleted or NotFound, either of which is what was wanted."""

    event_id: str
    if_match: str | None = None

    def call(self) -> Call:
        require_id(self.event_id, "event_id")
        query, path = (("sendUpdates", self.send_updates),), self._path(self.event_id)
        return Call("events.delete", "DELETE", path, query, if_match=self.if_match, is_answered=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventMove(EventWrite):
    """events.move: gives the event another organizer. Answers what is left of it in calendar_id.

    destination: the id of a calendar that the account may write.
    """

    event_id: str
    destination: str
    if_match: str | None = None

    def call(self) -> Call:
        require_id(self.event_id, "event_id")
        require_id(self.destination, "destination")
        query = (("destination", self.destination), ("sendUpdates", self.send_updates))
        path = self._path(self.event_id, "move")
        return Call("events.move", "POST", path, query, None, is_repeatable=False, if_match=self.if_match)

    def read(self, body: bytes) -> ObservedItem:
        return read_event(body)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuickAdd(EventWrite):
    """events.quickAdd: an event from a sentence. It takes no id, so that a repeated one is a second event."""

    text: str

    def call(self) -> Call:
        query = (("sendUpdates", self.send_updates), ("text", self.text))
        return Call("events.quickAdd", "POST", self._path("quickAdd"), query, is_repeatable=False)

    def read(self, body: bytes) -> ObservedItem:
        return read_event(body)
