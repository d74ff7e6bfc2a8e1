"""Rules and lists of dates as text."""

from collections.abc import Iterable, Mapping

from calferry.core.recurrence.offsets import DAY
from calferry.core.recurrence.rule import WEEKDAYS, NthWeekday, parts_of
from calferry.core.recurrence.stamps import day_stamps, time_stamps


def changed_rule(value: str, changes: Mapping[str, str | None]) -> str:
    """The rule with other parts; None takes one away."""
    parts: dict[str, str | None] = {**parts_of(value), **changes}
    return ";".join(f"{name}={text}" for name, text in parts.items() if text is not None)


def instant_text(instant: int) -> str:
    """`20261123T090000Z`."""
    return f"{day_stamps[instant // DAY]}T{time_stamps[instant % DAY]}Z"


def lines_of(name: str, instants: Iterable[int], *, is_day: bool) -> list[str]:
    """RDATE or EXDATE with these times, or with days given by their midnights; nothing for none."""
    at = sorted(set(instants))
    if not at:
        return []
    if is_day:
        return [f"{name};VALUE=DATE:{','.join(day_stamps[one // DAY] for one in at)}"]
    return [f"{name}:{','.join(map(instant_text, at))}"]


def weekdays_text(weekdays: Iterable[NthWeekday]) -> str:
    return ",".join(f"{nth or ''}{WEEKDAYS[weekday]}" for nth, weekday in weekdays)


def numbers_text(numbers: Iterable[int]) -> str:
    return ",".join(map(str, numbers))


def clock_parts(hours: Iterable[int], minutes: Iterable[int], seconds: Iterable[int]) -> dict[str, str]:
    """What times of day a rule names."""
    return {
        "BYHOUR": numbers_text(hours),
        "BYMINUTE": numbers_text(minutes),
        "BYSECOND": numbers_text(seconds),
    }
