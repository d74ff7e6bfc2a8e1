"""Series as an event says them, and their occurrences as ids say them."""

import json
from collections.abc import Iterable

from calferry.core.event_window import zone_of
from calferry.core.recurrence.expansion import Instance, Source, Span, expand
from calferry.core.recurrence.lines import read_stamp
from calferry.core.recurrence.master import Times, series_of
from calferry.core.recurrence.offsets import to_instants
from calferry.core.recurrence.stamps import days

BERLIN = "Europe/Berlin"
ALWAYS = ("20000101T000000Z", "20400101T000000Z")
HOUR = 3600


def instant(stamp: str) -> int:
    return read_stamp(stamp).wall


def source(
    start: str,
    *lines: str,
    zone: str = BERLIN,
    lasts: int | None = None,
    window: tuple[str, str] = ALWAYS,
    replaced: Iterable[str] = (),
    calendar_zone: str = BERLIN,
) -> Source:
    """`start` is a date or a time on the clocks of `zone`, both without punctuation; `lasts` in seconds or days: an hour, or one."""
    wall = instant(start)
    raw = json.dumps({"start": {"timeZone": zone}, "recurrence": list(lines)})
    if "T" in start:
        at = to_instants(zone_of(zone), [wall])[0]
        times = Times(at * 1000, (at + (HOUR if lasts is None else lasts)) * 1000, None, None)
    else:
        times = Times(None, None, day(wall), day(wall + (lasts or 1) * 24 * HOUR))
    series, understood = series_of(raw, times, zone_of(calendar_zone))
    assert series is not None
    assert understood
    span = Span(instant(window[0]), instant(window[1]))
    return Source(1, "e", series, span, zone_of(calendar_zone), {instant(one) for one in replaced})


def day(wall: int) -> str:
    return days[wall // 86_400]


def instances(one: Source, first: int = 20) -> list[Instance]:
    return expand([one], [], first)


def stamps(one: Source, first: int = 20) -> list[str]:
    """What their ids end with."""
    return [instance[2].removeprefix("e_") for instance in instances(one, first)]
