"""When a calendar is asked for changes even if nobody said that there are any."""

from calferry.store.calendars import MirroredCalendar
from calferry.sync.engine import Engine


def next_poll_at(engine: Engine, calendar: MirroredCalendar) -> int | None:
    """UTC milliseconds, with jitter; None for a calendar that nobody selected."""
    if not calendar.selected:
        return None
    intervals = engine.intervals
    pushed = calendar.push == "on"
    interval_s = intervals.poll_with_push_s if pushed else intervals.poll_without_push_s
    jitter = engine.dice.uniform(1 - intervals.jitter, 1 + intervals.jitter)
    return engine.clock.now_ms() + int(interval_s * jitter * 1000)
