"""The days of one month or one year that a rule names."""

from calendar import monthrange
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache

from calferry.core.recurrence.offsets import EPOCH_ORDINAL, day_number
from calferry.core.recurrence.rule import NthWeekday

MONTHS_KEPT = 32_768
Days = tuple[int, ...]
Numbers = tuple[int, ...]


def weekday_of(day: int) -> int:
    """Monday is 0; 1 January 1970 was a Thursday."""
    return (day + 3) % 7


def date_of(day: int) -> date:
    return date.fromordinal(day + EPOCH_ORDINAL)


@lru_cache(MONTHS_KEPT)
def days_of_month(month: int, month_days: Numbers, weekdays: tuple[NthWeekday, ...]) -> Days:
    """`month` counts months since the year 0. Both lists given: days in both; an empty one says nothing."""
    year, index = divmod(month, 12)
    first, length = day_number(year, index + 1, 1), monthrange(year, index + 1)[1]
    found = set(range(first, first + length))
    if month_days:
        found &= {first + (n - 1 if n > 0 else length + n) for n in month_days}
    if weekdays:
        found &= nth_weekdays(first, length, weekdays)
    return tuple(sorted(found))


def nth_weekdays(first: int, length: int, weekdays: Iterable[NthWeekday]) -> set[int]:
    """Days of a span that are these weekdays, counted within the span where they are numbered."""
    found: set[int] = set()
    for nth, weekday in weekdays:
        every = range(first + (weekday - weekday_of(first)) % 7, first + length, 7)
        if nth == 0:
            found.update(every)
        elif abs(nth) <= len(every):
            found.add(every[nth - 1 if nth > 0 else nth])
    return found


@lru_cache(MONTHS_KEPT)
def days_of_year(
    year: int,
    months: Numbers,
    month_days: Numbers,
    year_days: Numbers,
    weeks: Numbers,
    weekdays: tuple[NthWeekday, ...],
    week_start: int,
) -> Days:
    """Days of a calendar year in every list that is not empty. Numbered weekdays count within the months if there are any."""
    first = day_number(year, 1, 1)
    length = day_number(year + 1, 1, 1) - first
    by_month = bool(months) or not any(nth for nth, _ in weekdays)
    found: set[int] = set()
    for month in months or range(1, 13):
        found.update(days_of_month(year * 12 + month - 1, month_days, weekdays if by_month else ()))
    if not by_month:
        found &= nth_weekdays(first, length, weekdays)
    if year_days:
        found &= {first + (n - 1 if n > 0 else length + n) for n in year_days}
    if weeks:
        found = {day for day in found if is_in_week(day, weeks, week_start)}
    return tuple(sorted(found))


def is_in_week(day: int, weeks: Numbers, week_start: int) -> bool:
    """Whether a day lies in one of these weeks; week 1 is the first with four days or more in its year."""
    begin = day - (weekday_of(day) - week_start) % 7
    year = date_of(begin + 3).year
    first, following = (first_week(one, week_start) for one in (year, year + 1))
    number = (begin - first) // 7 + 1
    return number in weeks or number - (following - first) // 7 - 1 in weeks


def first_week(year: int, week_start: int) -> int:
    """The day on which week 1 begins: its week holds 4 January."""
    fourth = day_number(year, 1, 4)
    return fourth - (weekday_of(fourth) - week_start) % 7


def day_filter(months: Numbers, month_days: Numbers, year_days: Numbers) -> Callable[[int], bool]:
    """Whether a day passes lists that narrow days and weeks."""

    def passes(day: int) -> bool:
        at = date_of(day)
        if months and at.month not in months:
            return False
        if month_days and not {at.day, at.day - monthrange(at.year, at.month)[1] - 1} & set(month_days):
            return False
        first, following = day_number(at.year, 1, 1), day_number(at.year + 1, 1, 1)
        return not year_days or bool({day - first + 1, day - following} & set(year_days))

    return passes
