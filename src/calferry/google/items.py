"""One well-formed event → its observed columns. Pure and fast; whatever is odd raises and is read by odd_items."""

import msgspec

from calferry.google.models import ABSENT, INT64_MAX, EventColumns, EventTime, ObservedItem
from calferry.google.times import (
    compact_instant,
    epoch_ms,
    instance_key,
    instant_ms,
    is_plain_date,
    read_instant,
)

EVENT_ID_LENGTH_MAX = 2000
Moment = tuple[int | None, str | None, bool]
NO_MOMENT: Moment = (None, None, False)
ODD_MOMENT: Moment = (None, None, True)

decode_columns = msgspec.json.Decoder(EventColumns).decode


def observed(columns: EventColumns, view: bytes | msgspec.Raw, has_odd_times: bool = False) -> ObservedItem:
    """The item that these columns and this JSON make. Raises ValueError for an id or number nothing can hold."""
    event_id, sequence, updated = columns.id, columns.sequence, columns.updated
    if not 0 < len(event_id) <= EVENT_ID_LENGTH_MAX:
        raise ValueError("id is empty or too long")
    if sequence is not None and not -INT64_MAX <= sequence <= INT64_MAX:
        raise ValueError("sequence is too large a number")
    start, end, original = columns.start, columns.end, columns.original_start_time
    start_ms, start_date, is_start_odd = NO_MOMENT if start is None else moment(start)
    end_ms, end_date, is_end_odd = NO_MOMENT if end is None else moment(end)
    if (start_ms is not None and end_ms is not None and end_ms < start_ms) or (
        start_date is not None and end_date is not None and end_date < start_date
    ):
        start_ms = end_ms = start_date = end_date = None
        is_end_odd = True
    status = columns.status or "confirmed"
    series_id = columns.recurring_event_id or None
    original_start = None if original is None else original_start_key(original)
    if original_start is None and (series_id is not None or status == "cancelled"):
        series_id, original_start = key_from_id(event_id, series_id)
    return ObservedItem(
        event_id,
        status,
        columns.etag,
        None if updated is None or updated.tzinfo is None else epoch_ms(updated),
        start_ms,
        end_ms,
        start_date,
        end_date,
        None if start is None else start.time_zone,
        series_id,
        original_start,
        columns.i_cal_uid,
        columns.event_type,
        sequence,
        columns.recurrence is not ABSENT and bytes(columns.recurrence) not in (b"[]", b"null"),
        has_odd_times or is_start_odd or is_end_odd or (original is not None and original_start is None),
        view,
    )


def moment(time: EventTime) -> Moment:
    """(UTC milliseconds, None) of an instant, (None, date) of an all-day date, and whether it is odd."""
    at, day = time.date_time, time.date
    if at is not None:
        ms = instant_ms(at, time.time_zone)
        return ODD_MOMENT if ms is None or day is not None else (ms, None, False)
    if day is None:
        return NO_MOMENT
    return (None, day, False) if is_plain_date(day) else ODD_MOMENT


def original_start_key(time: EventTime) -> str | None:
    """The canonical key of an occurrence: `YYYYMMDD` or, in UTC, `YYYYMMDDTHHMMSSZ`."""
    at, day = time.date_time, time.date
    if at is None:
        return day.replace("-", "") if day is not None and is_plain_date(day) else None
    instant = read_instant(at, time.time_zone)
    return None if instant is None or day is not None else compact_instant(instant)


def key_from_id(event_id: str, series_id: str | None) -> tuple[str | None, str | None]:
    """Series id and original start of a stub that does not state them, told by its id where that is possible.

    A cancelled occurrence is sometimes sent with an id and nothing else.
    """
    key = instance_key(event_id)
    if key is None:
        return series_id, None
    return series_id or key[0], key[1]
