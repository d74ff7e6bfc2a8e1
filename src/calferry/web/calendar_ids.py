"""The parameter `calendar_ids`."""

import re
from collections.abc import Sequence

from calferry.core.limits import CALENDAR_ID_LENGTH_MAX, CALENDARS_PER_REQUEST_MAX

TEXT_LENGTH_MAX = 65_536
CALENDAR_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{CALENDAR_ID_LENGTH_MAX}}}")


class CalendarIdsInvalid(Exception):
    """The parameter is missing or malformed. The message never repeats what was sent."""


def read_calendar_ids(values: Sequence[str], *, at_most: int = CALENDARS_PER_REQUEST_MAX) -> tuple[str, ...]:
    """Read the values that a request gave `calendar_ids`: distinct ids in the order of their first mention.

    Raises `CalendarIdsInvalid`, also when more than `at_most` distinct ids are left.
    """
    if not values or not values[0]:
        raise CalendarIdsInvalid("The parameter calendar_ids is missing: name at least one calendar.")
    if len(values) > 1:
        raise CalendarIdsInvalid("The parameter calendar_ids is given twice: separate the ids with commas.")
    if len(values[0]) > TEXT_LENGTH_MAX:
        raise CalendarIdsInvalid("The parameter calendar_ids is too long.")
    members = tuple(dict.fromkeys(values[0].split(",")))
    for position, member in enumerate(members, start=1):
        if not CALENDAR_ID.fullmatch(member):
            raise CalendarIdsInvalid(f"Entry {position} of calendar_ids is not a calendar id.")
    if len(members) > at_most:
        raise CalendarIdsInvalid(f"The parameter calendar_ids names more than {at_most} calendars.")
    return members
