"""The command line of the benchmark."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.roster import NAMES

QUICK = {"calendars": 4, "events": 1000, "runs": 1}
BIG_FACTOR = 5


@dataclass(frozen=True, slots=True)
class Options:
    """`events` and `changes` are per calendar."""

    calendars: int
    events: int
    changes: int
    runs: int
    latency_ms: float
    only: tuple[str, ...]
    big: bool
    json: bool

    def five_times_the_events(self) -> "Options":
        return replace(self, events=self.events * BIG_FACTOR, runs=1)


def names(text: str) -> tuple[str, ...]:
    asked = tuple(text.split(","))
    if unknown := [name for name in asked if name not in NAMES]:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; known: {', '.join(NAMES)}")
    return asked


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def read_options(arguments: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="First sync, 1,000 changes and nothing changed, beside other ways.",
    )
    parser.add_argument("--calendars", type=positive, default=20)
    parser.add_argument("--events", type=positive, default=5000, help="events of each calendar (5000)")
    parser.add_argument("--changes", type=positive, default=50, help="changes of each calendar (50)")
    parser.add_argument("--runs", type=positive, default=5, help="interleaved runs; medians count (5)")
    parser.add_argument(
        "--latency-ms", type=float, default=0.0, help="how long the upstream holds every answer (0)"
    )
    parser.add_argument("--only", type=names, default=NAMES, help=f"of {','.join(NAMES)}")
    parser.add_argument(
        "--big", action="store_true", help="then once with five times the events, for the memory"
    )
    parser.add_argument("--quick", action="store_true", help="4 calendars of 1000 events, one run")
    parser.add_argument(
        "--json", action="store_true", help="one JSON line on standard output, the table on the other"
    )
    asked = vars(parser.parse_args(arguments))
    return Options(**(asked | QUICK if asked.pop("quick") else asked))
