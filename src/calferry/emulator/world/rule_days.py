"""The wall-clock times of a recurrence rule: RFC 5545, section 3.3.10, period by period."""

from calendar import isleap, monthrange
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import chain, product

from calferry.emulator.world.rule import Rule

_ORDINARY_YEAR, _LEAP_YEAR = 365, 366
FOLLOWED_FROM = date(1900, 1, 1)
DENSE_FOLLOWED_FROM = date(1990, 1, 1)
COUNTED_DAYS_MAX = 100_000
_STEPS = {"HOURLY": timedelta(hours=1), "MINUTELY": timedelta(minutes=1), "SECONDLY": timedelta(seconds=1)}


def walls(rule: Rule, first: datetime, last: datetime) -> Iterator[datetime]:
    """Every time of the rule from `first` to `last`, both included, in order, at most `rule.count`.

    Nobody looks at what an endless rule did before 1900, or before 1990 if it has several times a day: that is
    skipped. A rule with a count is followed for 100,000 days.
    """
    left = rule.count
    for moments in _sets(rule, first, last):
        for wall in _at_places(moments, rule.places) if rule.places else moments:
            if wall < first:
                continue
            if wall > last or left == 0:
                return
            yield wall
            left = None if left is None else left - 1


def _at_places(moments: Iterable[datetime], places: tuple[int, ...]) -> list[datetime]:
    """BYSETPOS: the moments of one period at these places."""
    whole = list(moments)
    found = {whole[place - 1 if place > 0 else place] for place in places if abs(place) <= len(whole)}
    return sorted(found)


def _sets(rule: Rule, first: datetime, last: datetime) -> Iterator[Iterable[datetime]]:
    """The moments of each period that the rule counts, not yet cut at `first`."""
    if rule.frequency in _STEPS:
        return _within_days(rule, first, last)
    clocks = [time(*clock) for clock in product(*_clock_hands(rule, first))]
    begin, end = first.date(), last.date()
    if rule.count is None:
        begin = _skipped_to(rule, begin, DENSE_FOLLOWED_FROM if len(clocks) > 1 else FOLLOWED_FROM)
    else:
        end = date.fromordinal(min(end.toordinal(), begin.toordinal() + COUNTED_DAYS_MAX))
    return (
        [datetime.combine(day, clock) for day in days for clock in clocks] for days in _days(rule, begin, end)
    )


