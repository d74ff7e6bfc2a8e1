"""The span that an `instances` projection covers."""

from datetime import UTC, date, datetime

from calferry.core.event_window import Bound, zone_of
from calferry.core.model import ObservedEvent, Window

MONTHS_BACK = 3
MONTHS_AHEAD = 12


def window_at(now_ms: int) -> Window:
    """Three months back and twelve ahead, from the first of the month to the first of the month."""
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    return Window(month_start(now, -MONTHS_BACK), month_start(now, MONTHS_AHEAD + 1))


def is_outgrown(window: Window, now_ms: int, *, spread_ms: int) -> bool:
    """Whether a window opened now would reach further; `spread_ms` after the month has turned."""
    return window_at(now_ms - spread_ms).end_at > window.end_at


def month_start(now: datetime, months: int) -> int:
    index = now.year * 12 + now.month - 1 + months
    start = datetime(index // 12, index % 12 + 1, 1, tzinfo=UTC)
    return int(start.timestamp()) * 1000


def is_outside(item: ObservedEvent, window: Window, time_zone: str | None) -> bool:
    """Whether a sent instance has no part in the window; the days of `time_zone` are those of the calendar.

    Cancelled stubs without a time count as inside.
    """
    start_at, end_at = item.start_ms, item.end_ms
    if item.start_date is not None and item.end_date is not None:
        start_at, end_at = midnight(item.start_date, time_zone), midnight(item.end_date, time_zone)
    if start_at is None or end_at is None:
        return False
    return end_at <= window.start_at or start_at >= window.end_at


def midnight(day: str, time_zone: str | None) -> int:
    """UTC milliseconds."""
    return Bound(day=date.fromisoformat(day)).instant_in(zone_of(time_zone))
