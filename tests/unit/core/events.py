"""Events for tests of pure decisions, in the order of a made-up clock."""

import json
from typing import Any

from calferry.core.model import (
    Envelope,
    ListRequest,
    Page,
    Pass,
    ProjectionId,
    StoredEvent,
    UnreadableItem,
    Window,
)
from calferry.google.items import decode_columns, observed
from calferry.google.models import ObservedItem

ENVELOPE = Envelope("owner", "Europe/Berlin", "Team", None)


def item(event_id: str = "lunch", *, at: int = 1, **fields: Any) -> ObservedItem:
    """An item as the client library reads it, written at second `at`."""
    minute, second = divmod(at, 60)
    stamp = f"2026-01-01T00:{minute:02d}:{second:02d}.000Z"
    body = {"id": event_id, "status": "confirmed", "etag": f'"{at}"', "updated": stamp, **fields}
    raw = json.dumps(body).encode()
    return observed(decode_columns(raw), raw)


def tombstone(event_id: str = "lunch", *, at: int = 2, **fields: Any) -> ObservedItem:
    return item(event_id, at=at, status="cancelled", **fields)


def row(sent: ObservedItem, **changes: Any) -> StoredEvent:
    """The row that stores an item."""
    values: dict[str, Any] = {
        "event_id": sent.event_id,
        "status": sent.status,
        "updated_at": sent.updated_ms,
        "raw": sent.raw.decode(),
        "last_raw": None,
        "recurring": sent.is_recurring,
        "series_id": sent.series_id,
        "ical_uid": sent.i_cal_uid,
        "missing": False,
        "etag": sent.etag,
        "original_start": sent.original_start,
        "start_at": sent.start_ms,
        "end_at": sent.end_ms,
        "start_date": sent.start_date,
        "end_date": sent.end_date,
    }
    return StoredEvent(**{**values, **changes})


def page(*items: ObservedItem, unreadable: tuple[UnreadableItem, ...] = ()) -> Page:
    return Page(items, unreadable, None, "token", ENVELOPE)


def walk(*, full: bool = False, window: Window | None = None, fresh: bool = False) -> Pass:
    request = ListRequest("instances" if window else "series", 250, None if full else "token", window)
    return Pass(request, ProjectionId(1), 2, 0, fresh=fresh)
