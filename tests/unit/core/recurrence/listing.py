"""Expanding what the local Google lists unexpanded."""

import json
from typing import Any

from calferry.core.event_window import zone_of
from calferry.core.recurrence.expansion import Source, Span, expand
from calferry.core.recurrence.instance_json import InstanceWriter
from calferry.core.recurrence.lines import read_stamp
from calferry.core.recurrence.master import Times, series_of
from calferry.google.items import decode_columns, observed

Item = dict[str, Any]


def expanded(items: list[Item], zone_name: str, low: int, high: int) -> list[Item]:
    """Instances of the series among these items; exceptions only keep theirs out of the answer."""
    zone = zone_of(zone_name)
    columns = [observed(decode_columns(raw), raw) for raw in (json.dumps(item).encode() for item in items)]
    replaced = {(one.series_id, read_stamp(one.original_start).wall) for one in columns if one.original_start}
    sources: list[Source] = []
    masters: list[str] = []
    for one in columns:
        if not one.is_recurring or one.status == "cancelled":
            continue
        raw = bytes(one.view).decode()
        times = Times(one.start_ms, one.end_ms, one.start_date, one.end_date)
        series, understood = series_of(raw, times, zone)
        assert series is not None
        assert understood
        gone = {at for series_id, at in replaced if series_id == one.event_id}
        sources.append(Source(1, one.event_id, series, Span(low, high), zone, gone))
        masters.append(raw)
    writers = [InstanceWriter(raw, source, zone) for raw, source in zip(masters, sources, strict=True)]
    return [json.loads(writers[one[4]].text(one)) for one in expand(sources, [], 10**6)]
