"""How long to wait between looks at what somebody else is doing."""

from collections.abc import Iterator


def growing_waits(first_s: float, longest_s: float) -> Iterator[float]:
    """Seconds, without end: twice as long each time, up to the longest."""
    wait_s = first_s
    while True:
        yield wait_s
        wait_s = min(wait_s * 2, longest_s)
