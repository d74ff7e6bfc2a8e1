"""The values that pass between the floors. Instants are UTC milliseconds since 1970."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NewType, Protocol

from msgspec import Raw, Struct

UserId = NewType("UserId", int)
AccountId = NewType("AccountId", str)
CalendarId = NewType("CalendarId", str)
ProjectionId = NewType("ProjectionId", int)

Mode = Literal["series", "instances"]
AccountStatus = Literal["active", "partial", "needs_reauth", "calendar_disabled", "paused", "closing"]
ChangeKind = Literal["created", "updated", "cancelled", "calendar_added", "calendar_removed"]


class ObservedEvent(Protocol):
    """One readable item of a page: Google's JSON as sent, and the columns that queries need.

    `*_ms` are UTC milliseconds of timed events, `*_date` the dates of all-day ones.
    """

    @property
    def event_id(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def etag(self) -> str | None: ...
    @property
    def updated_ms(self) -> int | None: ...
    @property
    def start_ms(self) -> int | None: ...
    @property
    def end_ms(self) -> int | None: ...
    @property
    def start_date(self) -> str | None: ...
    @property
    def end_date(self) -> str | None: ...
    @property
    def series_id(self) -> str | None: ...
    @property
    def original_start(self) -> str | None: ...
    @property
    def i_cal_uid(self) -> str | None: ...
    @property
    def is_recurring(self) -> bool: ...
    @property
    def view(self) -> bytes | Raw:
        """The JSON of the item, as sent: valid UTF-8, perhaps without a copy of its own."""
        ...

    @property
    def raw(self) -> bytes:
        """The same as bytes."""
        ...


class UnreadableItem(Protocol):
    """An item that could not be read: kept as bytes, with the reason, and its id where that much was legible."""

    @property
    def event_id(self) -> str | None: ...
    @property
    def reason(self) -> str: ...
    @property
    def raw(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every page says of the calendar itself."""

    access_role: str | None
    time_zone: str | None
    summary: str | None
    default_reminders: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of `events.list`, already checked for shape."""

    items: Sequence[ObservedEvent]
    unreadable: Sequence[UnreadableItem]
    next_page_token: str | None
    next_sync_token: str | None
    envelope: Envelope
    in_pieces: bool = False
    """Several answers joined into one: Google could change between them."""


@dataclass(frozen=True, slots=True)
class Window:
    """The fixed span of an `instances` projection."""

    start_at: int
    end_at: int


@dataclass(frozen=True, slots=True)
class ListRequest:
    """The exact question of a pass; a page token is only valid together with it."""

    mode: Mode
    page_size: int
    sync_token: str | None = None
    window: Window | None = None

    @property
    def full(self) -> bool:
        return self.sync_token is None


@dataclass(frozen=True, slots=True)
class Pass:
    """One walk through the pages of one listing."""

    request: ListRequest
    projection_id: ProjectionId
    generation: int
    dirty_seq: int
    page_token: str | None = None
    resumed: bool = False
    pages: int = 0
    unread: bool = False
    """An item without a readable id was met: nothing may be swept."""
    fresh: bool = False
    """The projection was empty when the pass began: a live item is new unless it stood on an earlier page."""
    after_pieces: bool = False
    """The pass before had several pages: later ones may have shown a series newer than its exceptions."""


class StoredEvent(Struct, frozen=True, gc=False):
    """What planning needs to know of a row. Instants are UTC milliseconds."""

    event_id: str
    status: str
    updated_at: int | None
    raw: str
    last_raw: str | None
    recurring: bool
    series_id: str | None
    ical_uid: str | None
    etag: str | None
    original_start: str | None
    start_at: int | None
    end_at: int | None
    start_date: str | None
    end_date: str | None
    missing: bool
