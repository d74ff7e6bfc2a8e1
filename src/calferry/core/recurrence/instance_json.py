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


def time_fields(text: str) -> dict[str, str]:
    """The fields of a start or an end; none where there is no such object."""
    try:
        return texts_of(text.encode())
    except msgspec.DecodeError:
        return {}


def around(time: dict[str, str], field: str) -> tuple[str, str]:
    """What stands before and behind the text of that field; the others stay as they are."""
    names = list(time | {field: ""})
    at = names.index(field)
    before, after = ({name: time[name] for name in part} for part in (names[:at], names[at + 1 :]))
    comma = "," if before else ""
    return f'{object_of(before)[:-1]}{comma}"{field}":"', '"' + ("," if after else "") + object_of(after)[1:]


class InstanceWriter:
    """Writes the instances of one master. Times are written in `zone`, whatever zone the series itself is in."""

    def __init__(self, raw: str, source: Source, zone: tzinfo) -> None:
        """Raises `msgspec.DecodeError` for JSON that is no event."""
        self.duration, self.zone, self.is_day = source.series.duration, zone, source.series.zone is None
        fields = texts_of(raw)
        field = "date" if self.is_day else "dateTime"
        self.start, self.end = (around(time_fields(fields.get(name, "")), field) for name in ("start", "end"))
        self.link = link_of(fields.get("htmlLink"), source.event_id)
        self.parts, self.places = template(fields, source.event_id, has_link=self.link is not None)

    def text(self, instance: Instance) -> str:
        """The JSON of one instance: Google's id, its times, its master and its original start; no recurrence."""
        start, _, instance_id, end, _, own = instance
        if self.is_day:
            start, end = own, own + self.duration
        begins, ends = self.written(self.start, start), self.written(self.end, end)
        link = quoted(self.link(instance_id)) if self.link else ""
        parts, places = self.parts.copy(), self.places
        for name, value in (
            ("id", quoted(instance_id)),
            ("start", begins),
            ("end", ends),
            ("originalStartTime", begins),
            ("htmlLink", link),
        ):
            if name in places:
                parts[places[name]] = value
        return "".join(parts)

    def written(self, time: tuple[str, str], at: int) -> str:
        text = days[at // DAY] if self.is_day else date_time(self.zone, at)
        return time[0] + text + time[1]


def template(fields: dict[str, str], event_id: str, *, has_link: bool) -> tuple[list[str], dict[str, int]]:
    """The text of an instance in parts, and which of them differ from one instance to the next."""
    changing = {"id", "start", "end", "originalStartTime"} | ({"htmlLink"} if has_link else set())
    shown: dict[str, str] = {}
    belongs = {"recurringEventId": quoted(event_id), "originalStartTime": ""}
    missing = {name: "" for name in ("id", "start", "end", "recurrence") if name not in fields}
    for name, value in (fields | missing).items():
        shown |= belongs if name == "recurrence" else {name: value}
    parts, places, mark = [], {}, "{"
    for name, value in shown.items():
        parts += [f"{mark}{quoted(name)}:", value]
        mark = ","
        if name in changing:
            places[name] = len(parts) - 1
    return [*parts, "}"], places


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
        return (
            str(head)
            + LINK
            + base64.urlsafe_b64encode(f"{instance_id} {place}".encode()).decode().rstrip("=")
        )

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
