"""Random series, cut at any occurrence: both parts together have the occurrences of the whole."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from calferry.core.event_span import EventSpan, span_of
from calferry.core.recurrence.lines import read_recurrence
from calferry.core.recurrence.rule_text import instant_text
from calferry.core.recurrence.series import Series
from calferry.core.recurrence.stamps import day_stamps
from calferry.core.series_edits import moved_whole, tail, trimmed
from tests.unit.emulator.desk import ALICE, Desk

Json = dict[str, Any]
ZONES = ("Europe/Berlin", "America/New_York", "UTC", None)
BERLIN = ZoneInfo("Europe/Berlin")
DAY = 86_400
LONG = 500 * DAY
RULES = (
    "FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2",
    "FREQ=WEEKLY;BYDAY=MO,WE,SU;INTERVAL=2", "FREQ=WEEKLY;BYDAY=TU,SU;WKST=SU;INTERVAL=3", "FREQ=MONTHLY",
    "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=MONTHLY;BYDAY=2TU;INTERVAL=2", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=YEARLY;BYMONTH=3,10;BYDAY=-1SU", "FREQ=YEARLY",
)  # fmt: skip
MOVABLE = (*RULES[:2], *RULES[3:7])


@st.composite
def series(draw: st.DrawFn, rules: tuple[str, ...] = RULES) -> Json:
    start = draw(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31))).replace(microsecond=0, second=0)
    zone, rule = draw(st.sampled_from(ZONES)), draw(st.sampled_from(rules))
    until = start + timedelta(days=draw(st.integers(0, 400)))
    day_or_time = f"{until:%Y%m%d}" if zone is None else f"{until:%Y%m%dT%H%M%SZ}"
    ends = ["", f";COUNT={draw(st.integers(1, 30))}", f";UNTIL={day_or_time}"]
    lines = [f"RRULE:{rule}{draw(st.sampled_from(ends))}"]
    for name in draw(st.lists(st.sampled_from(["EXDATE", "EXDATE", "RDATE"]), max_size=3)):
        at = start + timedelta(days=draw(st.integers(0, 12)))
        lines.append(
            f"{name};VALUE=DATE:{at:%Y%m%d}" if zone is None else f"{name};TZID={zone}:{at:%Y%m%dT%H%M%S}"
        )
    length = (
        timedelta(days=draw(st.integers(1, 3))) if zone is None else timedelta(hours=draw(st.integers(0, 30)))
    )
    return {"recurrence": lines} | times(start, start + length, zone)


def times(start: datetime, end: datetime, zone: str | None) -> Json:
    if zone is None:
        return {"start": {"date": f"{start:%Y-%m-%d}"}, "end": {"date": f"{end:%Y-%m-%d}"}}
    ends = {"start": start, "end": end}
    return {name: {"dateTime": at.isoformat(), "timeZone": zone} for name, at in ends.items()}


def starts(event: Json, until: int) -> list[int]:
    """Instants of the occurrences before `until`."""
    span = span_of(event)
    if "recurrence" not in event:
        return [span.start]
    recurrence = read_recurrence(tuple(event["recurrence"]), span.start, span.zone)
    return Series(span.start, span.duration, span.zone, recurrence).starts_between(0, until)


def original(event: Json, at: int) -> str:
    return day_stamps[at // DAY] if "date" in event["start"] else instant_text(at)


def parts(master: Json, at: int) -> tuple[Json, Json] | None:
    """Both parts; None where the second is the whole, or cannot be written as rules."""
    stamp = original(master, at)
    ends = trimmed(master, stamp)
    try:
        return None if ends is None else (master | ends, tail(master, stamp, {}, {}))
    except ValueError:
        return None


@settings(max_examples=300, deadline=None)
@given(master=series(), place=st.integers(0, 12))
def test_both_parts_have_the_occurrences_of_the_whole(master: Json, place: int) -> None:
    until = span_of(master).start + LONG
    whole = starts(master, until)
    for at in whole[place : place + 1]:
        found = parts(master, at)
        if found is None:
            assert at == whole[0] or any("RDATE" in line for line in master["recurrence"])
            continue
        before, rest = (starts(part, until) for part in found)
        assert before + rest == whole
        assert rest[0] == at


def is_at_night(wall: int) -> bool:
    """When clocks change: what they skip or show twice is another matter."""
    return wall % DAY < 5 * 3600


@settings(max_examples=200, deadline=None)
@given(master=series(MOVABLE), place=st.integers(0, 10), days=st.integers(-9, 9), hours=st.integers(-30, 30))
def test_every_occurrence_moves_as_far_as_the_edited_one(
    master: Json, place: int, days: int, hours: int
) -> None:
    first = span_of(master)
    shift = days * DAY + (hours * 3600 if first.zone else 0)
    until = first.start + LONG
    whole = [replace(first, start=at) for at in starts(master, until)]
    assume(first.zone is None or not (is_at_night(first.wall) or is_at_night(first.wall + shift)))
    for seen in whole[place : place + 1]:
        patch = moved_whole(master, seen.fields(), seen.at(seen.wall + shift).fields())
        found = starts({**master, **patch}, until + 20 * DAY)
        assert found[: len(whole)] == [one.at(one.wall + shift).start for one in whole]
        is_endless = "COUNT" not in master["recurrence"][0] and "UNTIL" not in master["recurrence"][0]
        assert is_endless or len(found) == len(whole)


def instances(desk: Desk, event_id: str, until: int) -> list[str]:
    """Starts of what the local Google lists, in order."""
    time_max = datetime.fromtimestamp(until, UTC).isoformat()
    answer = desk.change("GET", event_id + "/instances", maxResults=2500, timeMax=time_max)
    assert "nextPageToken" not in answer.json
    starts = (item["start"] for item in answer.json["items"])
    return sorted(start.get("date") or start["dateTime"] for start in starts)


@settings(max_examples=60, deadline=None)
@given(master=series(), place=st.integers(0, 12))
def test_the_local_google_lists_both_parts_as_it_listed_the_whole(master: Json, place: int) -> None:
    desk = Desk()
    zone = ZoneInfo(desk.api("GET", f"calendars/{quote(ALICE)}").json["timeZone"])
    stored = desk.insert(**master)
    until = span_of(master, zone).start + LONG
    whole = instances(desk, stored["id"], until)
    for at in starts(stored, until)[place : place + 1]:
        found = parts(stored, at)
        if found is None:
            continue
        ends, rest = found
        added = desk.insert(**rest)
        assert desk.change("PATCH", stored["id"], {"recurrence": ends["recurrence"]}).status == 200
        before = instances(desk, stored["id"], until)
        after = instances(desk, added["id"], until) if "recurrence" in added else [first_of(added)]
        assert before + after == whole


@settings(max_examples=60, deadline=None)
@given(master=series(), place=st.integers(0, 12))
def test_times_become_days_and_days_times_and_the_local_google_lists_as_many(
    master: Json, place: int
) -> None:
    desk = Desk()
    stored = desk.insert(**master)
    span = span_of(stored, BERLIN)
    assume(span.zone is None or not is_at_night(span.wall))
    until = span.start + LONG
    whole = [replace(span, start=at) for at in starts(stored, until + 2 * DAY)]
    for seen in whole[place : place + 1]:
        day, clock = seen.wall // DAY * DAY, 0 if span.zone else 10 * 3600
        turned = EventSpan(day, DAY, None) if span.zone else EventSpan(0, 3600, BERLIN).at(day + clock)
        patch = moved_whole(stored, seen.fields(), turned.fields(), BERLIN)
        assert desk.change("PATCH", stored["id"], patch).status == 200
        wanted = [turned.at(one.wall // DAY * DAY + clock).fields()["start"] for one in whole]
        found = instances(desk, stored["id"], until)
        assert found == [one.get("date") or one["dateTime"] for one in wanted][: len(found)]
        assert len(found) >= sum(one.start < until - DAY for one in whole)


def first_of(event: Json) -> str:
    return str(event["start"].get("date") or event["start"]["dateTime"])
