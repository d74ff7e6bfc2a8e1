"""Google's dates and times: RFC 3339 text, EventDateTime objects, and the instants they stand for."""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Json = dict[str, Any]

FIRST_YEAR, LAST_YEAR = 2, 9998
_DATE_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.\d+)?(Z|z|[+-]\d{2}:\d{2})?\Z")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name. Raises ValueError for anything else."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {name!r}") from error


def parse_date_time(text: str) -> datetime:
    """RFC 3339 with or without an offset, fractions of a second dropped. Raises ValueError."""
    match = _DATE_TIME.match(text)
    if not match:
        raise ValueError(f"not an RFC 3339 date-time: {text!r}")
    day, clock, offset = match.groups()
    return datetime.fromisoformat(f"{day}T{clock}{(offset or '').upper()}")


def parse_date(text: str) -> date:
    """YYYY-MM-DD. Raises ValueError."""
    if not _DATE.match(text):
        raise ValueError(f"not a date: {text!r}")
    return date.fromisoformat(text)


def text_of(moment: datetime) -> str:
    """RFC 3339 with an offset, `Z` for UTC."""
    text = moment.isoformat()
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def timestamp(number: int) -> str:
    """A change number (microseconds) as Google prints `updated`: milliseconds and `Z`."""
    moment = datetime.fromtimestamp(number // 1_000_000, UTC)
    return f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S}.{number // 1000 % 1000:03d}Z"


def creation_timestamp(number: int) -> str:
    """As Google prints `created`: whole seconds with `.000Z`."""
    return timestamp(number // 1_000_000 * 1_000_000)


def aware(stamp: Json, calendar_zone: str) -> datetime:
    """The moment an EventDateTime names; a date is midnight of that day in the calendar's zone."""
    if "date" in stamp:
        return datetime.combine(parse_date(stamp["date"]), time(), zone(calendar_zone))
    moment = parse_date_time(stamp["dateTime"])
    if moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=zone(stamp.get("timeZone") or calendar_zone))


def instant(stamp: Json, calendar_zone: str) -> int:
    """Unix seconds of an EventDateTime."""
    return int(aware(stamp, calendar_zone).timestamp())


def from_instant(seconds: int, zone_name: str) -> datetime:
    return datetime.fromtimestamp(seconds, zone(zone_name))


def rendered(stamp: Json, zone_name: str) -> Json:
    """An EventDateTime as Google sends it: the offset of `zone_name`, whatever the event's own zone is."""
    if "dateTime" not in stamp:
        return stamp
    return {**stamp, "dateTime": _in_zone(stamp["dateTime"], stamp.get("timeZone"), zone_name)}


@lru_cache(maxsize=8192)
def _in_zone(text: str, own_zone: str | None, zone_name: str) -> str:
    """Instances begin at their original start, and are listed again and again: most are asked more than once."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or moment.microsecond:
        moment = aware({"dateTime": text, "timeZone": own_zone}, zone_name)
    return text_of(moment.astimezone(zone(zone_name)))


def basic_utc(seconds: int) -> str:
    """YYYYMMDDTHHMMSSZ, the form inside instance ids."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{basic_date(moment)}T{moment:%H%M%SZ}"


def basic_date(day: date) -> str:
    """YYYYMMDD, also before the year 1000, which `strftime` does not pad."""
    return f"{day.year:04d}{day:%m%d}"


def is_within_years(day: date) -> bool:
    """Whether a day and its neighbours, wherever a time zone moves it, can be printed and counted."""
    return FIRST_YEAR <= day.year <= LAST_YEAR


def day_after(day: date) -> date:
    return day + timedelta(days=1)
