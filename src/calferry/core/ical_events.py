"""Events as the components of an iCalendar file: singles, series with their rules, and what became of single occurrences.

Series go out as series. An occurrence that does not take place is an EXDATE of its series, one that was changed a component
of its own with a RECURRENCE-ID. Times stand on the clocks of the zone they were made in, days are dates.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

import msgspec

from calferry.core.event_json import parsed
from calferry.core.ical_lines import plain, text_line
from calferry.core.recurrence.lines import RULES, parts_of_line, read_dates, read_stamp
from calferry.core.recurrence.master import Times, known_zone
from calferry.core.recurrence.offsets import DAY, to_instants, to_wall
from calferry.core.recurrence.rule import parts_of, read_rule
from calferry.core.recurrence.rule_text import changed_rule, instant_text
from calferry.core.recurrence.stamps import day_stamps, time_stamps

CLASSES = {"private": "PRIVATE", "confidential": "CONFIDENTIAL"}
UTC_NAMES = frozenset({"UTC", "Etc/UTC", "GMT", "Etc/GMT", "Z"})


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A stored event as readers see it."""

    event_id: str
    status: str
    start_at: int | None
    end_at: int | None
    start_date: str | None
    end_date: str | None
    series_id: str | None
    original_start: str | None
    recurring: bool
    raw: str

    @property
    def times(self) -> Times:
        return Times(self.start_at, self.end_at, self.start_date, self.end_date)


@dataclass(slots=True)
class FeedLines:
    """What a file is made of so far: lines, the zones that they name, and the UIDs that stand there."""

    lines: list[str] = field(default_factory=list)
    zones: set[str] = field(default_factory=set)
    uids: set[str] = field(default_factory=set)

    def add_calendar(self, rows: Sequence[FeedRow], zone: tzinfo, *, expanded: bool) -> None:
        """The events of one calendar. `expanded`: Google has made instances of its series. What stands there already, from
        another calendar with the same event, is passed over."""
        read = [(row, fields_of(row.raw)) for row in rows]
        masters = {row.event_id: (row, event) for row, event in read if row.recurring}
        exceptions: dict[str, list[tuple[FeedRow, Mapping[str, Any]]]] = {}
        for row, event in read:
            if row.series_id is not None and not expanded:
                exceptions.setdefault(row.series_id, []).append((row, event))
        before = frozenset(self.uids)
        for row, event in read:
            uid = uid_of(row, event, expanded=expanded)
            if uid in before or row.status == "cancelled" or (row.series_id is not None and not expanded):
                continue
            self.uids.add(uid)
            self._add(row, event, uid, zone, exceptions.pop(row.event_id, []))
        for series_id, children in exceptions.items():
            if series_id not in masters:
                self._add_orphans(children, zone, before)

    def _add(
        self,
        row: FeedRow,
        event: Mapping[str, Any],
        uid: str,
        calendar_zone: tzinfo,
        children: Sequence[tuple[FeedRow, Mapping[str, Any]]],
    ) -> None:
        if row.start_at is None and row.start_date is None:
            return
        clock = Clock.of(row, event, calendar_zone)
        recurrence = list(recurrence_lines(event, row, clock)) if row.recurring else []
        gone = [stamp_of(child) for child, _ in children if child.status == "cancelled"]
        if recurrence and gone:
            recurrence += clock.list_lines("EXDATE", [one for one in gone if one is not None])
        self.lines += component(row, event, uid, clock, recurrence, self.zones)
        for child, its_event in children:
            if child.status != "cancelled":
                self._add_exception(child, its_event, uid, clock)

    def _add_exception(self, row: FeedRow, event: Mapping[str, Any], uid: str, series: "Clock") -> None:
        original = stamp_of(row)
        if original is None or (row.start_at is None and row.start_date is None):
            return
        named = [series.line("RECURRENCE-ID", original)]
        self.lines += component(row, event, uid, Clock.of(row, event, series.zone or UTC), named, self.zones)
        self.zones |= series.names

    def _add_orphans(
        self, children: Iterable[tuple[FeedRow, Mapping[str, Any]]], zone: tzinfo, before: frozenset[str]
    ) -> None:
        """Occurrences of a series that the person does not have: an invitation to these alone."""
        for row, event in children:
            uid = uid_of(row, event, expanded=False)
            if row.status != "cancelled" and uid not in before:
                self.uids.add(uid)
                self._add_exception(row, event, uid, Clock.of(row, event, zone))


