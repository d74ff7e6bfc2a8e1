"""The one counter of the world: every write draws a number, and etags and sync tokens derive from it."""

from dataclasses import dataclass

MICROSECONDS_PER_S = 1_000_000
MICROSECONDS_PER_MS = 1_000


@dataclass(slots=True)
class ChangeLog:
    """Numbers are microseconds since 1970, strictly growing even when the clock stands still."""

    last: int = 0

    def next(self, now: float, after: int = 0) -> int:
        """The number of a write at `now` (unix seconds).

        `after`, the number of the version it replaces, pushes it into a later millisecond: `updated` has
        only milliseconds on the wire and two versions of one resource never share one.
        """
        earliest = (after // MICROSECONDS_PER_MS + 1) * MICROSECONDS_PER_MS if after else 0
        self.last = max(int(now * MICROSECONDS_PER_S), self.last + 1, earliest)
        return self.last


def etag(number: int) -> str:
    """Twice the microseconds of the last change, in quotes: the form of Google's event etags."""
    return f'"{2 * number}"'
