"""Feeds: secret addresses, what they answer, and how they end."""

import re
from collections import Counter
from typing import Any

import icalendar
from sqlalchemy import select

from calferry.store.tables import audit, calendar_feeds
from tests.contract.web.site import Person, Site, sync

ALICE = "alice@example.com"
TEAM = "alice-team@group.calendar.google.com"
BERLIN = {"timeZone": "Europe/Berlin"}
HOSTILE = 'Tea; "milk", \\ sugar\r\nBEGIN:VEVENT\nÄ' + "☕" * 40
EVENTS = [
    {
        "id": "single00", "summary": HOSTILE, "description": "one\ntwo", "location": "Here, there; everywhere",
        "transparency": "transparent", "visibility": "private",
        "start": {"dateTime": "2026-11-10T09:00:00+01:00", **BERLIN},
        "end": {"dateTime": "2026-11-10T04:30:00-05:00", "timeZone": "America/New_York"},
    },
    {
        "id": "twice000", "start": {"dateTime": "2026-10-25T02:30:00+01:00", **BERLIN},
        "end": {"dateTime": "2026-10-25T02:45:00+01:00", **BERLIN},
    },
    {"id": "fair0000", "summary": "Fair", "start": {"date": "2026-11-11"}, "end": {"date": "2026-11-13"}},
    {
        "id": "weekly00", "summary": "Weekly", "recurrence": [
            "RRULE:FREQ=WEEKLY;UNTIL=20261214", "EXDATE;TZID=Europe/Berlin:20261019T090000", "RDATE:20261016T070000Z"],
        "start": {"dateTime": "2026-10-05T09:00:00+02:00", **BERLIN},
        "end": {"dateTime": "2026-10-05T10:00:00+02:00", **BERLIN},
    },
    {
        "id": "days0000", "summary": "Days", "recurrence": ["RRULE:FREQ=DAILY;COUNT=8", "EXDATE;VALUE=DATE:20261103"],
        "start": {"date": "2026-11-01"}, "end": {"date": "2026-11-02"},
    },
]  # fmt: skip


def new_feed(alice: Person, **body: Any) -> Any:
    made = alice.http.post("/calendar/feeds", json=body)
    assert made.status_code == 201, made.text
    return made.json()


def test_an_address_is_made_once_asked_cheaply_and_revoked(site: Site) -> None:
    site.google.control(
        "seed", {"events": {ALICE: EVENTS, TEAM: [{**EVENTS[2], "id": "teamfair", "summary": "Team fair"}]}}
    )
    alice = site.person(ALICE)
    early = new_feed(alice, calendar_id=alice.calendars[ALICE])
    stranger = site.client()
    assert stranger.get(early["url"]).json()["code"] == "not_found"
    sync(alice.http, *alice.calendars.values())
    everything = new_feed(alice, name="All; of it")
    assert re.fullmatch(re.escape(site.url) + r"/feeds/[\w-]{43}\.ics", everything["url"])
    first = stranger.get(everything["url"])
    assert first.headers["content-type"] == "text/calendar; charset=utf-8"
    assert first.headers["cache-control"] == "private, no-cache"
    assert b"X-WR-CALNAME:All\\; of it\r\n" in first.content
    assert b"SUMMARY:Team fair" in first.content
    assert stranger.head(everything["url"]).status_code == 200
    check_etag(site, alice, stranger, everything["url"], first.headers["etag"])
    check_list(site, alice, everything)
    for body in (
        {"calendar_id": "cal_of_nobody"},
        {"calendar_id": site.person("bob@example.com").calendar_id},
    ):
        assert alice.http.post("/calendar/feeds", json=body).status_code == 404
    assert alice.http.post("/calendar/feeds", json={"x": 1}).status_code == 400
    assert alice.http.delete(f"/calendar/feeds/{everything['id']}").status_code == 204
    assert alice.http.delete(f"/calendar/feeds/{everything['id']}").status_code == 404
    gone = stranger.get(everything["url"])
    assert (gone.status_code, gone.headers["cache-control"]) == (404, "no-store")
    assert stranger.get(f"/feeds/{'x' * 600}.ics").status_code == 404
    actions = site.read(lambda conn: conn.execute(select(audit.c.action)).scalars().all())
    assert (actions.count("feed_created"), actions.count("feed_revoked")) == (2, 1)


def check_etag(site: Site, alice: Person, stranger: Any, url: str, etag: str) -> None:
    """Nothing is read again until something has changed."""
    for known in (etag, f'"x", {etag}', etag.removeprefix("W/"), "*"):
        same = stranger.get(url, headers={"If-None-Match": known})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
    site.google_client(ALICE).delete(f"/calendars/{ALICE}/events/single00").raise_for_status()
    site.clock.advance(6)
    sync(alice.http, alice.calendars[ALICE])
    changed = stranger.get(url, headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert b"single00" not in changed.content
    expand_by_google(site, alice)
    as_instances = stranger.get(url, headers={"If-None-Match": changed.headers["etag"]}).content
    calendar = icalendar.Calendar.from_ical(as_instances)
    uids = Counter(str(event["UID"]) for event in calendar.walk("VEVENT"))
    assert uids["weekly00_20261116T080000Z@google.com"] == 1
    assert set(uids.values()) == {1}
    assert b"RRULE" not in as_instances


def expand_by_google(site: Site, alice: Person) -> None:
    change = f"/calendar/calendars/{alice.calendars[ALICE]}"
    assert alice.http.patch(change, json={"mode": "instances"}).status_code == 200
    site.clock.advance(6)
    sync(alice.http, alice.calendars[ALICE])


def check_list(site: Site, alice: Person, made: Any) -> None:
    listed = alice.http.get("/calendar/feeds").json()["feeds"]
    assert [feed["calendar_id"] for feed in listed] == [alice.calendars[ALICE], None]
    assert listed[1] == {name: value for name, value in made.items() if name != "url"} | {
        "last_used_at": listed[1]["last_used_at"]
    }
    assert listed[1]["last_used_at"] is not None
    stored = site.read(lambda conn: str(conn.execute(select(calendar_feeds)).all()))
    assert made["url"].rpartition("/")[2].removesuffix(".ics") not in stored
