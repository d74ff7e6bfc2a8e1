"""The local Google expands real calendars to the very instants that ical.js, Mozilla's own library, finds."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from calferry.emulator import ics
from calferry.emulator.world import when
from tests.contract import ical_js
from tests.contract.ical_js import Found, Stamp
from tests.unit.emulator.desk import Desk

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "tests/samples/ics").glob("*.ics"))
WINDOW = {"timeMin": "2010-01-01T00:00:00Z", "timeMax": "2030-01-01T00:00:00Z"}
UNTIL = "2030-01-02"
MADE_UP = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True)
class Difference:
    """Instances that only the local Google finds, and the sentence that gives it right."""

    only_here: tuple[tuple[str, str], ...]
    source: str
    sentence: str


DIFFERENCES = {
    "issue_28_rrule_with_UTC_endinginZ": Difference(
        only_here=(("2020-09-17", "2020-09-18"), ("2020-09-24", "2020-09-25")),
        source="RFC 5545, section 3.3.10",
        sentence="If the value specified by UNTIL is synchronized with the specified recurrence, this DATE or "
        "DATE-TIME becomes the last instance of the recurrence.",
        # UNTIL=20200916T230000Z is where 17 September begins in the file's zone, and that is an occurrence.
    ),
}


@cache
def answers_of_ical_js() -> dict[str, list[list[Any]]]:
    """By file name, every instance."""
    return {path.name: found for path, found in zip(FILES, ical_js.expand(FILES, UNTIL), strict=True)}


def instant(stamp: Stamp, zone: str) -> int:
    """Days begin, and times without a zone are meant, in the calendar's zone."""
    if isinstance(stamp, int):
        return stamp
    moment = (
        datetime.fromisoformat(stamp) if "T" in stamp else datetime.combine(when.parse_date(stamp), time())
    )
    return int(moment.replace(tzinfo=when.zone(zone)).timestamp())


def settled(stamp: Stamp, zone: str) -> Stamp:
    """A day stays a day; everything else is unix seconds."""
    return stamp if isinstance(stamp, str) and "T" not in stamp else instant(stamp, zone)


def expected(path: Path, zone: str) -> Counter[Found]:
    low, high = (int(when.parse_date_time(text).timestamp()) for text in WINDOW.values())
    found: Counter[Found] = Counter()
    for uid, original, start, end, _ in answers_of_ical_js()[path.name]:
        if instant(end, zone) > low and instant(start, zone) < high:
            found[(uid or "", settled(original, zone), settled(start, zone), settled(end, zone))] += 1
    return found


def of_event(event: Any) -> Found:
    """An event that came without a UID has one of 32 hexadecimal digits."""
    uid = event["iCalUID"].partition("#")[0]
    uid = "" if MADE_UP.fullmatch(uid) else uid
    original = event.get("originalStartTime", event["start"])
    return uid, of_stamp(original), of_stamp(event["start"]), of_stamp(event["end"])


def of_stamp(stamp: Any) -> Stamp:
    return str(stamp["date"]) if "date" in stamp else when.instant(stamp, "UTC")


def opened(path: Path) -> tuple[Desk, str, str]:
    """A local Google with the file's calendar, the calendar's id and its zone."""
    document = ics.seed_document(path.read_bytes(), path.stem)
    (calendar,) = document["calendars"]
    return Desk((document,)), calendar["id"], calendar["timeZone"]


def listed(desk: Desk, calendar: str) -> Counter[Found]:
    items, _ = desk.all_events(calendar, singleEvents="true", maxResults=2500, **WINDOW)
    return Counter(of_event(item) for item in items)


def series_by_series(desk: Desk, calendar: str) -> Counter[Found]:
    """Single events from a plain listing, the rest from `events.instances`."""
    found: Counter[Found] = Counter()
    items, _ = desk.all_events(calendar, maxResults=2500, **WINDOW)
    masters = {item["id"] for item in items if "recurrence" in item}
    for item in items:
        if "recurrence" in item:
            found.update(of_event(one) for one in instances(desk, calendar, item["id"]))
        elif item["status"] != "cancelled" and item.get("recurringEventId") not in masters:
            found[of_event(item)] += 1
    return found


def instances(desk: Desk, calendar: str, event_id: str) -> Iterator[Any]:
    page: dict[str, str] = {}
    while True:
        path = f"calendars/{calendar}/events/{event_id}/instances"
        answer = desk.api("GET", path, maxResults=2500, **WINDOW, **page).json
        yield from answer["items"]
        if "nextPageToken" not in answer:
            return
        page = {"pageToken": answer["nextPageToken"]}


def compare(found: Counter[Found], wanted: Counter[Found], accepted: Difference | None) -> None:
    only_here = Counter((start, end) for _, _, start, end in (found - wanted).elements())
    assert wanted - found == Counter()
    assert only_here == Counter(accepted.only_here if accepted else ())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_real_calendar_has_the_instances_that_ical_js_finds(path: Path) -> None:
    desk, calendar, zone = opened(path)
    wanted = expected(path, zone)
    assert wanted
    compare(listed(desk, calendar), wanted, DIFFERENCES.get(path.stem))
    compare(series_by_series(desk, calendar), wanted, DIFFERENCES.get(path.stem))


def test_an_instance_moved_by_an_hour_would_be_noticed() -> None:
    path = next(path for path in FILES if path.stem == "issue_48_dst")
    desk, calendar, zone = opened(path)
    moved = Counter(
        (uid, original, start, end + 3600 if isinstance(end, int) else end)
        for uid, original, start, end in listed(desk, calendar)
    )
    with pytest.raises(AssertionError):
        compare(moved, expected(path, zone), None)
