"""One frozen value per Google method: how to ask. Reference: /workspace/calendar/api/v3/reference on Google's site.

A list request carries everything that must be repeated with its page token, and can be stored beside it.
"""

import hashlib
from typing import ClassVar, Self

import msgspec

from calferry.google.calendar_list import read_calendar_list_entry, read_calendar_list_page
from calferry.google.calls import Call, Query, path_of, require_id, require_page_size
from calferry.google.models import (
    CalendarListEntry,
    CalendarListPageObserved,
    EventsPageObserved,
    ObservedItem,
)
from calferry.google.pages import read_event, read_events_page

EVENTS_PAGE_MAX = 2500
CALENDAR_LIST_PAGE_MAX = 250
FORBIDDEN_WITH_SYNC_TOKEN = (
    "time_min",
    "time_max",
    "updated_min",
    "order_by",
    "q",
    "i_cal_uid",
    "private_extended_property",
    "shared_extended_property",
)


class ListRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What every syncable list has in common."""

    forbidden_with_sync_token: ClassVar[tuple[str, ...]] = ()
    sync_token: str | None = None
    page_token: str | None = None

    def __post_init__(self) -> None:
        if self.sync_token is None:
            return
        for name in self.forbidden_with_sync_token:
            if getattr(self, name):
                raise ValueError(f"{name} cannot be combined with a sync token; use incremental()")

    def page(self, page_token: str) -> Self:
        """The same request for another page."""
        return msgspec.structs.replace(self, page_token=page_token)

    def incremental(self, sync_token: str) -> Self:
        """The request for what changed since, without what a sync token forbids; all else as it was."""
        defaults = {field.name: field.default for field in msgspec.structs.fields(self)}
        dropped = {name: defaults[name] for name in self.forbidden_with_sync_token}
        return msgspec.structs.replace(self, sync_token=sync_token, page_token=None, **dropped)

    def fingerprint(self) -> str:
        """Names everything but the page token: a page token belongs to exactly one fingerprint."""
        bare = msgspec.structs.replace(self, page_token=None)
        return hashlib.sha256(msgspec.json.encode(bare, order="sorted")).hexdigest()[:32]

    def to_json(self) -> str:
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Reads what to_json wrote. Raises ValueError for anything else."""
        return msgspec.json.decode(text, type=cls)


class EventsList(ListRequest, frozen=True, kw_only=True, tag_field="method", tag="events.list"):
    """events.list. Times are RFC 3339 with an offset. `fields` is never sent: it would narrow the mirror."""

    forbidden_with_sync_token = FORBIDDEN_WITH_SYNC_TOKEN
    calendar_id: str
    single_events: bool = False
    show_deleted: bool = True
    show_hidden_invitations: bool = False
    max_results: int = EVENTS_PAGE_MAX
    time_min: str | None = None
    time_max: str | None = None
    updated_min: str | None = None
    order_by: str | None = None
    q: str | None = None
    i_cal_uid: str | None = None
    event_types: tuple[str, ...] = ()
    private_extended_property: tuple[str, ...] = ()
    shared_extended_property: tuple[str, ...] = ()
    time_zone: str | None = None
    max_attendees: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        require_id(self.calendar_id, "calendar_id")
        require_page_size(self.max_results, EVENTS_PAGE_MAX)

    @property
    def earns_sync_token(self) -> bool:
        """Whether the last page of this listing has a sync token."""
        withholding = [name for name in FORBIDDEN_WITH_SYNC_TOKEN if name not in ("time_min", "time_max")]
        return not any(getattr(self, name) for name in withholding)

    def call(self) -> Call:
        query = Query()
        query.add("maxResults", self.max_results)
        query.add_true("singleEvents", self.single_events)
        query.add_true("showDeleted", self.show_deleted)
        query.add_true("showHiddenInvitations", self.show_hidden_invitations)
        query.add("timeMin", self.time_min)
        query.add("timeMax", self.time_max)
        query.add("updatedMin", self.updated_min)
        query.add("orderBy", self.order_by)
        query.add("q", self.q)
        query.add("iCalUID", self.i_cal_uid)
        query.add_each("eventTypes", self.event_types)
        query.add_each("privateExtendedProperty", self.private_extended_property)
        query.add_each("sharedExtendedProperty", self.shared_extended_property)
        query.add("timeZone", self.time_zone)
        query.add("maxAttendees", self.max_attendees)
        query.add("syncToken", self.sync_token)
        query.add("pageToken", self.page_token)
        return Call("events.list", "GET", path_of("calendars", self.calendar_id, "events"), query.pairs)

    def read(self, body: bytes) -> EventsPageObserved:
        return read_events_page(body, is_token_due=self.earns_sync_token)


