"""The bodies of the sync stream's frames: exactly the documented fields, events as Google sent them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from calferry.core.failure import FailureInfo

TIMED_OUT = '{"code":"408","message":"Sync timed out"}'


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def instant(at_ms: int | None) -> str | None:
    """A UTC instant ending in `Z`, to the second."""
    if at_ms is None:
        return None
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def events(calendar_id: str, raw_events: Sequence[str]) -> str:
    """`raw_events` are JSON texts, put in as they stand."""
    return f'{{"calendar_id":{compact(calendar_id)},"events":[{",".join(raw_events)}]}}'


def sync_token(calendar_id: str) -> str:
    return compact({"calendar_id": calendar_id})


def sync_error(calendar_id: str, failure: FailureInfo) -> str:
    return compact(
        {
            "calendar_id": calendar_id,
            "code": failure.code,
            "message": failure.message,
            "retryable": failure.retryable,
        }
    )


def progress(calendars: Sequence[dict[str, Any]], finished: int, events_so_far: int) -> str:
    """`calendars` in the order of the request: `calendar_id`, `state`, `pages` of the pass under way."""
    return compact({"calendars": calendars, "calendars_finished": finished, "events_so_far": events_so_far})


def complete(total_events: int, calendars_synced: int, last_sync_at: int | None) -> str:
    return compact(
        {
            "total_events": total_events,
            "calendars_synced": calendars_synced,
            "last_sync_at": instant(last_sync_at),
        }
    )


def with_calendar_id(calendar_id: str, raw: str) -> str:
    """An event's JSON with one more field in front; every other byte stays as sent."""
    opening = raw.index("{") + 1
    separator = "" if raw[opening:].lstrip().startswith("}") else ","
    return f'{raw[:opening]}"calendar_id":{compact(calendar_id)}{separator}{raw[opening:]}'