def _skipped_to(rule: Rule, first: date, floor: date) -> date:
    """A day in the last period of the rule that begins at or before `floor`; `first` if that is later."""
    if first >= floor:
        return first
    if rule.frequency in ("DAILY", "WEEKLY"):
        step = rule.interval * (7 if rule.frequency == "WEEKLY" else 1)
        return date.fromordinal(first.toordinal() + (floor - first).days // step * step)
    if rule.frequency == "YEARLY":
        return first.replace(
            year=first.year + (floor.year - first.year) // rule.interval * rule.interval, day=1
        )
    months = first.year * 12 + first.month - 1
    months += (floor.year * 12 - months) // rule.interval * rule.interval
    return date(months // 12, months % 12 + 1, 1)


def _clock_hands(rule: Rule, first: datetime) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    return rule.hours or (first.hour,), rule.minutes or (first.minute,), rule.seconds or (first.second,)


def _within_days(rule: Rule, first: datetime, last: datetime) -> Iterator[list[datetime]]:
    """Periods shorter than a day. What is longer than a period limits, what is shorter expands."""
    step = _STEPS[rule.frequency] * rule.interval
    moment = first
    while moment <= last:
        hours, minutes, seconds = _clock_hands(rule, moment)
        if rule.frequency != "HOURLY":
            minutes = tuple(minute for minute in minutes if minute == moment.minute)
        if rule.frequency == "SECONDLY":
            seconds = tuple(second for second in seconds if second == moment.second)
        if moment.hour in hours and _fits(rule, moment.date()):
            clocks = product((moment.hour,), minutes, seconds)
            yield [datetime.combine(moment, time(*clock)) for clock in clocks]
        moment += step


def _days(rule: Rule, first: date, last: date) -> Iterator[list[date]]:
    """The days of each period that the rule takes."""
    periods = {"DAILY": _by_day, "WEEKLY": _by_week, "MONTHLY": _by_month, "YEARLY": _by_year}
    for candidates in periods[rule.frequency](rule, first, last):
        yield [day for day in candidates if _fits(rule, day)]


def _by_day(rule: Rule, first: date, last: date) -> Iterator[Iterable[date]]:
    for number in range(first.toordinal(), last.toordinal() + 1, rule.interval):
        yield (date.fromordinal(number),)


def _by_week(rule: Rule, first: date, last: date) -> Iterator[Iterable[date]]:
    start = _week_start(first, rule.week_start).toordinal()
    for number in range(start, last.toordinal() + 1, 7 * rule.interval):
        yield map(date.fromordinal, range(number, number + 7))


def _by_month(rule: Rule, first: date, last: date) -> Iterator[Iterable[date]]:
    start, end = (day.year * 12 + day.month - 1 for day in (first, last))
    for number in range(start, end + 1, rule.interval):
        yield _month(rule, number // 12, number % 12 + 1)


def _by_year(rule: Rule, first: date, last: date) -> Iterator[Iterable[date]]:
    for year in range(first.year, last.year + 1, rule.interval):
        yield chain.from_iterable(_month(rule, year, month) for month in rule.months or range(1, 13))


def _month(rule: Rule, year: int, month: int) -> Iterator[date]:
    """The days of a month, or those that BYMONTHDAY names."""
    length = monthrange(year, month)[1]
    named = {day if day > 0 else length + 1 + day for day in rule.month_days}
    for day in sorted(named) if named else range(1, length + 1):
        if 1 <= day <= length:
            yield date(year, month, day)


def _fits(rule: Rule, day: date) -> bool:
    """Whether no part of the rule rules this day out."""
    return (
        (not rule.months or day.month in rule.months)
        and (not rule.weekdays or any(_is_weekday(rule, day, *one) for one in rule.weekdays))
        and (not rule.month_days or _counts(rule.month_days, day.day, monthrange(day.year, day.month)[1]))
        and (not rule.year_days or _counts(rule.year_days, _day_of_year(day), _length_of_year(day.year)))
        and (not rule.weeks or _counts(rule.weeks, *_week(day, rule.week_start)))
    )


def _counts(numbers: tuple[int, ...], place: int, length: int) -> bool:
    """Whether one of the numbers, which may count from the end, is this place out of `length`."""
    return place in numbers or place - length - 1 in numbers


def _is_weekday(rule: Rule, day: date, place: int, weekday: int) -> bool:
    """Whether the day is that day of the week, and the nth of its month or year if the rule says so."""
    if day.weekday() != weekday:
        return False
    if place == 0 or rule.frequency not in ("MONTHLY", "YEARLY"):
        return True
    if rule.frequency == "MONTHLY" or rule.months:
        number, length = day.day, monthrange(day.year, day.month)[1]
    else:
        number, length = _day_of_year(day), _length_of_year(day.year)
    return place == ((number - 1) // 7 + 1 if place > 0 else -((length - number) // 7 + 1))


def _day_of_year(day: date) -> int:
    return day.toordinal() - date(day.year, 1, 1).toordinal() + 1


def _length_of_year(year: int) -> int:
    return _LEAP_YEAR if isleap(year) else _ORDINARY_YEAR


def _week_start(day: date, week_start: int) -> date:
    return day - timedelta(days=(day.weekday() - week_start) % 7)


def _week(day: date, week_start: int) -> tuple[int, int]:
    """The number of the day's week, and how many its year has; a week is of the year of its fourth day."""
    middle = _week_start(day, week_start) + timedelta(days=3)
    number, place = divmod(_day_of_year(middle) - 1, 7)
    return number + 1, 53 if place + 52 * 7 < _length_of_year(middle.year) else 52
