"""One occurrence of a series, as its id names it."""

import re
from collections.abc import Iterable
from datetime import tzinfo

from calferry.core.recurrence.expansion import Source, Span
from calferry.core.recurrence.instance_json import InstanceWriter
from calferry.core.recurrence.lines import Stamp, read_stamp
from calferry.core.recurrence.master import JUST_ITS_START, Times, series_of

INSTANCE_ID = re.compile(r"(.+)_(\d{8}(?:T\d{6}Z)?)", re.ASCII | re.DOTALL)


def parted(event_id: str) -> tuple[str, str] | None:
    """Series id and canonical original start told by the id of an instance, or None if it does not look like one."""
    match = INSTANCE_ID.fullmatch(event_id)
    if match is None or known_stamp(match[2]) is None:
        return None
    return match[1], match[2]


def known_stamp(text: str) -> Stamp | None:
    try:
        return read_stamp(text)
    except ValueError:
        return None


def occurrence(master_raw: str, times: Times, event_id: str, zone: tzinfo) -> str | None:
    """The JSON of an occurrence that no row of its own stands for, as Google computes it from the master.

    `times` are the master's columns, `zone` is the calendar's. None if the id names no occurrence of that series. Raises
    `msgspec.DecodeError` for JSON that is no event.
    """
    key = parted(event_id)
    series, understood = series_of(master_raw, times, zone)
    if key is None or series is None or (understood and series.recurrence == JUST_ITS_START):
        return None
    stamp = read_stamp(key[1])
    at = stamp.wall
    if stamp.is_day != (series.zone is None) or series.starts_between(at, at + 1) != [at]:
        return None
    source = Source(0, key[0], series, Span(at, at + 1), zone)
    return InstanceWriter(master_raw, source, zone).text((at, 0, event_id, at + series.duration, 0, at))


def unnamed(master_raw: str, times: Times, originals: Iterable[str], zone: tzinfo) -> set[str]:
    """Those of the original starts, in canonical form, at which the series has no occurrence.

    None of a series of which not everything is understood. Parameters as for `occurrence`.
    """
    series, understood = series_of(master_raw, times, zone)
    if series is None or not understood:
        return set()
    is_series = series.recurrence != JUST_ITS_START

    def is_named(original: str) -> bool:
        stamp = known_stamp(original)
        if stamp is None:
            return True
        at = stamp.wall
        return (
            is_series and stamp.is_day == (series.zone is None) and series.starts_between(at, at + 1) == [at]
        )

    return {original for original in originals if not is_named(original)}
