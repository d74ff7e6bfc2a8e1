"""What a full listing may remove."""

from collections.abc import Mapping
from dataclasses import dataclass

from calferry.core.limits import SWEEP_GUARD_ROWS_MIN, SWEEP_GUARD_WAIT_MS


@dataclass(frozen=True, slots=True)
class Sweep:
    """Ids to remove, and whether the rest of the missing is only flagged for now."""

    remove: list[str]
    hold: bool


@dataclass(frozen=True, slots=True)
class SweepTerms:
    """`live`: rows that were live when the pass began. `confirmed`: a person asked for this listing."""

    live: int
    guarded_at: int | None
    now_ms: int
    confirmed: bool = False


def has_waited(guarded_at: int | None, now_ms: int) -> bool:
    """Whether another listing may confirm what was held back then, also where the clock was far ahead at the time."""
    return guarded_at is not None and abs(now_ms - guarded_at) >= SWEEP_GUARD_WAIT_MS


def plan_sweep(unseen: Mapping[str, bool], terms: SweepTerms) -> Sweep:
    """Decide on live rows that a proven, complete listing did not meet.

    `unseen` tells of each whether it was missing before.

    A listing that misses more than half of 50 or more rows is not believed at once: only one at least fifteen
    minutes later that misses the same rows, or a person, removes them.
    """
    believed = has_waited(terms.guarded_at, terms.now_ms) or terms.confirmed
    again = [event_id for event_id, missing in unseen.items() if missing] if believed else []
    rest = len(unseen) - len(again)
    if terms.live >= SWEEP_GUARD_ROWS_MIN and rest * 2 > terms.live:
        return Sweep(again, hold=True)
    if believed or not any(unseen.values()):
        return Sweep(list(unseen), hold=False)
    return Sweep([event_id for event_id, missing in unseen.items() if not missing], hold=True)
