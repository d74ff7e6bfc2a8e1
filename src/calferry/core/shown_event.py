"""What readers see of one event: what is stored of it, with the edits in force laid over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from calferry.core.event_window import milliseconds
from calferry.core.intent import Intent
from calferry.core.merge import apply

KIND = "calendar#event"
MARK = ',"pending":true}'
"""How the JSON of an event ends of which Google has not been told everything yet."""
OF_SERIES = ("recurringEventId", "originalStartTime")
Json = dict[str, Any]
decode = msgspec.json.Decoder(Json).decode


@dataclass(frozen=True, slots=True)
class StoredRow:
    """What a pull wrote. Times are UTC milliseconds."""

    raw: str
    etag: str | None = None
    status: str = "confirmed"
    updated_at: int | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """`raw` is JSON without a mark. `pending` is the number of the newest edit on its way, None for Google's own word."""

    raw: str
    pending: int | None


class Moment(msgspec.Struct):
    updated: datetime | None = None


def lay_over(row: StoredRow | None, edits: Sequence[Intent]) -> Version | None:
    """What the edits in force, oldest first, make of a row; None where they leave it as it is.

    An edit that says nothing understandable, or has nothing to change, is passed over. Where the row holds a deletion of
    our own, it holds every edit before that as well.
    """
    stored = raw = None if row is None else row.raw
    seen: Version | None = None
    for edit in edits:
        if is_pulled_deletion(edit, row):
            raw, seen = stored, None
            continue
        try:
            made = answered(edit, row) if edit.status == "done" else edited(edit, raw)
        except (msgspec.DecodeError, ValueError, RecursionError):
            continue
        if made is not None:
            raw = made
            seen = Version(made, None if edit.status == "done" else edit.number)
    return seen


def is_pulled_deletion(edit: Intent, row: StoredRow | None) -> bool:
    is_deletion = edit.kind == "delete" and edit.status == "done" and edit.answer is None
    return is_deletion and row is not None and row.status == "cancelled"


def answered(edit: Intent, row: StoredRow | None) -> str | None:
    """What Google has made of the event, as long as the row is older than that. A deletion that others' edits prevented
    has an answer, too. A row that was swept keeps the time of what it was: the listing may have begun before the edit."""
    if edit.kind == "delete" and edit.answer is None:
        base = edit.base_raw if row is None else row.raw
        return None if base is None else gone_json(edit.event_id, base)
    if edit.answer is None or row is None:
        return edit.answer
    return edit.answer if (row.updated_at or 0) < updated_at(edit.answer) else None


def updated_at(raw: str) -> int:
    """UTC milliseconds; 0 where the event does not say when."""
    at = msgspec.json.decode(raw, type=Moment).updated
    return 0 if at is None or at.tzinfo is None else milliseconds(at)


def edited(edit: Intent, raw: str | None) -> str | None:
    """The event as it will be; None where there is nothing to edit, or nothing left to do."""
    if edit.kind == "insert":
        fresh = {"kind": KIND, "id": edit.event_id, "status": "confirmed"}
        return None if raw is not None else written(apply(fresh, changes_of(edit)))
    base = raw if raw is not None else edit.base_raw
    if base is None:
        return None
    if edit.kind == "delete":
        return None if told(base).get("status") == "cancelled" else gone_json(edit.event_id, base)
    changed = written(apply(decode(base), changes_of(edit)))
    return None if is_cancelled(base) and is_cancelled(changed) else changed


def changes_of(edit: Intent) -> Json:
    return decode(edit.changes or "{}")


def written(event: Json) -> str:
    return msgspec.json.encode(event).decode()


def is_cancelled(raw: str) -> bool:
    return bool(decode(raw).get("status") == "cancelled")


def told(raw: str) -> Json:
    """What the event says; nothing where that cannot be understood: it can be deleted all the same."""
    try:
        return decode(raw)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return {}


def gone_json(event_id: str, raw: str) -> str:
    """What Google sends for a deletion: of an occurrence it also says of which."""
    event = told(raw)
    named = {name: event[name] for name in OF_SERIES if name in event}
    return written({"kind": KIND, "id": event_id, "status": "cancelled"} | named)


def is_about_series(edit: Intent) -> bool:
    """Whether an edit makes, changes or deletes a series as a whole, or turns an event into one."""
    return any(text is not None and names_recurrence(text) for text in (edit.changes, edit.base_raw))


def names_recurrence(raw: str) -> bool:
    try:
        return "recurrence" in decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return False


def marked(raw: str) -> str:
    """The JSON of an event with the mark of edits on their way."""
    return raw.rstrip().removesuffix("}") + MARK


def unmarked(raw: str) -> str:
    return raw.removesuffix(MARK) + "}" if raw.endswith(MARK) else raw
