"""GET /calendar/events page by page, while something changes."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from calferry.emulator.server import RunningGoogle
from tests.contract.web.site import Person, Site, sync

ALICE = "alice@example.com"
TEAM = "alice-team@group.calendar.google.com"
IN_MARCH_MS = 1_772_700_000_000
EXPANDED = {"singleEvents": "true", "timeMin": "2026-03-01", "timeMax": "2026-04-01"}


def event(event_id: str, day: int, **fields: object) -> dict[str, Any]:
    times = {
        edge: {"dateTime": f"2026-03-{day:02}T{hour:02}:00:00+01:00", "timeZone": "Europe/Berlin"}
        for edge, hour in (("start", 9), ("end", 10))
    }
    return {"id": event_id, "summary": event_id} | times | fields


SINGLE = [event(f"lunch0{n:02}", 6 + n) for n in range(8)]
SERIES = [event(f"weekly{n:02}", 5, recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"]) for n in range(4)]


@pytest.fixture
def stored(google: RunningGoogle, site: Site) -> Person:
    """Alice with both calendars synced, in March 2026."""
    google.control("seed", {"events": {ALICE: [*SINGLE, *SERIES], TEAM: [event("team0000", 9)]}})
    alice = site.person(ALICE)
    site.clock.ahead_ms += IN_MARCH_MS - site.clock.now_ms()
    sync(alice.http, *alice.calendars.values())
    return alice


def synced(site: Site, person: Person, *google_ids: str) -> None:
    site.clock.advance(6)
    sync(person.http, *(person.calendars[one] for one in google_ids))


def pages(person: Person, **query: object) -> Iterator[list[str]]:
    """The ids page by page; whoever takes them may do something in between."""
    token = None
    while True:
        answer = person.http.get("/calendar/events", params=query | ({"pageToken": token} if token else {}))
        assert answer.status_code == 200, answer.text
        body = answer.json()
        yield [item["id"] for item in body["items"]]
        token = body["nextPageToken"]
        if token is None:
            return


def change_mode(site: Site, person: Person) -> None:
    body = {"mode": "instances"}
    assert person.http.patch(f"/calendar/calendars/{person.calendars[ALICE]}", json=body).status_code == 200
    synced(site, person, ALICE)


def stop_mirroring(site: Site, person: Person) -> None:
    path = f"/calendar/calendars/{person.calendars[ALICE]}"
    assert person.http.patch(path, json={"selected": False}).status_code == 200


@pytest.mark.parametrize("query", [{}, EXPANDED], ids=["stored", "expanded"])
@pytest.mark.parametrize("happens", [change_mode, stop_mirroring])
def test_a_walk_whose_calendar_is_another_now_has_to_start_again(
    site: Site, stored: Person, happens: Callable[[Site, Person], None], query: dict[str, str]
) -> None:
    asked = {"maxResults": 10} | query
    first = stored.http.get("/calendar/events", params=asked).json()
    happens(site, stored)
    refused = stored.http.get("/calendar/events", params=asked | {"pageToken": first["nextPageToken"]})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_page_token")
    assert "start again from the first page" in refused.json()["detail"]
    again = [one for page in pages(stored, **asked) for one in page]
    assert len(again) == len(set(again))
    assert not {one["id"] for one in SERIES} & set(again)


def test_a_mode_that_is_not_there_yet_does_not_end_a_walk(site: Site, stored: Person) -> None:
    walk = pages(stored, maxResults=6)
    seen = next(walk)
    stored.http.patch(f"/calendar/calendars/{stored.calendars[ALICE]}", json={"mode": "instances"})
    seen += [one for page in walk for one in page]
    assert sorted(seen) == sorted(one["id"] for one in [*SINGLE, *SERIES, {"id": "team0000"}])


@pytest.mark.parametrize("query", [{}, EXPANDED], ids=["stored", "expanded"])
def test_a_calendar_mirrored_since_the_first_page_is_not_part_of_the_walk(
    site: Site, stored: Person, query: dict[str, str]
) -> None:
    team = f"/calendar/calendars/{stored.calendars[TEAM]}"
    stored.http.patch(team, json={"selected": False})
    walk = pages(stored, maxResults=3, **query)
    seen = next(walk)
    stored.http.patch(team, json={"selected": True})
    seen += [one for page in walk for one in page]
    assert "team0000" not in seen
    assert len(seen) == len(set(seen)) == (20 if query else 12)


def test_edits_between_pages_neither_repeat_nor_hide_what_stays(site: Site, stored: Person) -> None:
    google, path = site.google_client(ALICE), f"/calendars/{ALICE}/events"
    edits: list[tuple[str, str, dict[str, Any] | None]] = [
        ("PATCH", f"{path}/lunch000", {"summary": "changed behind the reader"}),
        ("PATCH", f"{path}/weekly03", {"summary": "changed before the reader"}),
        ("DELETE", f"{path}/lunch001", None),
        ("DELETE", f"{path}/weekly02", None),
        ("POST", path, event("aaaaa000", 20)),
        ("POST", path, event("vvvvv000", 20)),
    ]
    seen: list[str] = []
    for page in pages(stored, maxResults=2):
        seen += page
        if edits:
            method, address, body = edits.pop(0)
            assert google.request(method, address, json=body).status_code < 300
            synced(site, stored, ALICE)
    assert edits == []
    assert len(seen) == len(set(seen))
    stay = {one["id"] for one in [*SINGLE, *SERIES]} - {"lunch001", "weekly02"}
    assert stay | {"team0000"} <= set(seen)
