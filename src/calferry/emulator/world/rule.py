"""One recurrence rule, taken apart: the grammar of RFC 5545, section 3.3.10."""

import re
from dataclasses import dataclass
from datetime import datetime

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FREQUENCIES = ("SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_LIMITS = {
    "BYSECOND": (0, 59), "BYMINUTE": (0, 59), "BYHOUR": (0, 23), "BYMONTH": (1, 12),
    "BYMONTHDAY": (1, 31), "BYYEARDAY": (1, 366), "BYWEEKNO": (1, 53), "BYSETPOS": (1, 366),
}  # fmt: skip
_FROM_THE_END = frozenset({"BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"})
_SINGLE = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"})
_NUMBER = re.compile(r"[+-]?\d{1,6}\Z", re.ASCII)
_DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)\Z", re.ASCII)
NTH_MAX = 53


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule without its UNTIL, whose meaning depends on the series.

    Numbers below zero count from the end. `weekdays` are pairs of a place (0: every one) and a day of the
    week, of which 0 is Monday, as it is for `week_start`.
    """

    frequency: str
    interval: int = 1
    count: int | None = None
    week_start: int = 0
    seconds: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    hours: tuple[int, ...] = ()
    weekdays: tuple[tuple[int, int], ...] = ()
    month_days: tuple[int, ...] = ()
    year_days: tuple[int, ...] = ()
    weeks: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    places: tuple[int, ...] = ()


def parts_of(value: str) -> dict[str, str]:
    """Names and values of a rule in capitals. Raises ValueError for a name that is unknown or comes twice."""
    found: dict[str, str] = {}
    for part in filter(None, value.upper().split(";")):
        name, _, text = (piece.strip() for piece in part.partition("="))
        if name in found or not (name in _SINGLE or name in _LIMITS or name == "BYDAY"):
            raise ValueError(f"{name!r} is out of place in the rule {value!r}")
        found[name] = text
    return found


def rule_of(parts: dict[str, str], first: datetime) -> Rule:
    """The rule that these parts make of a series that starts at `first`. Raises ValueError."""
    frequency = parts.get("FREQ", "")
    if frequency not in FREQUENCIES:
        raise ValueError(f"no frequency {frequency!r}")
    parts = _completed(parts, first)
    return Rule(
        frequency=frequency,
        interval=_positive(parts.get("INTERVAL", "1")),
        count=_positive(parts["COUNT"]) if "COUNT" in parts else None,
        week_start=_weekday(parts.get("WKST", "MO"))[1],
        seconds=_numbers(parts, "BYSECOND"),
        minutes=_numbers(parts, "BYMINUTE"),
        hours=_numbers(parts, "BYHOUR"),
        weekdays=tuple(_weekday(text) for text in _texts(parts, "BYDAY")),
        month_days=_numbers(parts, "BYMONTHDAY"),
        year_days=_numbers(parts, "BYYEARDAY"),
        weeks=_numbers(parts, "BYWEEKNO"),
        months=_numbers(parts, "BYMONTH"),
        places=_numbers(parts, "BYSETPOS"),
    )


def _completed(parts: dict[str, str], first: datetime) -> dict[str, str]:
    """The parts with what a rule that names no days takes from the start."""
    frequency = parts["FREQ"]
    if parts.keys() & {"BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"}:
        return parts
    if frequency == "WEEKLY":
        return parts | {"BYDAY": WEEKDAYS[first.weekday()]}
    if frequency == "MONTHLY":
        return parts | {"BYMONTHDAY": str(first.day)}
    if frequency == "YEARLY":
        return {"BYMONTH": str(first.month)} | parts | {"BYMONTHDAY": str(first.day)}
    return parts


def _positive(text: str) -> int:
    if not _NUMBER.match(text) or int(text) < 1:
        raise ValueError(f"{text!r} is no number from 1 on")
    return int(text)


def _texts(parts: dict[str, str], name: str) -> list[str]:
    return [text.strip() for text in parts[name].split(",")] if name in parts else []


def _numbers(parts: dict[str, str], name: str) -> tuple[int, ...]:
    least, most = _LIMITS[name]
    found = []
    for text in _texts(parts, name):
        number = int(text) if _NUMBER.match(text) else None
        size = abs(number) if number is not None and name in _FROM_THE_END else number
        if number is None or size is None or not least <= size <= most:
            raise ValueError(f"{text!r} is out of the range of {name}")
        found.append(number)
    return tuple(sorted(set(found)))


def _weekday(text: str) -> tuple[int, int]:
    match = _DAY.match(text)
    place = int(match.group(1) or 0) if match else 0
    if not match or abs(place) > NTH_MAX or (match.group(1) and not place):
        raise ValueError(f"no day of the week: {text!r}")
    return place, WEEKDAYS.index(match.group(2))
