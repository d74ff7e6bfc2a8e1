"""When an event takes place: its start and end read from JSON, and written back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from calferry.core.event_json import Json
from calferry.core.recurrence.instance_json import date_time
from calferry.core.recurrence.master import known_zone
from calferry.core.recurrence.offsets import DAY, EPOCH, YEAR_MAX, YEAR_MIN, to_instants, to_wall, zone_named
from calferry.core.recurrence.stamps import days


@dataclass(frozen=True, slots=True)
class EventSpan:
    """`start` is an instant, or the midnight of a day as if days were those of UTC; `zone` is None for days."""

    start: int
    duration: int
    zone: tzinfo | None

    @property
    def wall(self) -> int:
        return self.start if self.zone is None else to_wall(self.zone, self.start)

    def at(self, wall: int) -> "EventSpan":
        """As long, at another time of the same zone's clocks."""
        return replace(self, start=wall if self.zone is None else to_instants(self.zone, [wall])[0])

    def on_clocks_of(self, zone: tzinfo | None) -> "EventSpan":
        """The same time as other clocks show it; days and times stay what they are."""
        return self if zone is None or self.zone is None else replace(self, zone=zone)

    def fields(self) -> Json:
        """`start` and `end` as Google takes them."""
        return {"start": self.written(self.start), "end": self.written(self.start + self.duration)}

    def written(self, at: int) -> Json:
        if self.zone is None:
            return {"date": days[at // DAY]}
        return {"dateTime": date_time(self.zone, at), "timeZone": getattr(self.zone, "key", "UTC")}


def span_of(event: Mapping[str, Any], calendar_zone: tzinfo = UTC) -> EventSpan:
    """Raises ValueError for times that are missing, odd, of two kinds, or in the wrong order."""
    start, end = event.get("start"), event.get("end")
    if not isinstance(start, dict) or not isinstance(end, dict):
        raise ValueError("the event needs a start and an end")
    zone = None if start.get("date") else known_zone(start.get("timeZone"), calendar_zone)
    begins, ends = point(start, zone), point(end, zone)
    if ends < begins:
        raise ValueError("the event ends before it begins")
    return EventSpan(begins, ends - begins, zone)


def point(stamp: Json, zone: tzinfo | None) -> int:
    """A start or an end; without an offset it is read on its own zone's clocks."""
    field, other = ("date", "dateTime") if zone is None else ("dateTime", "date")
    text = stamp.get(field)
    if text is None or stamp.get(other) is not None:
        raise ValueError("start and end must either both have a date or both have a dateTime")
    try:
        moment = datetime.fromisoformat(text) if zone else datetime.combine(date.fromisoformat(text), time())
    except (TypeError, ValueError):
        raise ValueError(f"{text!r} is no {field}") from None
    if not YEAR_MIN <= moment.year < YEAR_MAX:
        raise ValueError(f"{text!r} is not within the years {YEAR_MIN} to {YEAR_MAX - 1}")
    if moment.tzinfo is not None:
        return (moment - EPOCH) // timedelta(seconds=1)
    wall = (moment.replace(tzinfo=UTC) - EPOCH) // timedelta(seconds=1)
    return wall if zone is None else to_instants(known_zone(stamp.get("timeZone"), zone), [wall])[0]


def edited_span(event: Mapping[str, Any], body: Mapping[str, Any], otherwise: tzinfo) -> EventSpan:
    """When an event takes place after a patch; times in no zone that it names are on the clocks of `otherwise`.

    Raises ValueError as `span_of` does, and for a zone that nobody knows.
    """
    times = {name: edited_time(event.get(name), body.get(name, {})) for name in ("start", "end")}
    zone = named_zone(body.get("start")) or otherwise
    return span_of(times, zone).on_clocks_of(zone)


def edited_time(known: Any, change: Any) -> Json:
    """A date given takes the place of a time, and a time that of a date, without a word on what was there."""
    if not isinstance(change, dict):
        raise ValueError("start and end must be objects")
    edited = {**known, **change} if isinstance(known, dict) else dict(change)
    for given, other in (("date", "dateTime"), ("dateTime", "date")):
        if change.get(given) is not None and change.get(other) is None:
            edited.pop(other, None)
    return {name: value for name, value in edited.items() if value is not None}


def named_zone(stamp: Any) -> tzinfo | None:
    name = stamp.get("timeZone") if isinstance(stamp, dict) else None
    return None if name is None else zone_named(name)
