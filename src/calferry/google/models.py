"""What Google's answers say, as small frozen values. Google's names in snake case.

Enumerations stay open: an unknown status, role or event type is kept as the text that came.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

INT64_MAX = 2**63 - 1
ABSENT = msgspec.Raw()


class EventTime(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """start, end or originalStartTime: an instant or an all-day date, both as sent."""

    date_time: str | None = None
    date: str | None = None
    time_zone: str | None = None


class EventColumns(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """The few fields of an event that queries need."""

    id: str
    status: str | None = None
    etag: str | None = None
    updated: datetime | None = None
    start: EventTime | None = None
    end: EventTime | None = None
    recurring_event_id: str | None = None
    original_start_time: EventTime | None = None
    i_cal_uid: str | None = msgspec.field(default=None, name="iCalUID")
    recurrence: msgspec.Raw = ABSENT
    event_type: str | None = None
    sequence: int | None = None


class LooseEventColumns(msgspec.Struct, frozen=True, rename="camel"):
    """The same fields, read from an event whose times or text are odd."""

    id: str
    status: str | None = None
    etag: str | None = None
    updated: str | None = None
    start: EventTime | None = None
    end: EventTime | None = None
    recurring_event_id: str | None = None
    original_start_time: EventTime | None = None
    i_cal_uid: str | None = msgspec.field(default=None, name="iCalUID")
    recurrence: Any = None
    event_type: str | None = None
    sequence: int | None = None


class ListEnvelope(msgspec.Struct, frozen=True, rename="camel"):
    """The outside of a list answer. Only what paging depends on is typed strictly."""

    kind: str | None = None
    items: list[msgspec.Raw] | None = None
    next_page_token: str | None = None
    next_sync_token: str | None = None
    etag: Any = None
    summary: Any = None
    description: Any = None
    updated: Any = None
    time_zone: Any = None
    access_role: Any = None
    default_reminders: msgspec.Raw = ABSENT


class ObservedItem(msgspec.Struct, frozen=True, gc=False):
    """One event of a page.

    Instants are UTC milliseconds since 1970, all-day dates `YYYY-MM-DD`; original_start is `YYYYMMDD` or
    `YYYYMMDDTHHMMSSZ`. has_odd_times: a time could not be represented, its columns are None, raw has it.
    view: the event's JSON exactly as sent, usually a part of the page, which is kept in memory as long as it is;
    raw: the same as bytes, copied for each asking.
    """

    event_id: str
    status: str
    etag: str | None
    updated_ms: int | None
    start_ms: int | None
    end_ms: int | None
    start_date: str | None
    end_date: str | None
    time_zone: str | None
    series_id: str | None
    original_start: str | None
    i_cal_uid: str | None
    event_type: str | None
    sequence: int | None
    is_recurring: bool
    has_odd_times: bool
    view: bytes | msgspec.Raw

    @property
    def raw(self) -> bytes:
        return bytes(self.view)

    @property
    def is_cancelled(self) -> bool:
        return self.status == "cancelled"


class UnreadableItem(msgspec.Struct, frozen=True, gc=False):
    """One item that could not be understood: its bytes, why, and its id where that can be told."""

    raw: bytes
    reason: str
    event_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsPageObserved:
    """One page of events.list or events.instances."""

    items: list[ObservedItem]
    unreadable: list[UnreadableItem]
    next_page_token: str | None
    next_sync_token: str | None
    etag: str | None
    summary: str | None
    description: str | None
    updated: str | None
    time_zone: str | None
    access_role: str | None
    default_reminders: bytes | None


class CalendarListColumns(msgspec.Struct, frozen=True, rename="camel"):
    """A calendar list entry as Google writes it."""

    id: str
    etag: str | None = None
    summary: str | None = None
    summary_override: str | None = None
    description: str | None = None
    time_zone: str | None = None
    access_role: str | None = None
    color_id: str | None = None
    background_color: str | None = None
    foreground_color: str | None = None
    primary: bool | None = None
    selected: bool | None = None
    hidden: bool | None = None
    deleted: bool | None = None


class CalendarListEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a person's calendar list; raw: its JSON exactly as sent."""

    calendar_id: str
    etag: str | None
    summary: str | None
    summary_override: str | None
    description: str | None
    time_zone: str | None
    access_role: str | None
    color_id: str | None
    background_color: str | None
    foreground_color: str | None
    is_primary: bool
    is_selected: bool
    is_hidden: bool
    is_deleted: bool
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarListPageObserved:
    """One page of calendarList.list."""

    items: list[CalendarListEntry]
    unreadable: list[UnreadableItem]
    next_page_token: str | None
    next_sync_token: str | None
    etag: str | None


class ChannelColumns(msgspec.Struct, frozen=True, rename="camel"):
    """A channel as Google writes it: expiration is a string of digits, in one example of Google's a number."""

    id: str
    resource_id: str
    resource_uri: str | None = None
    expiration: str | int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """An open notification channel. expiration_ms: Unix milliseconds, often sooner than was asked for."""

    channel_id: str
    resource_id: str
    resource_uri: str | None
    expiration_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenResponse:
    """What the token endpoint granted. The tokens are not in the repr.

    refresh_token: None when Google sent none: keep the one there is. scopes: as granted, which may be fewer or
    more than were asked for, or empty when the answer did not say.
    """

    access_token: str = field(repr=False)
    expires_in_s: int
    refresh_token: str | None = field(default=None, repr=False)
    scopes: frozenset[str] = frozenset()
    id_token: str | None = field(default=None, repr=False)
    refresh_token_expires_in_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who signed in. sub is the only stable key of a person. `issued_at`: when an id token said so (unix seconds)."""

    sub: str
    email: str | None
    email_verified: bool
    hosted_domain: str | None = None
    name: str | None = None
    picture: str | None = None
    issued_at: int | None = None
