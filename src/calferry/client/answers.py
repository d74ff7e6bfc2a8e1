"""What the service answers. Fields of later versions are passed over; events are Google's own JSON."""

from typing import Any

import msgspec

Event = dict[str, Any]
"""Google's event resource with every field as Google sent it, plus `calendar_id`."""


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """`id` is the service's, `google_id` Google's. `selected`: whether it is mirrored."""

    id: str
    google_id: str
    account_id: str
    summary: str
    access_role: str
    primary: bool
    selected: bool
    paused: bool
    mode: str
    time_zone: str | None
    health: str


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How a calendar is doing. Times are RFC 3339 texts in UTC."""

    calendar_id: str
    health: str
    up_to_date: bool
    last_synced_at: str | None
    last_attempt_at: str | None
    pending_intents: int


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the change log. `id` is a cursor: whoever has seen to it goes on from there.

    `kind` is `created`, `updated` or `cancelled`; `calendar_added` and `calendar_removed` are about a calendar. `moved`: the event
    begins or ends at another time than before. `at` is when the change was committed, an RFC 3339 text in UTC. `event` is the resource as it is stored
    now, None where there is none.
    """

    id: str
    calendar_id: str
    event_id: str | None
    kind: str
    moved: bool
    at: str
    event: Event | None


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a round of syncing is."""

    calendars_finished: int
    events_so_far: int


class SyncFailed(msgspec.Struct, frozen=True, kw_only=True):
    """A calendar that could not be synced; the others go on."""

    calendar_id: str
    code: str
    message: str
    retryable: bool


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """Events of a calendar that are new, changed or cancelled."""

    calendar_id: str
    events: list[Event]


class Synced(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a round."""

    total_events: int
    calendars_synced: int
    last_sync_at: str | None


SyncUpdate = Progress | Changed | SyncFailed | Synced


class Edited(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an edit. `event` is None for one that is deleted.

    `intent_id` is there while the edit is stored and on its way to Google; otherwise Google has it.
    """

    event: Event | None
    etag: str | None = None
    intent_id: str | None = None

    @property
    def is_pending(self) -> bool:
        return self.intent_id is not None


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """An edit that met another one of the same `fields` at Google. `base`: the event it was made on; `ours`: what it was to
    change, None for a deletion; `theirs`: the event as it was found, None where it had been deleted. `outcome` is `open` until
    somebody decides, then `ours` or `theirs`."""

    id: str
    calendar_id: str
    event_id: str
    fields: list[str]
    base: Event | None
    ours: Event | None
    theirs: Event | None
    outcome: str


class Conflicts(msgspec.Struct):
    conflicts: list[Conflict]
    nextPageToken: str | None = None


class Calendars(msgspec.Struct):
    calendars: list[Calendar]


class Statuses(msgspec.Struct):
    calendars: list[Status]


class EventsPage(msgspec.Struct):
    items: list[Event]
    cursor: str
    nextPageToken: str | None = None


class ChangesPage(msgspec.Struct):
    changes: list[Change]
    cursor: str
    has_more: bool


class IntentBrief(msgspec.Struct):
    id: str


class Queued(msgspec.Struct):
    intent: IntentBrief
    event: Event | None


class Reset(msgspec.Struct):
    cursor: str
