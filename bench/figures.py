"""Medians and ratios of a contestant's turns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.options import Options
from bench.roster import BARE_COPY, BARE_WAL
from bench.round import Turn

Turns = Mapping[str, Sequence[Turn]]


@dataclass(frozen=True, slots=True)
class Figures:
    """Medians over the turns. Ratios are of events per second, taken within each round, so that drift cancels."""

    events_per_s: float
    full_cpu_s: float
    of_bare_wal: float | None
    of_bare_copy: float | None
    of_httpx_loop: float | None
    peak_mb: float
    changes_s: float
    unchanged_ms: float
    unchanged_cpu_ms: float
    requests: dict[str, int]
    wrong: list[str]


def figures(name: str, turns: Turns, options: Options) -> Figures:
    own = turns[name]
    return Figures(
        events_per_s=options.calendars * options.events / median(turn.phases["full"].seconds for turn in own),
        full_cpu_s=median(turn.phases["full"].cpu_s for turn in own),
        of_bare_wal=ratio(own, turns.get(BARE_WAL)),
        of_bare_copy=ratio(own, turns.get(BARE_COPY)),
        of_httpx_loop=ratio(own, turns.get("httpx-loop")),
        peak_mb=median(max(phase.peak_mb for phase in turn.phases.values()) for turn in own),
        changes_s=median(turn.phases["changes"].seconds for turn in own),
        unchanged_ms=median(turn.phases["unchanged"].seconds for turn in own) * 1000 / options.calendars,
        unchanged_cpu_ms=median(turn.phases["unchanged"].cpu_s for turn in own) * 1000 / options.calendars,
        requests=own[-1].requests,
        wrong=[line for turn in own for line in turn.wrong],
    )


def ratio(own: Sequence[Turn], other: Sequence[Turn] | None) -> float | None:
    """Return how many times faster the first sync is than the other's, None without the other."""
    if not other:
        return None
    pairs = zip(own, other, strict=True)
    return median(theirs.phases["full"].seconds / ours.phases["full"].seconds for ours, theirs in pairs)
