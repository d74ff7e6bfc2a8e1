"""Measures how long a calendar of many series takes to expand: from the stored JSON to (start, end, id), in order.

Every run begins with nothing remembered. Writing the instances as JSON is measured apart.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from calferry.core.recurrence import days, lines, offsets, pattern, rule
from calferry.core.recurrence.expansion import Instance, Source, Span, expand
from calferry.core.recurrence.instance_json import InstanceWriter
from calferry.core.recurrence.master import Times, series_of

T = TypeVar("T")
ZONES = ("Europe/Berlin", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC")
WEEKLY = ("MO", "TU", "WE", "TH", "FR")
FIRST = datetime(2023, 1, 2, tzinfo=UTC)
MONTH = (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
FIFTEEN_MONTHS = (datetime(2026, 8, 1, tzinfo=UTC), datetime(2027, 11, 1, tzinfo=UTC))
REMEMBERING: tuple[Any, ...] = (
    days.days_of_month,
    days.days_of_year,
    lines.read_recurrence,
    offsets.shifts_of_year,
    pattern.end_of_count,
    rule.read_rule,
)


@dataclass(frozen=True, slots=True)
class Master:
    event_id: str
    raw: str
    times: Times


@dataclass(frozen=True, slots=True)
class Expanded:
    instances: int
    expansion_ms: float
    json_ms: float


def rule_of(dice: random.Random) -> str:
    """A mix as in calendars of offices: 150 instances of a series in fifteen months, on average."""
    some = ",".join(dice.sample(WEEKLY, 3))
    kinds = (
        "DAILY",
        f"WEEKLY;BYDAY={','.join(WEEKLY)}",
        f"WEEKLY;BYDAY={some}",
        "WEEKLY",
        "WEEKLY;INTERVAL=2",
    )
    rarer = (
        "MONTHLY;BYDAY=2TU",
        "MONTHLY;BYMONTHDAY=-1",
        "YEARLY",
        "DAILY;COUNT=900",
        "WEEKLY;UNTIL=20270301T000000Z",
    )
    return "RRULE:FREQ=" + dice.choices([*kinds, *rarer], [7, 10, 25, 32, 9, 3, 3, 3, 3, 5])[0]


def masters(seed: int, count: int) -> list[Master]:
    dice = random.Random(seed)
    return [master(dice, number) for number in range(count)]


def master(dice: random.Random, number: int) -> Master:
    zone = dice.choice(ZONES)
    first = FIRST + timedelta(days=dice.randrange(1_300), minutes=15 * dice.randrange(28, 72))
    length = timedelta(minutes=dice.choice((15, 30, 60, 90)))
    event = {
        "kind": "calendar#event",
        "id": f"series{number:06}",
        "status": "confirmed",
        "summary": f"Meeting {number}",
    }
    start, end = ({"dateTime": at.isoformat(), "timeZone": zone} for at in (first, first + length))
    event |= {"start": start, "end": end, "recurrence": [rule_of(dice)], "iCalUID": f"{number}@example.com"}
    is_day = dice.random() < 0.1
    if is_day:
        event |= {"start": {"date": f"{first:%Y-%m-%d}"}, "end": {"date": f"{first + timedelta(1):%Y-%m-%d}"}}
        times = Times(None, None, f"{first:%Y-%m-%d}", f"{first + timedelta(1):%Y-%m-%d}")
    else:
        times = Times(round(first.timestamp() * 1000), round((first + length).timestamp() * 1000), None, None)
    return Master(f"series{number:06}", json.dumps(event), times)


def sources_of(masters: Sequence[Master], window: tuple[datetime, datetime]) -> list[Source]:
    zone = ZoneInfo("Europe/Berlin")
    span = Span(*(round(at.timestamp()) for at in window))
    read = ((one.event_id, series_of(one.raw, one.times, zone)[0]) for one in masters)
    return [Source(1, event_id, series, span, zone) for event_id, series in read if series is not None]


def written(masters: Sequence[Master], sources: Sequence[Source], instances: Sequence[Instance]) -> list[str]:
    zone = ZoneInfo("Europe/Berlin")
    writers = [InstanceWriter(one.raw, source, zone) for one, source in zip(masters, sources, strict=True)]
    return [writers[one[4]].text(one) for one in instances]


def timed(work: Callable[[], T]) -> tuple[T, float]:
    begun = time.perf_counter()
    done = work()
    return done, (time.perf_counter() - begun) * 1000


def measure(masters: Sequence[Master], window: tuple[datetime, datetime]) -> Expanded:
    for function in REMEMBERING:
        function.cache_clear()
    sources, reading_ms = timed(lambda: sources_of(masters, window))
    instances, expansion_ms = timed(lambda: expand(sources, [], sys.maxsize))
    _, json_ms = timed(lambda: written(masters, sources, instances))
    return Expanded(len(instances), reading_ms + expansion_ms, json_ms)


def measured(count: int, runs: int) -> dict[str, Expanded]:
    """Medians of the runs, by window."""
    every = masters(1, count)
    found: dict[str, Expanded] = {}
    for name, window in (("1 month", MONTH), ("15 months", FIFTEEN_MONTHS)):
        rounds = [measure(every, window) for _ in range(runs)]
        found[name] = Expanded(
            rounds[0].instances,
            median(one.expansion_ms for one in rounds),
            median(one.json_ms for one in rounds),
        )
    return found


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.expansion", description=__doc__)
    parser.add_argument("--masters", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    found = measured(options.masters, options.runs)
    rows = [
        f"{name:>9}: {one.instances:>7} instances of {options.masters} series in {one.expansion_ms:6.0f} ms,"
        f" as JSON in {one.json_ms:6.0f} ms more"
        for name, one in found.items()
    ]
    print("\n".join(rows), file=sys.stderr if options.json else sys.stdout)
    if options.json:
        as_json = {name: {f: getattr(one, f) for f in one.__slots__} for name, one in found.items()}
        print(json.dumps({"masters": options.masters, "windows": as_json}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
