"""A calendar: its fields, who may do what with it, and its events."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from calferry.emulator.world import when
from calferry.emulator.world.dice import BASE32HEX
from calferry.emulator.world.shelf import EventShelf

Json = dict[str, Any]

ROLES = ("none", "freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner")
_RANK = {role: rank for rank, role in enumerate(ROLES)}


def at_least(role: str, needed: str) -> bool:
    """Whether `role` includes everything that `needed` allows."""
    return _RANK[role] >= _RANK[needed]


@dataclass(slots=True)
class Calendar:
    """One calendar. `acl` maps rule ids (`user:…`, `group:…`, `domain:…`, `default`) to roles; `acl_numbers`
    keeps the last change of a rule, also of one that is gone; `groups` are those of the world,
    `created_by` the OAuth client that made the calendar.

    `number` is the last change of its own fields, `events_number` of its events. Sync tokens older than
    `tokens_valid_from` are refused; the next `empty_pages` listed pages carry no items.
    """

    id: str
    summary: str
    time_zone: str
    owner: str
    number: int
    primary: bool = False
    description: str | None = None
    location: str | None = None
    extra: Json = field(default_factory=dict)
    acl: dict[str, str] = field(default_factory=dict)
    acl_numbers: dict[str, int] = field(default_factory=dict)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    shelf: EventShelf = field(default_factory=EventShelf)
    events_number: int = 0
    tokens_valid_from: int = 0
    watchable: bool = True
    empty_pages: int = 0
    deleted: bool = False
    created_by: str = ""

    def role_of(self, email: str | None) -> str:
        """The highest role that any rule gives this person (None: somebody not signed in)."""
        roles = [self.acl.get("default", "none")]
        if email:
            roles.append(self.acl.get(f"user:{email}", "none"))
            roles.append(self.acl.get(f"domain:{email.partition('@')[2]}", "none"))
            mine = (group for group, members in self.groups.items() if email in members)
            roles += [self.acl.get(f"group:{group}", "none") for group in mine]
        return max(roles, key=_RANK.__getitem__)

    def etag(self) -> str:
        """Opaque, unlike the etag of an event."""
        return opaque_etag(f"{self.id} {self.number}")

    def resource(self) -> Json:
        """The calendar as `calendars.get` shows it."""
        found: Json = {
            "kind": "calendar#calendar",
            "etag": self.etag(),
            "id": self.id,
            "summary": self.summary,
            "description": self.description,
            "location": self.location,
            "timeZone": self.time_zone,
            "dataOwner": None if self.primary else self.owner,
            "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
            **self.extra,
        }
        return {key: value for key, value in found.items() if value is not None}

    def events_updated(self) -> str:
        return when.timestamp(max(self.events_number, self.number))


def opaque_etag(seed: str) -> str:
    """A quoted 16-letter etag, the form of today's collection etags."""
    digest = hashlib.sha256(seed.encode()).digest()
    return '"p' + "".join(BASE32HEX[byte & 31] for byte in digest[:15]) + '"'
