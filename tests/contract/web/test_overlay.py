"""What readers see while edits are on their way to Google, and until a pull has brought what became of them."""

from collections.abc import Iterator
from typing import Any

import pytest

from calferry.emulator.server import RunningGoogle
from tests.contract.web.edits import edit, settle
from tests.contract.web.site import Person, Site, sync

ALICE = "alice@example.com"
EXPANDED = {"singleEvents": "true", "timeMin": "2026-03-01", "timeMax": "2026-04-01"}
OCCURRENCE = "weekly00_20260312T080000Z"


def event(event_id: str, day: int, **fields: object) -> dict[str, Any]:
    times = {
        edge: {"dateTime": f"2026-03-{day:02}T{hour:02}:00:00+01:00", "timeZone": "Europe/Berlin"}
        for edge, hour in (("start", 9), ("end", 10))
    }
    return {"id": event_id, "summary": event_id} | times | fields


EVENTS = [
    *(event(f"lunch0{n:02}", 6 + n) for n in range(8)),
    event("weekly00", 5, recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"]),
]


@pytest.fixture
def stored(google: RunningGoogle, site: Site) -> Person:
    google.control("seed", {"events": {ALICE: EVENTS}})
    alice = site.person(ALICE)
    sync(alice.http, alice.calendars[ALICE])
    return alice


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


def items(person: Person, **query: str) -> dict[str, dict[str, Any]]:
    body = person.http.get("/calendar/events", params=query | {"maxResults": "2500"}).json()
    found = {item["id"]: item for item in body["items"]}
    assert len(found) == len(body["items"])
    return found


def at_google(site: Site, method: str, event_id: str = "", body: Any = None) -> Any:
    path = f"/calendars/{ALICE}/events" + (f"/{event_id}" if event_id else "")
    answer = site.google_client(ALICE).request(method, path, json=body)
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


def synced(site: Site, person: Person) -> None:
    site.clock.advance(10)
    sync(person.http, person.calendars[ALICE])


@pytest.mark.parametrize("query", [{}, EXPANDED], ids=["stored", "expanded"])
def test_every_step_of_an_insert_shows_it_once(site: Site, stored: Person, query: dict[str, str]) -> None:
    number = edit(site, stored, ALICE, "insert", "added000", event("added000", 8))
    assert items(stored, **query)["added000"]["pending"] is True
    answer = at_google(site, "POST", body=event("added000", 8))
    assert items(stored, **query)["added000"]["pending"] is True
    settle(site, number, answer)
    expected = answer | {"calendar_id": stored.calendars[ALICE]}
    assert items(stored, **query)["added000"] == expected
    synced(site, stored)
    assert items(stored, **query)["added000"] == expected


@pytest.mark.parametrize("query", [{}, EXPANDED], ids=["stored", "expanded"])
def test_every_step_of_a_patch_shows_the_new_version(
    site: Site, stored: Person, query: dict[str, str]
) -> None:
    for event_id in ("lunch002", OCCURRENCE):
        base = at_google(site, "GET", event_id)
        number = edit(site, stored, ALICE, "patch", event_id, {"summary": "Moved"}, base)
        assert items(stored, **query)[event_id]["summary"] == "Moved"
        assert items(stored, q="moved", **query).keys() == {event_id}
        answer = at_google(site, "PATCH", event_id, {"summary": "Moved"})
        settle(site, number, answer)
        expected = answer | {"calendar_id": stored.calendars[ALICE]}
        assert items(stored, **query)[event_id] == expected
        synced(site, stored)
        assert items(stored, **query)[event_id] == expected
        at_google(site, "PATCH", event_id, {"summary": "Back"})
        synced(site, stored)
        assert items(stored, **query)[event_id]["summary"] == "Back"


@pytest.mark.parametrize("event_id", ["lunch002", OCCURRENCE, "weekly00"])
def test_every_step_of_a_deletion_hides_it(site: Site, stored: Person, event_id: str) -> None:
    base = at_google(site, "GET", event_id)
    before = items(stored, **EXPANDED).keys()
    number = edit(site, stored, ALICE, "delete", event_id, None, base)
    hidden = {one for one in before if one.startswith(event_id)}
    assert items(stored, **EXPANDED).keys() == before - hidden
    at_google(site, "DELETE", event_id)
    settle(site, number)
    assert items(stored, **EXPANDED).keys() == before - hidden
    synced(site, stored)
    assert items(stored, **EXPANDED).keys() == before - hidden
    assert len(hidden) >= 1


@pytest.mark.parametrize("query", [{}, EXPANDED], ids=["stored", "expanded"])
@pytest.mark.parametrize("stop_at", [1, 2, 3])
def test_a_walk_meets_everything_once_though_edits_settle_meanwhile(
    site: Site, stored: Person, query: dict[str, str], stop_at: int
) -> None:
    numbers = {
        event_id: edit(site, stored, ALICE, "insert", event_id, event(event_id, day))
        for event_id, day in (("added001", 6), ("added002", 13), ("vlast000", 30))
    }
    changed = edit(site, stored, ALICE, "patch", "lunch006", {"summary": "B"})
    before = set(items(stored, **query))
    found: list[str] = []
    for count, page in enumerate(pages(stored, maxResults=3, **query), start=1):
        found += page
        if count == stop_at:
            for event_id, day in (("added001", 6), ("added002", 13), ("vlast000", 30)):
                settle(site, numbers[event_id], at_google(site, "POST", body=event(event_id, day)))
            settle(site, changed, at_google(site, "PATCH", "lunch006", {"summary": "B"}))
        if count == stop_at + 1:
            synced(site, stored)
    assert sorted(found) == sorted(before)


def test_edits_of_one_person_show_to_nobody_else(site: Site, stored: Person, bob: Person) -> None:
    sync(bob.http, *bob.calendars.values())
    edit(site, stored, ALICE, "insert", "added000", event("added000", 8))
    assert "added000" not in items(bob)


def test_what_google_expands_shows_edits_of_instances_only(site: Site, stored: Person) -> None:
    calendar = stored.calendars[ALICE]
    site.clock.ahead_ms += 1_772_700_000_000 - site.clock.now_ms()
    assert stored.http.patch(f"/calendar/calendars/{calendar}", json={"mode": "instances"}).status_code == 200
    synced(site, stored)
    before = items(stored)
    edit(site, stored, ALICE, "patch", OCCURRENCE, {"summary": "Once"})
    edit(site, stored, ALICE, "delete", "lunch000")
    edit(site, stored, ALICE, "insert", "daily000", event("daily000", 8, recurrence=["RRULE:FREQ=DAILY"]))
    edit(site, stored, ALICE, "insert", "added000", event("added000", 8))
    edit(site, stored, ALICE, "insert", "ancient0", event("ancient0", 8) | old_times())
    for query in ({}, EXPANDED):
        found = items(stored, **query)
        assert found.keys() == before.keys() - {"lunch000"} | {"added000"}
        assert found[OCCURRENCE]["summary"] == "Once"


def old_times() -> dict[str, Any]:
    return {
        edge: {"dateTime": f"2020-03-01T{hour}:00:00Z"} for edge, hour in (("start", "09"), ("end", "10"))
    }
