"""Values of the calendar list and of push channels."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CalendarListEntry:
    """One entry of the calendar list; `raw` is Google's JSON as sent."""

    google_id: str
    summary: str
    time_zone: str | None
    access_role: str
    is_primary: bool
    is_hidden: bool
    is_deleted: bool
    raw: str


@dataclass(frozen=True, slots=True)
class CalendarListPage:
    entries: Sequence[CalendarListEntry]
    next_page_token: str | None
    next_sync_token: str | None


@dataclass(frozen=True, slots=True)
class ChannelRequest:
    """A channel to be opened; `life_s` is asked for, Google decides."""

    channel_id: str
    token: str = field(repr=False)
    address: str
    life_s: int


@dataclass(frozen=True, slots=True)
class OpenedChannel:
    resource_id: str
    resource_uri: str | None
    expires_at: int
    """UTC milliseconds."""
