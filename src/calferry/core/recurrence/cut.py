"""A series in two: the lines that end it before an occurrence, and those that go on from there."""

from collections.abc import Sequence

from calferry.core.recurrence.days import weekday_of
from calferry.core.recurrence.lines import RULES, anchored, parts_of_line, read_dates
from calferry.core.recurrence.offsets import DAY, EARLIEST, LATEST, to_instants, to_wall, year_of
from calferry.core.recurrence.pattern import Pattern, month_of, walls_between
from calferry.core.recurrence.rule import read_rule
from calferry.core.recurrence.rule_text import (
    changed_rule,
    clock_parts,
    instant_text,
    lines_of,
    numbers_text,
    weekdays_text,
)
from calferry.core.recurrence.series import Series
from calferry.core.recurrence.stamps import day_stamps

JUST_ONCE = "RRULE:FREQ=DAILY;COUNT=1"
LISTED_MAX = 1_000
LIST_OF = {"RRULE": "RDATE", "EXRULE": "EXDATE"}


def lines_before(series: Series, lines: Sequence[str], at: int) -> list[str]:
    """The lines that leave of a series what begins before the instant `at`, an instant behind the start.

    A series of which only the start is left stays one: its instance keeps its id.
    """
    found: list[str] = []
    for line in lines:
        name, parameters, value = parts_of_line(line)
        if name == "EXRULE":
            found.append(line)
        elif name == "RRULE":
            found.append(f"{name}{parameters}:{ended(series, value, at)}")
        else:
            found += of_dates(series, line, EARLIEST, at)
    adds = any(parts_of_line(line)[0] in ("RRULE", "RDATE") for line in found)
    return found if adds else [JUST_ONCE, *found]


def ended(series: Series, value: str, at: int) -> str:
    """A rule that names nothing from `at` on; one that has ended before stays as it is.

    It ends with UNTIL, also where there was a COUNT: whether a start that the rule does not name is counted, Google
    nowhere says, and UNTIL means the same either way.
    """
    pattern = anchored(read_rule(value), series.start, series.zone)
    if series.zone is None:
        kept = walls_between(pattern, pattern.start, at)
        until = day_stamps[at // DAY - 1]
    else:
        named = to_instants(series.zone, walls_between(pattern, pattern.start, to_wall(series.zone, at)))
        kept = [instant for instant in named if instant < at]
        # A time that clocks skip is later than it reads: UNTIL must not hold it however somebody reads that.
        skipped = len(kept) < len(named)
        until = instant_text(max(kept) if kept and skipped else at - 1)
    if is_over(pattern, len(kept), at):
        return value
    return changed_rule(value, {"COUNT": None, "UNTIL": until})


def is_over(pattern: Pattern, named: int, at: int) -> bool:
    """Whether a rule ends before `at`, having named that many times."""
    if pattern.last_instant is not None:
        return pattern.last_instant < at
    if pattern.ends_before is not None:
        return pattern.ends_before <= at - DAY
    return pattern.rule.count is not None and named >= pattern.rule.count


def lines_from(series: Series, lines: Sequence[str], at: int) -> list[str]:
    """The lines of a series that begins at the instant `at` and has what another has from there on.

    Raises ValueError where a rule cannot go on from there: one of every other week, from a date between its weeks.
    """
    found: list[str] = []
    for line in lines:
        name, _, value = parts_of_line(line)
        if name in RULES:
            found += carried_on(series, name, value, at)
        else:
            found += of_dates(series, line, at + 1, LATEST)
    return found


def carried_on(series: Series, name: str, value: str, at: int) -> list[str]:
    """What is left of a rule; as dates, where it names the start by other days than the start's own."""
    rule = read_rule(value)
    old = anchored(rule, series.start, series.zone)
    wall = at if series.zone is None else to_wall(series.zone, at)
    passed = len(walls_between(old, old.start, wall))
    if is_over(old, passed, at):
        return []
    fresh = anchored(rule, at, series.zone)
    if not is_in_step(old, wall):
        return listed(series, old, LIST_OF[name], at)
    left = {} if rule.count is None else {"COUNT": str(rule.count - passed)}
    return [f"{name}:{changed_rule(value, spelt_out(old, fresh) | left)}"]


def is_in_step(pattern: Pattern, wall: int) -> bool:
    """Whether the periods of a rule are the same ones if it begins at `wall`."""
    rule, old, new = pattern.rule, pattern.start // DAY, wall // DAY
    if rule.frequency == "DAILY":
        apart = new - old
    elif rule.frequency == "WEEKLY":
        apart = (week_begin(new, rule.week_start) - week_begin(old, rule.week_start)) // 7
    elif rule.frequency == "MONTHLY":
        apart = month_of(new) - month_of(old)
    else:
        apart = year_of(new * DAY) - year_of(old * DAY)
    return apart % rule.interval == 0


def week_begin(day: int, week_start: int) -> int:
    return day - (weekday_of(day) - week_start) % 7


def spelt_out(old: Pattern, fresh: Pattern) -> dict[str, str]:
    """What a rule took from its start and would now take from another, in words of its own."""
    rule, changes = old.rule, dict[str, str]()
    if old.times != fresh.times:
        clock = old.start % DAY
        changes |= clock_parts(
            rule.hours or (clock // 3600,), rule.minutes or (clock // 60 % 60,), rule.seconds or (clock % 60,)
        )
    if (rule.weekdays, rule.month_days, rule.months) != (
        fresh.rule.weekdays,
        fresh.rule.month_days,
        fresh.rule.months,
    ):
        changes |= {
            "BYDAY": weekdays_text(rule.weekdays),
            "BYMONTHDAY": numbers_text(rule.month_days),
            "BYMONTH": numbers_text(rule.months),
        }
    return {name: text for name, text in changes.items() if text}


def listed(series: Series, pattern: Pattern, name: str, at: int) -> list[str]:
    """Every date that a rule names behind `at`. Raises ValueError if they have no end, or are too many."""
    is_endless = pattern.rule.count is None and pattern.rule.until is None
    instants = [] if is_endless else series.instants(pattern, at + 1, LATEST)
    if is_endless or len(instants) > LISTED_MAX:
        raise ValueError(
            "a rule of the series does not name this occurrence and cannot go on from it; name the recurrence"
        )
    return lines_of(name, instants, is_day=series.zone is None)


def of_dates(series: Series, line: str, low: int, high: int) -> list[str]:
    """A list of dates with those from `low` on and before `high`; none if that leaves none."""
    name, parameters, value = parts_of_line(line)
    texts = [text for text in value.split(",") if text.strip()]
    kept = [
        text
        for text, stamp in zip(texts, read_dates(line, series.start, series.zone), strict=True)
        if low <= stamp.instant < high
    ]
    return [f"{name}{parameters}:{','.join(kept)}"] if kept else []