@dataclass(frozen=True, slots=True)
class Clock:
    """How times are written: on the clocks of a zone, in UTC (`UTC`), or as days (None)."""

    zone: tzinfo | None

    @classmethod
    def of(cls, row: FeedRow, event: Mapping[str, Any], calendar_zone: tzinfo, end: str = "start") -> "Clock":
        if row.start_date is not None:
            return cls(None)
        stamp = event.get(end)
        name = stamp.get("timeZone") if isinstance(stamp, dict) else None
        zone = known_zone(name if isinstance(name, str) else None, calendar_zone)
        return cls(UTC if getattr(zone, "key", "UTC") in UTC_NAMES else zone)

    @property
    def names(self) -> set[str]:
        return set() if self.zone in (None, UTC) else {str(getattr(self.zone, "key", ""))}

    def line(self, name: str, instant: int) -> str:
        return self.list_lines(name, [instant])[0]

    def list_lines(self, name: str, instants: Sequence[int]) -> list[str]:
        """A time that clocks show twice, and that is the second of both, can be said in UTC alone."""
        if not instants:
            return []
        if self.zone is None:
            return [f"{name};VALUE=DATE:{','.join(day_stamps[one // DAY] for one in instants)}"]
        if self.zone is UTC:
            return [f"{name}:{','.join(map(instant_text, instants))}"]
        walls = [to_wall(self.zone, one) for one in instants]
        sayable = [
            wall
            for wall, one in zip(walls, instants, strict=True)
            if to_instants(self.zone, [wall])[0] == one
        ]
        if len(sayable) < len(walls):
            return [f"{name}:{','.join(map(instant_text, instants))}"]
        texts = ",".join(f"{day_stamps[wall // DAY]}T{time_stamps[wall % DAY]}" for wall in walls)
        return [f"{name};TZID={getattr(self.zone, 'key', '')}:{texts}"]


def fields_of(raw: str) -> Mapping[str, Any]:
    """None of an event that nothing can read: its times stand in its row."""
    try:
        return parsed(raw)
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def uid_of(row: FeedRow, event: Mapping[str, Any], *, expanded: bool) -> str:
    """Instances that Google has made share a UID with their series, which is not in the file: they are events of their own."""
    known = event.get("iCalUID")
    if isinstance(known, str) and known and not (expanded and row.series_id is not None):
        return plain(known)
    return f"{plain(row.event_id)}@google.com"


def stamp_of(row: FeedRow) -> int | None:
    """When an occurrence would have begun: an instant, or the midnight of a day."""
    try:
        return None if row.original_start is None else read_stamp(row.original_start).wall
    except ValueError:
        return None


def component(
    row: FeedRow, event: Mapping[str, Any], uid: str, clock: Clock, more: Sequence[str], zones: set[str]
) -> Iterator[str]:
    """The lines of one VEVENT. Who takes part is not told: whoever has the address may read it."""
    ending = Clock.of(row, event, clock.zone or UTC, "end")
    start = row.times.start_of_days if clock.zone is None else (row.start_at or 0) // 1000
    zones |= clock.names | ending.names
    yield from ("BEGIN:VEVENT", f"UID:{uid}")
    changed = instant_of(event.get("updated")) or instant_of(event.get("created")) or 0
    yield f"DTSTAMP:{instant_text(changed)}"
    yield clock.line("DTSTART", start)
    if row.times.duration or clock.zone is None:
        yield ending.line("DTEND", start + row.times.duration)
    yield from more
    for name, field_name in (
        ("SUMMARY", "summary"),
        ("DESCRIPTION", "description"),
        ("LOCATION", "location"),
    ):
        if isinstance(event.get(field_name), str) and event[field_name]:
            yield text_line(name, event[field_name])
    if row.status in ("confirmed", "tentative"):
        yield f"STATUS:{row.status.upper()}"
    yield f"TRANSP:{'TRANSPARENT' if event.get('transparency') == 'transparent' else 'OPAQUE'}"
    if (kind := CLASSES.get(str(event.get("visibility")))) is not None:
        yield f"CLASS:{kind}"
    if type(event.get("sequence")) is int and event["sequence"] >= 0:
        yield f"SEQUENCE:{event['sequence']}"
    if isinstance(event.get("htmlLink"), str):
        yield f"URL:{plain(event['htmlLink'])}"
    yield "END:VEVENT"


def instant_of(text: object) -> int | None:
    try:
        return int(datetime.fromisoformat(str(text)).timestamp()) if text else None
    except (ValueError, OverflowError):
        return None


def recurrence_lines(event: Mapping[str, Any], row: FeedRow, clock: Clock) -> Iterator[str]:
    """Rules as they were sent, their ends as RFC 5545 wants them; dates on the clocks of the series. A line that cannot be
    read is left out, as it is when series are expanded."""
    start = row.times.start_of_days if clock.zone is None else (row.start_at or 0) // 1000
    lines = event.get("recurrence")
    for line in lines if isinstance(lines, list) else ():
        try:
            name, _, value = parts_of_line(str(line))
            if name in RULES:
                read_rule(value)
                yield f"{name}:{ended(value, clock)}"
            else:
                yield from clock.list_lines(
                    name, [one.instant for one in read_dates(line, start, clock.zone)]
                )
        except ValueError:
            continue


def ended(value: str, clock: Clock) -> str:
    """UNTIL has to be of the kind of the start: a day, or a time in UTC. A day holds all that begins in it."""
    until = parts_of(value).get("UNTIL")
    if until is None:
        return changed_rule(value, {})
    stamp = read_stamp(until)
    if clock.zone is None:
        return changed_rule(value, {"UNTIL": day_stamps[stamp.wall // DAY]})
    if stamp.is_utc:
        return changed_rule(value, {"UNTIL": instant_text(stamp.wall)})
    wall = stamp.wall + (DAY - 1 if stamp.is_day else 0)
    return changed_rule(value, {"UNTIL": instant_text(to_instants(clock.zone, [wall])[0])})
