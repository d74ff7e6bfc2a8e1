"""What we ask Google for, and what it takes to mirror."""

from collections.abc import Iterable
from typing import Literal

PREFIX = "https://www.googleapis.com/auth/"
EVENTS = PREFIX + "calendar.events"
CALENDAR_LIST = PREFIX + "calendar.calendarlist.readonly"
ASKED = ("openid", "email", EVENTS, CALENDAR_LIST)
ALL = PREFIX + "calendar"
READ_ALL = PREFIX + "calendar.readonly"

COVERED_BY = {
    EVENTS: frozenset({EVENTS, ALL}),
    CALENDAR_LIST: frozenset({CALENDAR_LIST, PREFIX + "calendar.calendarlist", ALL, READ_ALL}),
}


def missing_scopes(granted: Iterable[str]) -> list[str]:
    """Scopes that were asked for and are not covered by what was granted: people can untick each of them."""
    held = frozenset(granted)
    return [scope for scope, covering in COVERED_BY.items() if not held & covering]


def status_for(granted: Iterable[str]) -> Literal["active", "partial"]:
    return "partial" if missing_scopes(granted) else "active"
