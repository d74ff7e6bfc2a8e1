"""Events that are not well-formed: what can be said of them, or why nothing can. Pure, and seldom run."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from calferry.google.items import observed
from calferry.google.models import (
    ABSENT,
    EventColumns,
    EventTime,
    LooseEventColumns,
    ObservedItem,
    UnreadableItem,
)
from calferry.google.times import epoch_ms, parse_instant

REPLACEMENT = "\ufffd"
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
HUGE_NUMBER = re.compile(rb"[0-9]{4300}")
SOME_ID = re.compile(rb'"id"\s*:\s*"([!-~]{1,1024}?)"')


def has_huge_number(raw: bytes) -> bool:
    """Whether there may be an integer that Python's own JSON reader refuses; text of many digits counts too."""
    return HUGE_NUMBER.search(raw) is not None


def text_or_none(value: object) -> str | None:
    """A text with everything that no database stores replaced, or None for what is no text."""
    return UNSTORABLE.sub(REPLACEMENT, value) if isinstance(value, str) else None


def load_object(raw: bytes) -> dict[str, Any]:
    """The item's JSON object, with unstorable characters of its texts replaced down to the second level.

    Raises ValueError saying in words what is wrong.
    """
    try:
        value = json.loads(raw.decode(), parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise ValueError("text is not UTF-8") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg}") from None
    except ValueError:
        raise ValueError("a number that is too large") from None
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return {key: _cleaned(member) for key, member in value.items()}


def _refuse_constant(name: str) -> None:
    raise json.JSONDecodeError(f"{name} is no JSON number", name, 0)


def _cleaned(value: object) -> object:
    if isinstance(value, dict):
        return {key: text_or_none(inner) or inner for key, inner in value.items()}
    return text_or_none(value) if isinstance(value, str) else value


def read_odd_item(raw: bytes) -> ObservedItem | UnreadableItem:
    """The slow, careful reading of one item."""
    try:
        value = load_object(raw)
    except ValueError as error:
        return UnreadableItem(raw, str(error), _id_by_sight(raw))
    event_id = value.get("id")
    if not isinstance(event_id, str) or REPLACEMENT in event_id:
        return UnreadableItem(raw, "no usable id")
    try:
        columns, has_odd_times = _strict(msgspec.convert(value, LooseEventColumns))
        return observed(columns, raw, has_odd_times)
    except (msgspec.ValidationError, ValueError, OverflowError) as error:
        return UnreadableItem(raw, str(error), event_id[:1024] or None)


def _id_by_sight(raw: bytes) -> str | None:
    match = SOME_ID.search(raw)
    return None if match is None else match[1].decode()


def _strict(loose: LooseEventColumns) -> tuple[EventColumns, bool]:
    start, is_start_odd = _strict_time(loose.start)
    end, is_end_odd = _strict_time(loose.end)
    original, is_original_odd = _strict_time(loose.original_start_time)
    columns = EventColumns(
        loose.id,
        loose.status,
        loose.etag,
        _aware(loose.updated),
        start,
        end,
        loose.recurring_event_id,
        original,
        loose.i_cal_uid,
        msgspec.Raw(b"[1]") if loose.recurrence else ABSENT,
        loose.event_type,
        loose.sequence,
    )
    return columns, is_start_odd or is_end_odd or is_original_odd


def _aware(text: str | None) -> datetime | None:
    return None if text is None else parse_instant(text)


def _strict_time(loose: EventTime | None) -> tuple[EventTime | None, bool]:
    if loose is None or loose.date_time is None:
        return loose, False
    instant = parse_instant(loose.date_time, loose.time_zone)
    if instant is None or epoch_ms(instant) is None:
        return EventTime(None, None, loose.time_zone), True
    return EventTime(instant.astimezone(UTC).isoformat(), loose.date, loose.time_zone), False
