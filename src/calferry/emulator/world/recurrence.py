"""Which occurrences a series has, computed on wall-clock time in the event's own zone.

Rules taken: RRULE, RDATE, EXDATE and EXRULE lines of RFC 5545 without DTSTART. DTSTART is always the first
occurrence, even where it does not match the rule, and EXDATE can take it away. A wall-clock time that a
zone change skips moves forward by the skipped hour; one that occurs twice is the first of the two.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from heapq import merge
from itertools import groupby
from typing import Any, NamedTuple

from calferry.emulator.world import when
from calferry.emulator.world.rule import Rule, parts_of, rule_of
from calferry.emulator.world.rule_days import walls

Json = dict[str, Any]

LAST_YEAR = 2099
_END = datetime(LAST_YEAR, 12, 31, 23, 59, 59)
_LINE = re.compile(r"(RRULE|EXRULE|RDATE|EXDATE)((?:;[^:;]+)*):(.+)\Z", re.IGNORECASE | re.DOTALL)
_TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
HOURS_OF_DAY = 24
RULES_MAX = 5
LINES_MAX = 1000
DATES_MAX = 5000


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
    """Raises ValueError if a line is not understood, repeats more often than there are hours, or is one too many."""
    if len(series.lines) > LINES_MAX:
        raise ValueError(f"more than {LINES_MAX} recurrence lines")
    rules = dates = 0
    for line in series.lines:
        name, _, value = _split(line)
        if name in ("RRULE", "EXRULE"):
            rules += 1
            _check_rule(series, value)
        else:
            dates += value.count(",") + 1
            if dates <= DATES_MAX:
                _moments(series, line)
    if rules > RULES_MAX or dates > DATES_MAX:
        raise ValueError(f"more than {RULES_MAX} rules or {DATES_MAX} dates")


def _check_rule(series: Series, value: str) -> None:
    parts = parts_of(value)
    if parts.get("FREQ") in _TOO_OFTEN:
        raise ValueError(f"unsupported frequency in {value!r}")
    if "COUNT" in parts and "UNTIL" in parts:
        raise ValueError("COUNT and UNTIL exclude each other")
    if "UNTIL" in parts:
        _until(series, parts["UNTIL"])
    if _times_a_day(rule_of(parts, series.first)) > HOURS_OF_DAY:
        raise ValueError(f"more than one occurrence an hour in {value!r}")


def _times_a_day(rule: Rule) -> int:
    return max(1, len(rule.hours)) * max(1, len(rule.minutes)) * max(1, len(rule.seconds))


def _split(line: str) -> tuple[str, Json, str]:
    match = _LINE.match(line.strip())
    if not match:
        raise ValueError(f"not a recurrence line: {line!r}")
    name, parameters, value = match.groups()
    pairs = (part.partition("=") for part in parameters.split(";") if part)
    return name.upper(), {key.upper(): text.strip('"') for key, _, text in pairs}, value


def _rule(series: Series, value: str) -> Iterator[datetime]:
    """The times of one rule. Raises ValueError before the first."""
    parts = parts_of(value)
    until = _until(series, parts["UNTIL"]) if "UNTIL" in parts else _END
    return walls(rule_of(parts, series.first), series.first, min(until, _END))


def _until(series: Series, text: str) -> datetime:
    if len(text) == 8:
        return datetime.combine(_parsed(text, "%Y%m%d"), time(23, 59, 59))
    if series.all_day:
        return datetime.combine(_moment(series, text[:8], None).date(), time(23, 59, 59))
    return _moment(series, text, None)


def _moment(series: Series, text: str, zone: str | None) -> datetime:
    """A basic-format date or time as wall-clock time of the series."""
    if len(text) == 8:
        return _parsed(text, "%Y%m%d")
    moment = _parsed(text.removesuffix("Z"), "%Y%m%dT%H%M%S")
    if text.endswith("Z"):
        return moment.replace(tzinfo=UTC).astimezone(when.zone(series.zone)).replace(tzinfo=None)
    if zone and zone != series.zone:
        foreign = moment.replace(tzinfo=when.zone(zone))
        return foreign.astimezone(when.zone(series.zone)).replace(tzinfo=None)
    return moment


def _parsed(text: str, pattern: str) -> datetime:
    """Raises ValueError for other text, and for years that a change of zone could carry out of the calendar."""
    moment = datetime.strptime(text, pattern)
    if not when.is_within_years(moment):
        raise ValueError(f"the year of {text!r} is out of range")
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
    """Every occurrence in order, up to the end of 2099; what `walls` skips is left out.

    Two times of one day that a zone change makes the same instant are one occurrence.
    """
    latest = None
    for _, of_one_day in groupby(_walls(series), key=datetime.date):
        for one in sorted(_occurrence(series, wall) for wall in of_one_day):
            if series.all_day or latest is None or one.start_at > latest:
                latest = one.start_at
                yield one


def _walls(series: Series) -> Iterator[datetime]:
    """The wall-clock times of a series: what its lines add, without what they take away."""
    rules: dict[str, list[Iterable[datetime]]] = {"RRULE": [], "EXRULE": []}
    dates: dict[str, list[datetime]] = {"RDATE": [series.first], "EXDATE": []}
    days: set[date] = set()
    for line in series.lines:
        name, _, value = _split(line)
        if name in rules:
            rules[name].append(_rule(series, value))
            continue
        dates[name] += _moments(series, line)
        if name == "EXDATE":
            days |= _excluded_days(series, line)
    added = merge(*rules["RRULE"], sorted(dates["RDATE"]))
    for wall in _without(_once(added), merge(*rules["EXRULE"], sorted(dates["EXDATE"]))):
        if wall > _END:
            return
        if wall.date() not in days:
            yield wall


def _once(moments: Iterable[datetime]) -> Iterator[datetime]:
    return (moment for moment, _ in groupby(moments))


def _without(moments: Iterable[datetime], taken: Iterator[datetime]) -> Iterator[datetime]:
    """The moments, in order, that are not among those taken, also in order."""
    gone = next(taken, None)
    for moment in moments:
        while gone is not None and gone < moment:
            gone = next(taken, None)
        if moment != gone:
            yield moment


def _occurrence(series: Series, wall: datetime) -> Occurrence:
    start_at = int(wall.replace(tzinfo=when.zone(series.zone)).timestamp())
    suffix = when.basic_date(wall) if series.all_day else when.basic_utc(start_at)
    return Occurrence(start_at, suffix, wall)