class CalendarListList(ListRequest, frozen=True, kw_only=True, tag_field="method", tag="calendarList.list"):
    """calendarList.list."""

    forbidden_with_sync_token = ("min_access_role", "show_own_organization_only")
    show_deleted: bool = True
    show_hidden: bool = True
    max_results: int = CALENDAR_LIST_PAGE_MAX
    min_access_role: str | None = None
    show_own_organization_only: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        require_page_size(self.max_results, CALENDAR_LIST_PAGE_MAX)

    def call(self) -> Call:
        query = Query()
        query.add("maxResults", self.max_results)
        query.add_true("showDeleted", self.show_deleted)
        query.add_true("showHidden", self.show_hidden)
        query.add("minAccessRole", self.min_access_role)
        query.add_true("showOwnOrganizationOnly", self.show_own_organization_only)
        query.add("syncToken", self.sync_token)
        query.add("pageToken", self.page_token)
        return Call("calendarList.list", "GET", path_of("users", "me", "calendarList"), query.pairs)

    def read(self, body: bytes) -> CalendarListPageObserved:
        return read_calendar_list_page(body)


class EventInstances(msgspec.Struct, frozen=True, kw_only=True):
    """events.instances: the occurrences of one series. event_id: of the series."""

    calendar_id: str
    event_id: str
    page_token: str | None = None
    time_min: str | None = None
    time_max: str | None = None
    original_start: str | None = None
    show_deleted: bool = True
    max_results: int = EVENTS_PAGE_MAX
    time_zone: str | None = None
    max_attendees: int | None = None

    def __post_init__(self) -> None:
        require_id(self.calendar_id, "calendar_id")
        require_id(self.event_id, "event_id")
        require_page_size(self.max_results, EVENTS_PAGE_MAX)

    def page(self, page_token: str) -> Self:
        """The same request for another page."""
        return msgspec.structs.replace(self, page_token=page_token)

    def call(self) -> Call:
        query = Query()
        query.add("maxResults", self.max_results)
        query.add_true("showDeleted", self.show_deleted)
        query.add("timeMin", self.time_min)
        query.add("timeMax", self.time_max)
        query.add("originalStart", self.original_start)
        query.add("timeZone", self.time_zone)
        query.add("maxAttendees", self.max_attendees)
        query.add("pageToken", self.page_token)
        path = path_of("calendars", self.calendar_id, "events", self.event_id, "instances")
        return Call("events.instances", "GET", path, query.pairs)

    def read(self, body: bytes) -> EventsPageObserved:
        return read_events_page(body, is_token_due=False)


class EventGet(msgspec.Struct, frozen=True, kw_only=True):
    """events.get. Answers for a deleted event too, while Google remembers it."""

    calendar_id: str
    event_id: str
    time_zone: str | None = None
    max_attendees: int | None = None

    def __post_init__(self) -> None:
        require_id(self.calendar_id, "calendar_id")
        require_id(self.event_id, "event_id")

    def call(self) -> Call:
        query = Query()
        query.add("timeZone", self.time_zone)
        query.add("maxAttendees", self.max_attendees)
        path = path_of("calendars", self.calendar_id, "events", self.event_id)
        return Call("events.get", "GET", path, query.pairs)

    def read(self, body: bytes) -> ObservedItem:
        return read_event(body)


class CalendarListGet(msgspec.Struct, frozen=True, kw_only=True):
    """calendarList.get. calendar_id: `primary` names the person's own calendar."""

    calendar_id: str

    def __post_init__(self) -> None:
        require_id(self.calendar_id, "calendar_id")

    def call(self) -> Call:
        path = path_of("users", "me", "calendarList", self.calendar_id)
        return Call("calendarList.get", "GET", path)

    def read(self, body: bytes) -> CalendarListEntry:
        return read_calendar_list_entry(body)
