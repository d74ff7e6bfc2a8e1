"""What a quota counted by seconds still has, and when it will have enough."""

from collections.abc import Mapping

Seconds = Mapping[int, int]
"""Units by the second in which they were reserved."""


def room(limit: int, spent: Seconds) -> int:
    """Units that may be reserved now."""
    return max(0, limit - sum(spent.values()))


def wait_s(limit: int, spent: Seconds, units: int, now_s: float, window_s: float) -> float:
    """Seconds until so many fit, when every second counts for `window_s` from its beginning; 0 if they fit now."""
    lacking = min(units, limit) - room(limit, spent)
    for second in sorted(spent):
        if lacking <= 0:
            return 0.0
        lacking -= spent[second]
        if lacking <= 0:
            return max(0.0, second + window_s - now_s)
    return 0.0
