"""The day that Google counts a project's requests by: from midnight to midnight in California."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

CALIFORNIA = ZoneInfo("America/Los_Angeles")


def day_began(now: float) -> int:
    """When the day began that this instant belongs to; both are unix seconds."""
    return midnight(now, 0)


def day_ends(now: float) -> int:
    """When the next day begins."""
    return midnight(now, 1)


def midnight(now: float, days: int) -> int:
    day = datetime.fromtimestamp(now, CALIFORNIA).date() + timedelta(days=days)
    return int(datetime.combine(day, time.min, CALIFORNIA).timestamp())
