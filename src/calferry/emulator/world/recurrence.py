"""Which occurrences a series has, computed on wall-clock time in the event's own zone.

Rules taken: RRULE, RDATE, EXDATE and EXRULE lines of RFC 5545 without DTSTART. DTSTART is always the first
occurrence, even where it does not match the rule, and EXDATE can take it away. A wall-clock time that a
zone change skips moves forward by the skipped hour; one that occurs twice is the first of the two.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

from dateutil.rrule import rrule, rruleset, rrulestr

from calferry.emulator.world import when

Json = dict[str, Any]

LAST_YEAR = 2099
_END = datetime(LAST_YEAR, 12, 31, 23, 59, 59)
_LINE = re.compile(r"(RRULE|EXRULE|RDATE|EXDATE)((?:;[^:;]+)*):(.+)\Z", re.IGNORECASE | re.DOTALL)
_TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})


class Occurrence(NamedTuple):
    """One start: unix seconds, the suffix of its instance id, and the wall-clock time in the series' zone."""

    start_at: int
    suffix: str
    wall: datetime


class Series(NamedTuple):
    """What recurrence needs of a master event. `zone` is the calendar's for all-day series."""

    first: datetime
    all_day: bool
    zone: str
    lines: tuple[str, ...]


def series_of(resource: Json, calendar_zone: str) -> Series:
    """Reads the start and the recurrence of a master event."""
    start = resource["start"]
    lines = tuple(resource.get("recurrence", ()))
    if "date" in start:
        first = datetime.combine(when.parse_date(start["date"]), time())
        return Series(first, True, calendar_zone, lines)
    zone = start.get("timeZone") or calendar_zone
    moment = when.aware(start, zone).astimezone(when.zone(zone))
    return Series(moment.replace(tzinfo=None), False, zone, lines)


def check(series: Series) -> None:
    """Raises ValueError if a line is not understood or repeats more often than daily."""
    for line in series.lines:
        name, _, value = _split(line)
        if name in ("RRULE", "EXRULE"):
            _check_rule(series, value)
        else:
            _moments(series, line)


def _check_rule(series: Series, value: str) -> None:
    parts = _parts(value)
    if parts.get("FREQ", "") in _TOO_OFTEN or "FREQ" not in parts:
        raise ValueError(f"unsupported frequency in {value!r}")
    if "COUNT" in parts and "UNTIL" in parts:
        raise ValueError("COUNT and UNTIL exclude each other")
    _rule(series, value)


def _split(line: str) -> tuple[str, Json, str]:
    match = _LINE.match(line.strip())
    if not match:
        raise ValueError(f"not a recurrence line: {line!r}")
    name, parameters, value = match.groups()
    pairs = (part.partition("=") for part in parameters.split(";") if part)
    return name.upper(), {key.upper(): text.strip('"') for key, _, text in pairs}, value


def _parts(value: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in value.split(";") if part)
    return {key.strip().upper(): text.strip().upper() for key, _, text in pairs}


def _rule(series: Series, value: str) -> rrule:
    parts = _parts(value)
    if "UNTIL" in parts:
        parts["UNTIL"] = f"{_until(series, parts['UNTIL']):%Y%m%dT%H%M%S}"
    text = ";".join(f"{key}={part}" for key, part in parts.items())
    rule = rrulestr(text, dtstart=series.first)
    if not isinstance(rule, rrule):
        raise TypeError(f"not one rule: {value!r}")
    return rule if {"UNTIL", "COUNT"} & parts.keys() else rule.replace(until=_END)


def _until(series: Series, text: str) -> datetime:
    if len(text) == 8:
        day = datetime.strptime(text, "%Y%m%d").date()
        return datetime.combine(day, time(23, 59, 59))
    if series.all_day:
        return datetime.combine(_moment(series, text[:8], None).date(), time(23, 59, 59))
    return _moment(series, text, None)


def _moment(series: Series, text: str, zone: str | None) -> datetime:
    """A basic-format date or time as wall-clock time of the series."""
    if len(text) == 8:
        return datetime.strptime(text, "%Y%m%d")
    moment = datetime.strptime(text.rstrip("Z"), "%Y%m%dT%H%M%S")
    if text.endswith("Z"):
        return moment.replace(tzinfo=UTC).astimezone(when.zone(series.zone)).replace(tzinfo=None)
    if zone and zone != series.zone:
        foreign = moment.replace(tzinfo=when.zone(zone))
        return foreign.astimezone(when.zone(series.zone)).replace(tzinfo=None)
    return moment


def _moments(series: Series, line: str) -> list[datetime]:
    _, parameters, value = _split(line)
    zone = parameters.get("TZID")
    texts = (text.strip().upper().partition("/")[0] for text in value.split(","))
    moments = [_moment(series, text, zone) for text in texts]
    if series.all_day:
        return [datetime.combine(moment.date(), time()) for moment in moments]
    return moments


def _excluded_days(series: Series, line: str) -> set[date]:
    """Days that an EXDATE of a timed series names without a time: it takes whatever occurs on them."""
    _, parameters, value = _split(line)
    whole = parameters.get("VALUE", "").upper() == "DATE" and not series.all_day
    return {moment.date() for moment in _moments(series, line)} if whole and value else set()


def occurrences(series: Series) -> Iterator[Occurrence]:
    """Every occurrence in order of its wall-clock time, up to the end of 2099."""
    rules = rruleset()
    rules.rdate(series.first)
    days: set[date] = set()
    for line in series.lines:
        _add(rules, series, line)
        if line.upper().startswith("EXDATE"):
            days |= _excluded_days(series, line)
    for wall in rules:
        if wall > _END:
            return
        if wall.date() not in days:
            yield _occurrence(series, wall)


def _add(rules: rruleset, series: Series, line: str) -> None:
    name, _, value = _split(line)
    if name == "RRULE":
        rules.rrule(_rule(series, value))
    elif name == "EXRULE":
        rules.exrule(_rule(series, value))
    else:
        add = rules.rdate if name == "RDATE" else rules.exdate
        for moment in _moments(series, line):
            add(moment)


def _occurrence(series: Series, wall: datetime) -> Occurrence:
    start_at = int(wall.replace(tzinfo=when.zone(series.zone)).timestamp())
    suffix = f"{wall:%Y%m%d}" if series.all_day else when.basic_utc(start_at)
    return Occurrence(start_at, suffix, wall)
