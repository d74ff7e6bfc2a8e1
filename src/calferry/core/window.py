"""The span that an `instances` projection covers."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta

from calferry.core.event_window import EPOCH, Bound, milliseconds, zone_of
from calferry.core.limits import WEEK_MS
from calferry.core.model import ObservedEvent, Window

MONTHS_BACK = 3
MONTHS_AHEAD = 12
LATE_MS = 2 * 24 * 3_600_000
"""A calendar moves on when it is next run, and not before everything is listed anew."""


def window_at(now_ms: int, *, spread_ms: int = 0) -> Window:
    """Three months back and a year ahead, whole days in UTC, throughout the week that `now_ms` lies in.

    Weeks begin `spread_ms` later than they otherwise would, so that calendars do not all move on at once.
    """
    opened_at = now_ms - (now_ms - spread_ms) % WEEK_MS
    ends_at = same_day(opened_at + WEEK_MS, MONTHS_AHEAD) + LATE_MS
    return Window(same_day(opened_at, -MONTHS_BACK), ends_at)


def is_outgrown(window: Window, now_ms: int, *, spread_ms: int) -> bool:
    """Whether a window opened now would reach further: its week is over."""
    return window_at(now_ms, spread_ms=spread_ms).end_at > window.end_at


def same_day(at_ms: int, months: int) -> int:
    """The beginning of that day, so many months on; of a shorter month its last day."""
    day = (EPOCH + timedelta(milliseconds=at_ms)).date()
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return milliseconds(datetime(year, month + 1, min(day.day, last), tzinfo=UTC))


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
