"""Generated series as an iCalendar file, with the clock changes of their zones written out."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.contract.generated_series import KNOWN_FROM, Drawn, Shift, offset, shifts

LINE_LENGTH = 75
TZID = re.compile("TZID=([^:;]+)")


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of one occurrence. Without times it is cancelled."""

    original: datetime | date
    start: datetime | date | None = None
    end: datetime | date | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A series as it stands in the calendar."""

    drawn: Drawn
    lines: tuple[str, ...]
    excluded: tuple[datetime | date, ...]
    """What its EXDATE names."""
    exceptions: tuple[Changed, ...]


def file_of(series: Iterable[Kept]) -> str:
    everything = list(series)
    zones = sorted({zone for one in everything for zone in zones_of(one)} - {"UTC"})
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//generated"]
    lines += [line for zone in zones for line in zone_lines(zone)]
    lines += [line for one in everything for line in series_lines(one)]
    return "\r\n".join(folded for line in [*lines, "END:VCALENDAR", ""] for folded in fold(line))


def zones_of(one: Kept) -> set[str]:
    return {one.drawn.zone, *(zone for line in one.lines for zone in TZID.findall(line))}


def fold(line: str) -> Iterator[str]:
    yield line[:LINE_LENGTH]
    for at in range(LINE_LENGTH, len(line), LINE_LENGTH - 1):
        yield " " + line[at : at + LINE_LENGTH - 1]


def zone_lines(zone: str) -> Iterator[str]:
    yield from ("BEGIN:VTIMEZONE", f"TZID:{zone}")
    first = offset(ZoneInfo(zone), KNOWN_FROM)
    yield from observance(Shift(datetime(1970, 1, 1, tzinfo=UTC), first, first, False))
    for shift in shifts(zone):
        yield from observance(shift)
    yield "END:VTIMEZONE"


def observance(shift: Shift) -> Iterator[str]:
    name = "DAYLIGHT" if shift.is_summer else "STANDARD"
    yield f"BEGIN:{name}"
    yield f"DTSTART:{(shift.at + shift.before):%Y%m%dT%H%M%S}"
    yield f"TZOFFSETFROM:{offset_text(shift.before)}"
    yield f"TZOFFSETTO:{offset_text(shift.after)}"
    yield f"END:{name}"


def offset_text(offset: timedelta) -> str:
    minutes = abs(offset) // timedelta(minutes=1)
    return f"{'-' if offset < timedelta() else '+'}{minutes // 60:02}{minutes % 60:02}"


def series_lines(one: Kept) -> Iterator[str]:
    drawn = one.drawn
    yield from ("BEGIN:VEVENT", f"UID:{drawn.uid}")
    yield property_line("DTSTART", drawn.start, drawn.zone)
    yield property_line("DTEND", drawn.end, drawn.zone)
    yield from one.lines
    yield "END:VEVENT"
    for exception in one.exceptions:
        yield from ("BEGIN:VEVENT", f"UID:{drawn.uid}")
        yield property_line("RECURRENCE-ID", exception.original, drawn.zone)
        yield property_line("DTSTART", exception.start or exception.original, "UTC")
        yield property_line("DTEND", exception.end or exception.original, "UTC")
        if exception.start is None:
            yield "STATUS:CANCELLED"
        yield "END:VEVENT"


def property_line(name: str, at: datetime | date, zone: str) -> str:
    if not isinstance(at, datetime):
        return f"{name};VALUE=DATE:{at:%Y%m%d}"
    if zone == "UTC":
        return f"{name}:{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return f"{name};TZID={zone}:{at.astimezone(ZoneInfo(zone)):%Y%m%dT%H%M%S}"
