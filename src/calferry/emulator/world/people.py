"""The people of the world and their calendar lists."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

WRITABLE_ENTRY_FIELDS = (
    "colorId", "backgroundColor", "foregroundColor", "defaultReminders", "hidden", "notificationSettings",
    "selected", "summaryOverride",
)  # fmt: skip


@dataclass(slots=True)
class CalendarListEntry:
    """One calendar as one person sees it. `own` holds the fields that this person set."""

    calendar_id: str
    number: int
    own: Json = field(default_factory=dict)
    deleted: bool = False


@dataclass(slots=True)
class Person:
    """Somebody with a Google account; the email address is also the id of the primary calendar."""

    email: str
    name: str = ""
    picture: str = ""
    hosted_domain: str = ""
    time_zone: str = "Etc/UTC"
    sub: str = ""
    signed_up: bool = True
    entries: dict[str, CalendarListEntry] = field(default_factory=dict)
    list_tokens_valid_from: int = 0
    settings: dict[str, str] = field(default_factory=dict)
    settings_numbers: dict[str, int] = field(default_factory=dict)
    is_admin: bool = False
    is_service_account: bool = False

    def __post_init__(self) -> None:
        self.sub = self.sub or subject(self.email)

    def put_entry(self, entry: CalendarListEntry) -> None:
        """Stores an entry as the latest change of the list."""
        self.entries.pop(entry.calendar_id, None)
        self.entries[entry.calendar_id] = entry


def subject(email: str) -> str:
    """A stable 21-digit account id, as in the `sub` of id tokens."""
    number = int(hashlib.sha256(email.lower().encode()).hexdigest(), 16)
    return f"1{number % 10**20:020d}"
