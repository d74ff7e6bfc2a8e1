"""One edit by our side, from its acceptance to what became of it."""

from dataclasses import dataclass
from typing import Literal

IntentKind = Literal["insert", "patch", "delete"]
IntentStatus = Literal["pending", "done", "failed", "conflict", "cancelled"]
OnConflict = Literal["fail", "ours", "theirs"]


@dataclass(frozen=True, slots=True)
class Intent:
    """What was accepted and how far it got. Times are UTC milliseconds.

    Edits of one line, which is an event or a whole series, keep their order. `changes` is JSON: the event to insert,
    or what a patch changes in `base_raw`, the event as it was when the edit was made; a deletion has none. Without `base_etag` the version to change is not known to Google yet, or not to us.
    `answer` is what Google made of it.
    """

    number: int
    id: str
    user_id: int
    account_id: str
    calendar_id: str
    event_id: str
    line_id: str
    kind: IntentKind
    changes: str | None
    base_raw: str | None
    base_etag: str | None
    send_updates: str
    on_conflict: OnConflict
    after_id: str | None
    status: IntentStatus
    attempts: int
    uncertain: bool
    next_try_at: int | None
    error_code: str | None
    error_reason: str | None
    error_message: str | None
    answer: str | None
    fence: int
    created_at: int
    settled_at: int | None
