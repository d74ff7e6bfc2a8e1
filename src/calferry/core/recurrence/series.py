"""One series: when its occurrences begin."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo
from operator import ge

from calferry.core.recurrence.lines import Recurrence
from calferry.core.recurrence.offsets import DAY, clamped, to_instants, to_wall
from calferry.core.recurrence.pattern import Pattern, walls_between

NONE_REPLACED: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Series:
    """A master's times. `zone` is None if it is all-day; then instants are midnights, as if days were those of UTC."""

    start: int
    duration: int
    """Seconds, the same for every occurrence however clocks change meanwhile."""
    zone: tzinfo | None
    recurrence: Recurrence

    @property
    def times_a_day(self) -> int:
        """How many occurrences a day may have."""
        return 1 + sum(len(pattern.times) for pattern in self.recurrence.patterns)

    def starts_between(
        self, low: int, high: int, replaced: frozenset[int] | set[int] = NONE_REPLACED
    ) -> list[int]:
        """Ascending instants at which occurrences begin, `low` included, `high` not, without the `replaced` ones.

        The start is one of them even where no rule names it, and COUNT does not count it then, as Google has it:
        https://github.com/googleapis/google-api-nodejs-client/issues/2214.
        """
        low, high = clamped(low), clamped(high)
        found = self.named(low, high)
        gone = set(replaced) | self.recurrence.excluded
        for pattern in self.recurrence.excluding:
            gone.update(self.instants(pattern, low, high))
        if gone:
            found = [instant for instant in found if instant not in gone]
        if self.recurrence.excluded_days and self.zone is not None:
            found = self.without_days(found, self.zone)
        return found

    def named(self, low: int, high: int) -> list[int]:
        """What the start, the rules and the dates name together."""
        patterns, added = self.recurrence.patterns, self.recurrence.added
        parts = [self.instants(pattern, low, high) for pattern in patterns]
        if added:
            parts.append(list(added[bisect_left(added, low) : bisect_left(added, high)]))
        found = parts[0] if len(parts) == 1 else ascending(one for part in parts for one in part)
        if low <= self.start < high and (not found or found[0] != self.start):
            found = ascending([self.start, *found])
        return found

    def instants(self, pattern: Pattern, low: int, high: int) -> list[int]:
        """The instants of one rule in the span, ascending, each once."""
        if self.zone is None:
            return walls_between(pattern, low, high)
        if high <= self.start:
            return []
        walls = walls_between(pattern, low - 2 * DAY, high + 2 * DAY)
        last = high - 1 if pattern.last_instant is None else min(high - 1, pattern.last_instant)
        found = to_instants(self.zone, walls)
        first = max(low, self.start)
        if any(map(ge, found, found[1:])):
            found = ascending(found)
        return found[bisect_left(found, first) : bisect_left(found, last + 1)]

    def without_days(self, instants: list[int], zone: tzinfo) -> list[int]:
        days = self.recurrence.excluded_days
        return [one for one in instants if to_wall(zone, one) // DAY not in days]


def ascending(instants: Iterable[int]) -> list[int]:
    return sorted(set(instants))
