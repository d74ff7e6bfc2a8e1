"""Percentiles, the usual ones."""

import math
from collections.abc import Sequence

ASKED = {"p50": 0.5, "p99": 0.99, "p999": 0.999, "max": 1.0}


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """The smallest values that so many are not above; nothing for none."""
    ordered = sorted(values)
    return (
        {
            name: round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 2)
            for name, share in ASKED.items()
        }
        if ordered
        else {}
    )
