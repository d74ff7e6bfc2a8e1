"""The lines of a series whose start is moved, so that its occurrences move as far."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from calferry.core.recurrence.days import date_of
from calferry.core.recurrence.lines import RULES, parts_of_line, read_dates, read_stamp
from calferry.core.recurrence.offsets import DAY, to_instants, to_wall
from calferry.core.recurrence.rule import WEEKDAYS, Rule, read_rule
from calferry.core.recurrence.rule_text import (
    changed_rule,
    clock_parts,
    instant_text,
    lines_of,
    numbers_text,
    weekdays_text,
)
from calferry.core.recurrence.stamps import day_stamps

LAST_SECOND = DAY - 1
Parts = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Move:
    """Where a series began and where it shall, as walls; a zone is None for days."""

    old: int
    new: int
    old_zone: tzinfo | None
    new_zone: tzinfo | None

    @property
    def days(self) -> int:
        return self.new // DAY - self.old // DAY

    def wall(self, wall: int) -> int:
        if self.new_zone is None:
            return (wall // DAY + self.days) * DAY
        return wall + self.new - self.old

    def instant(self, instant: int) -> int:
        """Where an occurrence goes; those of days are midnights."""
        wall = self.wall(instant if self.old_zone is None else to_wall(self.old_zone, instant))
        return wall if self.new_zone is None else to_instants(self.new_zone, [wall])[0]


def possible(lines: Sequence[str], move: Move) -> Move:
    """The move itself; to another time of the same day if the lines name days that mean something by themselves.

    A rule of every Monday becomes one of every Tuesday, but the second Monday of a month, or the first and the fifteenth
    of it, stay: a start that the rule does not name would be an occurrence beside the others.
    """
    if not move.days or all(follows(line, move) for line in lines):
        return move
    return replace(move, new=move.new - move.days * DAY)


def follows(line: str, move: Move) -> bool:
    """Whether the days of a line can go as far as the start."""
    name, _, value = parts_of_line(line)
    if name not in RULES:
        return True
    rule, begin = read_rule(value), date_of(move.old // DAY)
    if rule.year_days or rule.weeks:
        return False
    if rule.frequency == "WEEKLY":
        return not (rule.months or rule.month_days)
    if rule.weekdays or rule.positions:
        return False
    has_own_days = rule.month_days not in ((), (begin.day,))
    return not has_own_days and (
        not rule.months or (rule.frequency == "YEARLY" and rule.months == (begin.month,))
    )


def moved_lines(lines: Sequence[str], move: Move) -> list[str]:
    """The lines of the series at its new start, for a move that is `possible`."""
    return [moved for line in lines for moved in moved_line(line, move)]


def moved_line(line: str, move: Move) -> list[str]:
    name, parameters, value = parts_of_line(line)
    if name in RULES:
        return [f"{name}{parameters}:{moved_rule(value, move)}"]
    start = move.old if move.old_zone is None else to_instants(move.old_zone, [move.old])[0]
    stamps = read_dates(line, start, move.old_zone)
    is_day = move.new_zone is None
    whole = [(one.day + move.days) * DAY for one in stamps if one.day is not None and name == "EXDATE"]
    rest = [move.instant(one.instant) for one in stamps if one.day is None or name != "EXDATE"]
    return lines_of(name, whole, is_day=True) + lines_of(name, rest, is_day=is_day)


def moved_rule(value: str, move: Move) -> str:
    rule = read_rule(value)
    changes: Parts = {} if rule.until is None else {"UNTIL": moved_until(rule.until, move)}
    changes |= moved_clock(rule, move)
    if move.days:
        changes |= moved_days(rule, move)
    return changed_rule(value, changes)


def moved_until(text: str, move: Move) -> str:
    """The end of a rule moves as the occurrences do, lest the last be lost. A mere date holds its whole day."""
    stamp, zone = read_stamp(text), move.old_zone
    if move.new_zone is None:
        wall = to_wall(zone, stamp.wall) if zone and stamp.is_utc else stamp.wall
        too_early = zone is not None and not stamp.is_day and wall % DAY < move.old % DAY
        return day_stamps[wall // DAY + move.days - too_early]
    if stamp.is_day or zone is None:
        return instant_text(
            to_instants(move.new_zone, [(stamp.wall // DAY + move.days) * DAY + LAST_SECOND])[0]
        )
    wall = to_wall(zone, stamp.wall) if stamp.is_utc else stamp.wall
    return instant_text(to_instants(move.new_zone, [move.wall(wall)])[0])


def moved_clock(rule: Rule, move: Move) -> Parts:
    """Times of day that a rule names. Those of an all-day series are dropped; several move by whole hours only."""
    if not (rule.hours or rule.minutes or rule.seconds):
        return {}
    if move.new_zone is None:
        return {"BYHOUR": None, "BYMINUTE": None, "BYSECOND": None}
    clock, shift = move.old % DAY, move.new % DAY - move.old % DAY
    hours, minutes = rule.hours or (clock // 3600,), rule.minutes or (clock // 60 % 60,)
    seconds = rule.seconds or (clock % 60,)
    if len(hours) == len(minutes) == len(seconds) == 1:
        time = (hours[0] * 3600 + minutes[0] * 60 + seconds[0] + shift) % DAY
        return {**clock_parts((time // 3600,), (time // 60 % 60,), (time % 60,))}
    moved = tuple(hour + shift // 3600 for hour in hours)
    if shift % 3600 or not all(0 <= hour < 24 for hour in moved):
        return {}
    return {**clock_parts(moved, minutes, seconds)}


def moved_days(rule: Rule, move: Move) -> Parts:
    """Weeks begin as much later as their days do, so that those of one week stay together."""
    begin = date_of(move.new // DAY)
    changes: Parts = {}
    if rule.frequency == "WEEKLY" and rule.weekdays:
        changes["BYDAY"] = weekdays_text(sorted((nth, (day + move.days) % 7) for nth, day in rule.weekdays))
        if len(rule.weekdays) > 1 and (rule.interval > 1 or rule.positions):
            changes["WKST"] = WEEKDAYS[(rule.week_start + move.days) % 7]
    if rule.month_days:
        changes["BYMONTHDAY"] = numbers_text((begin.day,))
    if rule.months:
        changes["BYMONTH"] = numbers_text((begin.month,))
    return changes
