"""The span that an `instances` projection covers."""

from datetime import UTC, datetime

from calferry.core.model import Window

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
