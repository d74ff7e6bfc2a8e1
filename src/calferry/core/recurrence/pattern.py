"""A rule with its start: the walls it names between two others, without walking there from the start."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, product

from calferry.core.recurrence.days import date_of, day_filter, days_of_month, days_of_year, weekday_of
from calferry.core.recurrence.offsets import DAY, LATEST, day_number, year_of
from calferry.core.recurrence.rule import Rule

TIMES_A_DAY_MAX = 1_440
COUNTS_KEPT = 8_192


@dataclass(frozen=True, slots=True)
class Pattern:
    """A rule in which nothing is left open, and when it begins."""

    rule: Rule
    start: int
    times: tuple[int, ...]
    """Seconds into the day, ascending."""
    ends_before: int | None
    """A wall; None where the rule has no such end."""
    last_instant: int | None
    """An end given in UTC."""


def pattern_of(rule: Rule, start: int, ends_before: int | None, last_instant: int | None) -> Pattern:
    """What the rule leaves open is taken from the wall `start`. Raises ValueError for too many times a day."""
    clock = start % DAY
    hours, minutes = rule.hours or (clock // 3600,), rule.minutes or (clock // 60 % 60,)
    seconds = rule.seconds or (clock % 60,)
    if len(hours) * len(minutes) * len(seconds) > TIMES_A_DAY_MAX:
        raise ValueError("the rule names too many times a day")
    times = tuple(h * 3600 + m * 60 + s for h, m, s in product(hours, minutes, seconds))
    return Pattern(completed(rule, start // DAY), start, times, ends_before, last_instant)


def completed(rule: Rule, day: int) -> Rule:
    """The rule with the days that it leaves to the start."""
    if rule.weekdays or rule.month_days or rule.year_days or rule.frequency == "DAILY":
        return rule
    if rule.frequency == "WEEKLY" or rule.weeks:
        return replace(rule, weekdays=((0, weekday_of(day)),))
    at = date_of(day)
    if rule.frequency == "YEARLY" and not rule.months:
        return replace(rule, months=(at.month,), month_days=(at.day,))
    return replace(rule, month_days=(at.day,))


def walls_between(pattern: Pattern, low: int, high: int) -> list[int]:
    """Ascending walls of the pattern, `low` included, `high` not."""
    if pattern.ends_before is not None:
        high = min(high, pattern.ends_before)
    low = max(low, pattern.start)
    if low < high and pattern.rule.count is not None:
        high = min(high, end_of_count(pattern, year_of(high) + 1))
    if low >= high:
        return []
    return trimmed(named_walls(pattern, low // DAY, (high - 1) // DAY), low, high)


@lru_cache(COUNTS_KEPT)
def end_of_count(pattern: Pattern, year: int) -> int:
    """A wall behind the last that COUNT allows; `LATEST` if that lies in `year` or later."""
    rule, count = pattern.rule, pattern.rule.count or 0
    narrowing = (rule.months, rule.month_days, rule.year_days, rule.weekdays, rule.positions)
    if rule.frequency == "DAILY" and len(pattern.times) == 1 and not any(narrowing):
        return pattern.start + (count - 1) * rule.interval * DAY + 1
    until = day_number(year, 1, 1)
    found = trimmed(named_walls(pattern, pattern.start // DAY, until - 1), pattern.start, until * DAY)
    return found[count - 1] + 1 if len(found) >= count else LATEST


def trimmed(walls: list[int], low: int, high: int) -> list[int]:
    return walls[bisect_left(walls, low) : bisect_left(walls, high)]


def named_walls(pattern: Pattern, first: int, last: int) -> list[int]:
    """Ascending walls of every period that touches the days from `first` to `last`."""
    rule, times = pattern.rule, pattern.times
    periods = PERIODS[rule.frequency](rule, pattern.start // DAY, first, last)
    if rule.positions:
        return list(chain.from_iterable(picked(rule.positions, walls_of(days, times)) for days in periods))
    return walls_of(chain.from_iterable(periods), times)


def walls_of(days: Iterable[int], times: tuple[int, ...]) -> list[int]:
    if len(times) == 1:
        (only,) = times
        return [day * DAY + only for day in days]
    return [day * DAY + time for day in days for time in times]


def picked(positions: tuple[int, ...], walls: list[int]) -> list[int]:
    """The members of one period at these positions, which count from 1, or from the end."""
    chosen = {(n - 1 if n > 0 else len(walls) + n) for n in positions if abs(n) <= len(walls)}
    return [walls[index] for index in sorted(chosen)]


def daily(rule: Rule, start: int, first: int, last: int) -> Iterator[Sequence[int]]:
    begin = start - (start - first) // rule.interval * rule.interval
    days: Sequence[int] = range(begin, last + 1, rule.interval)
    if rule.weekdays:
        wanted = {weekday for _, weekday in rule.weekdays}
        days = [day for day in days if weekday_of(day) in wanted]
    days = narrowed(rule, days)
    return iter([[day] for day in days] if rule.positions else [days])


def weekly(rule: Rule, start: int, first: int, last: int) -> Iterator[Sequence[int]]:
    step = 7 * rule.interval
    origin = start - (weekday_of(start) - rule.week_start) % 7
    begin = origin + (first - origin) // step * step
    within = sorted({(weekday - rule.week_start) % 7 for _, weekday in rule.weekdays}) or list(range(7))
    weeks = range(begin, last + 1, step)
    if rule.positions:
        return (narrowed(rule, [week + day for day in within]) for week in weeks)
    if len(within) == 1:
        return iter([narrowed(rule, range(begin + within[0], last + 1, step))])
    return iter([narrowed(rule, [week + day for week in weeks for day in within])])


def narrowed(rule: Rule, days: Sequence[int]) -> Sequence[int]:
    if not (rule.months or rule.month_days or rule.year_days):
        return days
    passes = day_filter(rule.months, rule.month_days, rule.year_days)
    return [day for day in days if passes(day)]


def monthly(rule: Rule, start: int, first: int, last: int) -> Iterator[Sequence[int]]:
    begin = month_of(first)
    begin += (month_of(start) - begin) % rule.interval
    only = day_filter((), (), rule.year_days) if rule.year_days else None
    for month in range(begin, month_of(last) + 1, rule.interval):
        if rule.months and month % 12 + 1 not in rule.months:
            continue
        days = days_of_month(month, rule.month_days, rule.weekdays)
        yield days if only is None else tuple(filter(only, days))


def month_of(day: int) -> int:
    at = date_of(day)
    return at.year * 12 + at.month - 1


def yearly(rule: Rule, start: int, first: int, last: int) -> Iterator[Sequence[int]]:
    begin = date_of(first).year
    begin += (date_of(start).year - begin) % rule.interval
    for year in range(begin, date_of(last).year + 1, rule.interval):
        yield days_of_year(
            year, rule.months, rule.month_days, rule.year_days, rule.weeks, rule.weekdays, rule.week_start
        )


Periods = Callable[[Rule, int, int, int], Iterator[Sequence[int]]]
PERIODS: dict[str, Periods] = {"DAILY": daily, "WEEKLY": weekly, "MONTHLY": monthly, "YEARLY": yearly}
