"""Quick add: one line of English into an event's title and times."""

import re
from datetime import date, datetime, time, timedelta
from typing import Any

from calferry.emulator.world import when

Json = dict[str, Any]

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK = r"(\d{1,2})(?::(\d{2}))?\s*(am|pm)?"
_RANGE = re.compile(rf"\b(?:from\s+|at\s+)?{_CLOCK}\s*(?:-|–|to|until)\s*{_CLOCK}(?!\w)", re.IGNORECASE)  # noqa: RUF001
_TIME = re.compile(r"\b(?:at\s+)?(?:(\d{1,2}):(\d{2})\s*(am|pm)?|(\d{1,2})\s*(am|pm))(?!\w)", re.IGNORECASE)
_ISO_DAY = re.compile(r"\b(?:on\s+)?(\d{4}-\d{2}-\d{2})\b", re.IGNORECASE)
_MONTH_DAY = re.compile(
    rf"\b(?:on\s+)?({'|'.join(_MONTHS)})[a-z]*\.?\s+(\d{{1,2}})(?:,?\s+(\d{{4}}))?\b", re.IGNORECASE
)
_NEAR_DAY = re.compile(rf"\b(?:on\s+|next\s+)?(today|tomorrow|{'|'.join(_DAYS)})\b", re.IGNORECASE)
_LENGTH = re.compile(r"\bfor\s+(\d{1,3})\s*(hours?|hrs?|h|minutes?|mins?|m)\b", re.IGNORECASE)
_PLACE = re.compile(r"\s+at\s+(\D.*)\Z", re.IGNORECASE)
DAY_MINUTES = 24 * 60


def parsed(text: str, now: float, zone: str, length_minutes: int) -> Json:
    """The body of an event: without a day it is today, without a time it lasts the whole day."""
    today = when.from_instant(int(now), zone).date()
    day, text = _day(text, today)
    minutes, text = _length(text)
    span, text = _span(text)
    place = _PLACE.search(text)
    fields: Json = {"summary": _tidy(text[: place.start()] if place else text)}
    if place:
        fields["location"] = _tidy(place.group(1))
    if span is None:
        return fields | {"start": {"date": f"{day}"}, "end": {"date": f"{when.day_after(day)}"}}
    start = datetime.combine(day, time()) + timedelta(minutes=span[0])
    stop = span[1] if span[1] is not None else span[0] + (minutes or length_minutes)
    end = datetime.combine(day, time()) + timedelta(minutes=stop)
    times = {
        name: {"dateTime": f"{m.isoformat()}", "timeZone": zone}
        for name, m in (("start", start), ("end", end))
    }
    return fields | times


def _tidy(text: str) -> str:
    return " ".join(text.split()).strip(" ,;")


def _cut(text: str, match: re.Match[str]) -> str:
    return f"{text[: match.start()]} {text[match.end() :]}"


def _day(text: str, today: date) -> tuple[date, str]:
    for pattern, read in ((_ISO_DAY, _iso_day), (_MONTH_DAY, _month_day), (_NEAR_DAY, _near_day)):
        match = pattern.search(text)
        found = read(match, today) if match else None
        if match and found:
            return found, _cut(text, match)
    return today, text


def _iso_day(match: re.Match[str], _today: date) -> date | None:
    try:
        return when.parse_date(match.group(1))
    except ValueError:
        return None


def _month_day(match: re.Match[str], today: date) -> date | None:
    month = _MONTHS.index(match.group(1).lower()) + 1
    try:
        found = date(int(match.group(3) or today.year), month, int(match.group(2)))
        return found if match.group(3) or found >= today else found.replace(year=today.year + 1)
    except ValueError:
        return None


def _near_day(match: re.Match[str], today: date) -> date:
    word = match.group(1).lower()
    if word in ("today", "tomorrow"):
        return today + timedelta(days=word == "tomorrow")
    return today + timedelta(days=(_DAYS.index(word) - today.weekday() - 1) % 7 + 1)


def _length(text: str) -> tuple[int, str]:
    match = _LENGTH.search(text)
    if not match:
        return 0, text
    unit = 60 if match.group(2).lower().startswith("h") else 1
    return int(match.group(1)) * unit, _cut(text, match)


def _span(text: str) -> tuple[tuple[int, int | None] | None, str]:
    """Start and end in minutes of the day; the end may be open, or on the next day."""
    match = _RANGE.search(text)
    if match:
        first, last = match.groups()[:3], match.groups()[3:]
        start, end = _minutes(first[0], first[1], first[2] or last[2]), _minutes(*last)
        if start is not None and end is not None:
            return (start, end if end > start else end + DAY_MINUTES), _cut(text, match)
    match = _TIME.search(text)
    if match:
        hour, minute, half, bare_hour, bare_half = match.groups()
        start = _minutes(hour or bare_hour, minute, half or bare_half)
        if start is not None:
            return (start, None), _cut(text, match)
    return None, text


def _minutes(hour: str, minute: str | None, half: str | None) -> int | None:
    hours = int(hour)
    if half:
        hours = hours % 12 + (12 if half.lower() == "pm" else 0)
    found = hours * 60 + int(minute or 0)
    return found if found < DAY_MINUTES else None
