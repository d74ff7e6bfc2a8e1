"""The lines of an event's `recurrence`: RRULE, EXRULE, RDATE and EXDATE."""

import re
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache

from calferry.core.recurrence.offsets import DAY, day_number, to_instants, to_wall, zone_named
from calferry.core.recurrence.pattern import Pattern, pattern_of
from calferry.core.recurrence.rule import Rule, read_rule

LINE = re.compile(r"(RRULE|EXRULE|RDATE|EXDATE)((?:;[^:;]+)*):(.*)", re.ASCII | re.IGNORECASE | re.DOTALL)
STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z)?)?", re.ASCII)
RECURRENCES_KEPT = 8_192
RULES = ("RRULE", "EXRULE")


@dataclass(frozen=True, slots=True)
class Recurrence:
    """What the lines add to the start, and what they take away."""

    patterns: tuple[Pattern, ...]
    excluding: tuple[Pattern, ...]
    added: tuple[int, ...]
    """Instants, ascending."""
    excluded: frozenset[int]
    """Instants."""
    excluded_days: frozenset[int]
    """Days of the event's zone on which a series with times does not take place."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A date, or a time as some clock shows it."""

    wall: int
    is_day: bool
    is_utc: bool


@lru_cache(RECURRENCES_KEPT)
def read_recurrence(lines: tuple[str, ...], start: int, zone: tzinfo | None) -> Recurrence:
    """Read the lines of a series that begins at the instant `start`; `zone` is None if it is all-day.

    Raises ValueError that says which line cannot be read.
    """
    found: dict[str, list[Pattern | Stamped]] = {"RRULE": [], "EXRULE": [], "RDATE": [], "EXDATE": []}
    for line in lines:
        try:
            name, values = read_line(line, start, zone)
        except ValueError as wrong:
            raise ValueError(f"{line!r}: {wrong}") from None
        found[name] += values
    excluded = [one for one in found["EXDATE"] if isinstance(one, Stamped)]
    return Recurrence(
        patterns=tuple(one for one in found["RRULE"] if isinstance(one, Pattern)),
        excluding=tuple(one for one in found["EXRULE"] if isinstance(one, Pattern)),
        added=tuple(sorted({one.instant for one in found["RDATE"] if isinstance(one, Stamped)})),
        excluded=frozenset(one.instant for one in excluded if one.day is None),
        excluded_days=frozenset(one.day for one in excluded if one.day is not None),
    )


@dataclass(frozen=True, slots=True)
class Stamped:
    """A date of a list: its instant; `day` only where a series with times is given a mere date."""

    instant: int
    day: int | None = None


def read_line(line: str, start: int, zone: tzinfo | None) -> tuple[str, list[Pattern | Stamped]]:
    name, _, value = parts_of_line(line)
    if name in RULES:
        return name, [anchored(read_rule(value), start, zone)]
    return name, [*read_dates(line, start, zone)]


def read_dates(line: str, start: int, zone: tzinfo | None) -> list[Stamped]:
    """The members of an RDATE or EXDATE, in their order."""
    _, parameters, value = parts_of_line(line)
    own = zone_of(parameters) or zone
    first = to_wall(zone, start) if zone else start
    return [settled(member, first, own, zone) for member in value.split(",") if member.strip()]


def parts_of_line(line: str) -> tuple[str, str, str]:
    """Its name, its parameters with the semicolons before them, and its value. Raises ValueError."""
    match = LINE.fullmatch(line.strip())
    if match is None:
        raise ValueError("is no line of a recurrence")
    return match[1].upper(), match[2], match[3]


def zone_of(parameters: str) -> tzinfo | None:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.upper() == "TZID":
            return zone_named(value.strip('"'))
    return None


def anchored(rule: Rule, start: int, zone: tzinfo | None) -> Pattern:
    """An end given as a date holds that whole day; of an all-day series only the date of an end counts."""
    wall = to_wall(zone, start) if zone else start
    if rule.until is None:
        return pattern_of(rule, wall, None, None)
    until = read_stamp(rule.until)
    if until.is_day or zone is None:
        return pattern_of(rule, wall, until.wall // DAY * DAY + DAY, None)
    if until.is_utc:
        return pattern_of(rule, wall, until.wall + 2 * DAY, until.wall)
    return pattern_of(rule, wall, until.wall + 1, None)


def settled(text: str, first: int, own: tzinfo | None, zone: tzinfo | None) -> Stamped:
    """A member of RDATE or EXDATE; of a period its beginning counts. A mere date takes the time of the start."""
    stamp = read_stamp(text.partition("/")[0].strip())
    if zone is None:
        return Stamped(stamp.wall // DAY * DAY)
    if stamp.is_utc:
        return Stamped(stamp.wall)
    if stamp.is_day:
        return Stamped(to_instants(zone, [stamp.wall + first % DAY])[0], stamp.wall // DAY)
    return Stamped(to_instants(own or zone, [stamp.wall])[0])


def read_stamp(text: str) -> Stamp:
    match = STAMP.fullmatch(text.upper())
    if match is None:
        raise ValueError(f"{text!r} is neither a date nor a time")
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    if hour > 23 or minute > 59 or second > 60 or not 3 <= year <= 9_996:
        raise ValueError(f"{text!r} is no time")
    wall = day_number(year, month, day) * DAY + hour * 3600 + minute * 60 + min(second, 59)
    return Stamp(wall, match[4] is None, match[7] is not None)
