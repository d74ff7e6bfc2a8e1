"""Instances in Google's JSON: what a master's JSON says, at another time. Fields that do not move stay as sent."""

import base64
import binascii
import json
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo

import msgspec

from calferry.core.recurrence.expansion import Instance, Source
from calferry.core.recurrence.offsets import DAY, EPOCH, offset_at
from calferry.core.recurrence.stamps import days, offsets, times

decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
LINK = "?eid="


def date_time(zone: tzinfo, instant: int) -> str:
    """`2026-11-24T10:00:00+01:00`."""
    offset = offset_at(zone, instant)
    day, second = divmod(instant + offset, DAY)
    return f"{days[day]}T{times[second]}{offsets[offset]}"


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def object_of(fields: dict[str, str]) -> str:
    return "{" + ",".join(f"{quoted(name)}:{value}" for name, value in fields.items()) + "}"


def texts_of(raw: str | bytes | msgspec.Raw) -> dict[str, str]:
    """The fields of an object, each as the JSON it came as. Raises `msgspec.DecodeError`."""
    return {name: bytes(value).decode() for name, value in decode_fields(raw).items()}


class InstanceWriter:
    """Writes the instances of one master. Times are written in `zone`, whatever zone the series itself is in."""

    def __init__(self, raw: str, source: Source, zone: tzinfo) -> None:
        """Raises `msgspec.DecodeError` for JSON that is no event."""
        self.event_id, self.duration, self.zone = source.event_id, source.series.duration, zone
        self.is_day = source.series.zone is None
        self.fields = texts_of(raw)
        self.start, self.end = (texts_of(self.fields.get(name, "{}").encode()) for name in ("start", "end"))
        self.link = link_of(self.fields.get("htmlLink"), source.event_id)

    def text(self, instance: Instance) -> str:
        """The JSON of one instance: Google's id, its times, its master and its original start; no recurrence."""
        start, _, instance_id, end, _, own = instance
        begins = self.moved(self.start, own if self.is_day else start)
        written: dict[str, str] = {}
        belongs = {"recurringEventId": quoted(self.event_id), "originalStartTime": begins}
        for name, value in self.fields.items():
            if name == "recurrence":
                written |= belongs
            else:
                written[name] = value
        written |= belongs
        written |= {"id": quoted(instance_id), "start": begins}
        written["end"] = self.moved(self.end, own + self.duration if self.is_day else end)
        if self.link is not None:
            written["htmlLink"] = quoted(self.link(instance_id))
        return object_of(written)

    def moved(self, time: dict[str, str], at: int) -> str:
        if self.is_day:
            return object_of(time | {"date": quoted(days[at // DAY])})
        return object_of(time | {"dateTime": quoted(date_time(self.zone, at))})


def link_of(text: str | None, event_id: str) -> Callable[[str], str] | None:
    """How to write the `htmlLink` of an instance, whose `eid` is the event's id and its calendar in base64."""
    try:
        link = json.loads(text or "null")
        head, mark, eid = link.partition(LINK)
        named, _, place = base64.urlsafe_b64decode(eid + "=" * (-len(eid) % 4)).decode().partition(" ")
    except (AttributeError, ValueError, binascii.Error):
        return None
    if named != event_id or not mark:
        return None

    def write(instance_id: str) -> str:
        return str(head) + LINK + base64.urlsafe_b64encode(f"{instance_id} {place}".encode()).decode().rstrip("=")

    return write


def in_zone(raw: str, zone: tzinfo) -> str:
    """A stored event with its times written in that zone; text that cannot be read stays as it is."""
    try:
        fields = texts_of(raw)
        for name in ("start", "end", "originalStartTime"):
            if name in fields:
                fields[name] = time_in_zone(fields[name], zone)
    except (msgspec.DecodeError, ValueError, OverflowError):
        return raw
    return object_of(fields)


def time_in_zone(text: str, zone: tzinfo) -> str:
    time = texts_of(text.encode())
    moment = datetime.fromisoformat(json.loads(time["dateTime"])) if "dateTime" in time else None
    if moment is None or moment.tzinfo is None:
        return text
    return object_of(time | {"dateTime": quoted(date_time(zone, (moment - EPOCH) // timedelta(seconds=1)))})
