"""The grammar of RRULE and EXRULE: RFC 5545, section 3.3.10, for rules of days and longer, as Google takes them."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, cast

Frequency = Literal["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
RULES_KEPT = 4_096

NthWeekday = tuple[int, int]
"""0 (every) or which one, counted from the end if negative; and the weekday, Monday being 0."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What the text of a rule says. Empty tuples where it is silent."""

    frequency: Frequency
    interval: int
    count: int | None
    until: str | None
    week_start: int
    months: tuple[int, ...]
    month_days: tuple[int, ...]
    year_days: tuple[int, ...]
    weeks: tuple[int, ...]
    weekdays: tuple[NthWeekday, ...]
    hours: tuple[int, ...]
    minutes: tuple[int, ...]
    seconds: tuple[int, ...]
    positions: tuple[int, ...]


@lru_cache(RULES_KEPT)
def read_rule(text: str) -> Rule:
    """Read what stands behind `RRULE:`. Raises ValueError that says what is wrong."""
    parts = parts_of(text)
    frequency = parts.pop("FREQ", "")
    if frequency not in FREQUENCIES:
        raise ValueError(f"FREQ is {frequency or 'missing'}")
    rule = Rule(
        frequency=cast("Frequency", frequency),
        interval=positive("INTERVAL", parts.pop("INTERVAL", "1")),
        count=positive("COUNT", parts.pop("COUNT")) if "COUNT" in parts else None,
        until=parts.pop("UNTIL", None),
        week_start=weekday(parts.pop("WKST", "MO")),
        months=numbers("BYMONTH", parts, 1, 12),
        month_days=numbers("BYMONTHDAY", parts, 1, 31, from_end=True),
        year_days=numbers("BYYEARDAY", parts, 1, 366, from_end=True),
        weeks=numbers("BYWEEKNO", parts, 1, 53, from_end=True),
        weekdays=weekdays(parts.pop("BYDAY", None)),
        hours=numbers("BYHOUR", parts, 0, 23),
        minutes=numbers("BYMINUTE", parts, 0, 59),
        seconds=numbers("BYSECOND", parts, 0, 59),
        positions=numbers("BYSETPOS", parts, 1, 366, from_end=True),
    )
    if parts:
        raise ValueError(f"{next(iter(parts))} is no part of a rule")
    return rule


def parts_of(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.upper().strip().split(";"):
        name, equals, value = part.partition("=")
        if not part:
            continue
        if not equals or name in parts:
            raise ValueError(f"{part!r} is malformed or repeated")
        parts[name.strip()] = value.replace(" ", "")
    return parts


def positive(name: str, text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 9 or int(text) < 1:
        raise ValueError(f"{name} must be a number from 1 on")
    return int(text)


def numbers(
    name: str, parts: dict[str, str], least: int, most: int, from_end: bool = False
) -> tuple[int, ...]:
    text = parts.pop(name, None)
    if text is None:
        return ()
    found = {whole(name, member) for member in text.split(",")}
    if not all(least <= (abs(number) if from_end else number) <= most for number in found):
        raise ValueError(f"{name} is out of range")
    return tuple(sorted(found))


def whole(name: str, text: str) -> int:
    digits = text.removeprefix("-").removeprefix("+")
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 4:
        raise ValueError(f"{name} must hold numbers")
    return -int(digits) if text.startswith("-") else int(digits)


def weekdays(text: str | None) -> tuple[NthWeekday, ...]:
    if text is None:
        return ()
    found = {(nth(day[:-2]), weekday(day[-2:])) for day in text.split(",")}
    return tuple(sorted(found))


def nth(text: str) -> int:
    number = whole("BYDAY", text) if text else 0
    if abs(number) > 53 or (text and not number):
        raise ValueError("BYDAY is out of range")
    return number


def weekday(name: str) -> int:
    if name not in WEEKDAYS:
        raise ValueError(f"{name!r} is no weekday")
    return WEEKDAYS.index(name)
