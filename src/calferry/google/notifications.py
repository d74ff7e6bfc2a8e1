"""Webhook headers → Notification. Pure; nothing a sender puts there makes it fail.

Headers: /workspace/calendar/api/guides/push on Google's site. The body is always empty and says nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

HEADER_LENGTH_MAX = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What a push says: that something about a resource changed, never what.

    resource_state: sync (first message of a channel), exists, not_exists, or a word not known yet.
    """

    channel_id: str
    resource_id: str
    resource_state: str
    message_number: int | None = None
    resource_uri: str | None = None
    channel_token: str | None = field(default=None, repr=False)
    channel_expiration_ms: int | None = None

    @property
    def is_sync(self) -> bool:
        return self.resource_state == "sync"


def read_notification(headers: Mapping[str, str]) -> Notification | None:
    """headers: of the POST, names in any case. None when no channel is named, so that it is no push of Google's."""
    google = {
        name.lower().removeprefix("x-goog-"): value[:HEADER_LENGTH_MAX]
        for name, value in headers.items()
        if name.lower().startswith("x-goog-")
    }
    channel_id = google.get("channel-id", "").strip()
    if not channel_id:
        return None
    return Notification(
        channel_id=channel_id,
        resource_id=google.get("resource-id", ""),
        resource_state=google.get("resource-state", ""),
        message_number=_number(google.get("message-number", "")),
        resource_uri=google.get("resource-uri"),
        channel_token=google.get("channel-token"),
        channel_expiration_ms=_date_ms(google.get("channel-expiration")),
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _date_ms(text: str | None) -> int | None:
    try:
        return None if text is None else round(parsedate_to_datetime(text).timestamp() * 1000)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
