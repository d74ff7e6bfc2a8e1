"""Other programs read from a feed what the mirror itself says takes place. How it is written is the same on every database."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import icalendar
import pytest

from calferry.emulator import ics
from tests.contract import ical_js
from tests.contract.ical_js import Found, Stamp
from tests.contract.test_ical_js import FILES, MADE_UP, UNTIL, of_event, settled
from tests.contract.web.site import Person, Site, sync
from tests.contract.web.test_feeds import ALICE, EVENTS, HOSTILE, new_feed

WINDOWS = (("2010", "2015"), ("2015", "2020"), ("2020", "2025"), ("2025", "2030"))


@pytest.fixture(autouse=True)
def always_on_both() -> None:
    """SQLite is enough."""


def seed(site: Site) -> Person:
    """Alice with a calendar for each sample, and with events of which single occurrences were changed and cancelled."""
    for path in FILES:
        site.google.control("seed", ics.seed_document(path.read_bytes(), path.stem))
    site.google.control("seed", {"events": {ALICE: EVENTS}})
    google = site.google_client(ALICE)
    events = f"/calendars/{ALICE}/events"
    moved = {"start": {"dateTime": "2026-11-10T15:00:00Z"}, "end": {"dateTime": "2026-11-10T17:00:00Z"}}
    google.patch(f"{events}/weekly00_20261109T080000Z", json=moved).raise_for_status()
    google.delete(f"{events}/weekly00_20261026T080000Z").raise_for_status()
    google.delete(f"{events}/days0000_20261105").raise_for_status()
    google.patch(f"{events}/days0000_20261106", json={"summary": "Another"}).raise_for_status()
    alice = site.person(ALICE)
    sync(alice.http, *alice.calendars.values())
    return alice


def expanded(alice: Person, calendar_id: str) -> Counter[Found]:
    """What the mirror says takes place."""
    found: Counter[Found] = Counter()
    for low, high in WINDOWS:
        query = {
            "singleEvents": "true",
            "timeMin": f"{low}-01-01T00:00:00Z",
            "timeMax": f"{high}-01-01T00:00:00Z",
        }
        for item in pages(alice, {**query, "calendar_ids": calendar_id, "maxResults": "2500"}):
            if of_event(item) not in found:
                found[of_event(item)] += 1
    return found


def pages(alice: Person, query: dict[str, str]) -> Iterator[Any]:
    while True:
        answer = alice.http.get("/calendar/events", params=query)
        assert answer.status_code == 200, answer.text
        yield from answer.json()["items"]
        if answer.json()["nextPageToken"] is None:
            return
        query = query | {"pageToken": answer.json()["nextPageToken"]}


def within(found: Found) -> bool:
    _, _, start, end = found
    return begins_before(start, "2030", 1_893_456_000) and not begins_before(end, "2010-01-02", 1_262_304_001)


def begins_before(stamp: Stamp, day: str, instant: int) -> bool:
    return stamp < day if isinstance(stamp, str) else stamp < instant


def test_other_programs_find_what_the_mirror_says(site: Site, tmp_path: Path) -> None:
    alice = seed(site)
    files, wanted = [], {}
    for google_id, calendar_id in alice.calendars.items():
        files.append(tmp_path / f"{google_id}.ics")
        files[-1].write_bytes(site.client().get(new_feed(alice, calendar_id=calendar_id)["url"]).content)
        wanted[google_id] = expanded(alice, calendar_id)
    zone = alice.http.get("/calendar/calendars").json()["calendars"][0]["time_zone"]
    for google_id, instances in zip(alice.calendars, ical_js.expand(files, UNTIL), strict=True):
        found = Counter(
            (nameless(uid), settled(original, zone), settled(start, zone), settled(end, zone))
            for uid, original, start, end, _ in instances
        )
        assert Counter({one: n for one, n in found.items() if within(one)}) == wanted[google_id], google_id
    assert sum(len(one) for one in wanted.values()) > 1_000
    check_texts(files[list(alice.calendars).index(ALICE)].read_bytes())


def nameless(uid: str) -> str:
    return "" if MADE_UP.fullmatch(uid.partition("#")[0]) else uid.partition("#")[0]


def check_texts(content: bytes) -> None:
    """As the library of icalendar reads them, which wrote none of it but the zones."""
    calendar = icalendar.Calendar.from_ical(content)
    assert calendar.errors == []
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    assert {str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")} == {"America/New_York", "Europe/Berlin"}
    events = {str(event["UID"]): event for event in calendar.walk("VEVENT") if "RECURRENCE-ID" not in event}
    single = events["single00@google.com"]
    assert str(single["SUMMARY"]) == HOSTILE.replace("\r\n", "\n")
    assert (str(single["DESCRIPTION"]), str(single["LOCATION"])) == ("one\ntwo", "Here, there; everywhere")
    assert (single["TRANSP"], single["CLASS"], single["STATUS"]) == ("TRANSPARENT", "PRIVATE", "CONFIRMED")
    assert single["DTEND"].params["TZID"] == "America/New_York"
    assert content.count(b"BEGIN:VEVENT\r\n") == len(calendar.walk("VEVENT")) == 7
    assert b"DTSTART:20261025T013000Z" in content
    weekly = events["weekly00@google.com"]
    assert weekly["RRULE"].to_ical() == b"FREQ=WEEKLY;UNTIL=20261214T225959Z"
    assert b"EXDATE;TZID=Europe/Berlin:20261026T090000" in content
    assert b"EXDATE;VALUE=DATE:20261105" in content
    assert b"ATTENDEE" not in content
