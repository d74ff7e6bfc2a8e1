"""A client of the service: `async with calferry.Client(url, token) as client: …`. See docs/client.md.

It stands alone: nothing of the service is imported with it.
"""

from calferry.client.answers import (
    Calendar,
    Change,
    Conflict,
    Edited,
    Event,
    Progress,
    Status,
    Synced,
    SyncFailed,
    SyncUpdate,
)
from calferry.client.errors import CursorExpired, Refused, Unreachable
from calferry.client.service import Client

__all__ = [
    "Calendar",
    "Change",
    "Client",
    "Conflict",
    "CursorExpired",
    "Edited",
    "Event",
    "Progress",
    "Refused",
    "Status",
    "SyncFailed",
    "SyncUpdate",
    "Synced",
    "Unreachable",
]
