"""PATCH /calendar/calendars/{id}: what a person may choose about a calendar."""

import pytest

from calferry.emulator.server import RunningGoogle
from tests.contract.web.site import Person, Site, sync

ALICE = "alice@example.com"
BOB = "bob@example.com"
SERIES = {
    "id": "weekly00",
    "summary": "Weekly",
    "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3"],
    "start": {"dateTime": "2026-03-05T09:00:00+01:00", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2026-03-05T10:00:00+01:00", "timeZone": "Europe/Berlin"},
}
LUNCH = {
    "id": "lunch000",
    "summary": "Lunch",
    "start": {"dateTime": "2026-03-06T12:00:00+01:00"},
    "end": {"dateTime": "2026-03-06T13:00:00+01:00"},
}
IN_MARCH_MS = 1_772_700_000_000


@pytest.fixture
def stored(google: RunningGoogle, site: Site) -> Person:
    """Alice with her primary calendar synced, in March 2026."""
    google.control("seed", {"events": {ALICE: [SERIES, LUNCH]}})
    alice = site.person(ALICE)
    site.clock.ahead_ms += IN_MARCH_MS - site.clock.now_ms()
    sync(alice.http, alice.calendars[ALICE])
    return alice


def address(person: Person, google_id: str = ALICE) -> str:
    return f"/calendar/calendars/{person.calendars[google_id]}"


def shown(person: Person) -> list[str]:
    query = {"calendar_ids": person.calendars[ALICE]}
    return sorted(item["id"] for item in person.http.get("/calendar/events", params=query).json()["items"])


def test_readers_see_the_old_mode_until_the_new_one_is_complete(site: Site, stored: Person) -> None:
    changed = stored.http.patch(address(stored), json={"mode": "instances"})
    assert (changed.status_code, changed.json()["mode"]) == (200, "instances")
    assert shown(stored) == ["lunch000", "weekly00"]
    site.clock.advance(6)
    stream = sync(stored.http, stored.calendars[ALICE])
    instances = [f"weekly00_202603{day}T080000Z" for day in ("05", "12", "19")]
    assert shown(stored) == ["lunch000", *instances]
    told = {(event["id"], event["status"]) for event in stream.events()}
    assert told == {("weekly00", "cancelled"), *((one, "confirmed") for one in instances)}
    back = stored.http.patch(address(stored), json={"mode": "series"})
    assert back.json()["mode"] == "series"
    site.clock.advance(6)
    sync(stored.http, stored.calendars[ALICE])
    assert shown(stored) == ["lunch000", "weekly00"]


def test_the_same_mode_again_begins_nothing(site: Site, stored: Person) -> None:
    assert stored.http.patch(address(stored), json={"mode": "series"}).status_code == 200
    site.clock.advance(6)
    sync(stored.http, stored.calendars[ALICE])
    asked = [one["query"] for one in site.google_requests("/events") if one["api_method"] == "events.list"]
    assert "syncToken" in str(asked[-1])


def test_a_calendar_of_busy_times_has_one_mode_only(google: RunningGoogle, site: Site) -> None:
    site.google_client(BOB).post(
        f"/calendars/{BOB}/acl",
        json={"role": "freeBusyReader", "scope": {"type": "user", "value": ALICE}},
    ).raise_for_status()
    site.google_client(ALICE).post("/users/me/calendarList", json={"id": BOB}).raise_for_status()
    alice = site.person(ALICE)
    listed = {row["google_id"]: row for row in alice.http.get("/calendar/calendars").json()["calendars"]}
    assert (listed[BOB]["access_role"], listed[BOB]["mode"]) == ("freeBusyReader", "instances")
    refused = alice.http.patch(address(alice, BOB), json={"selected": True, "mode": "series"})
    assert (refused.status_code, refused.json()["code"]) == (409, "mode_fixed")
    assert "instances" in refused.json()["detail"]
    listed = {row["google_id"]: row for row in alice.http.get("/calendar/calendars").json()["calendars"]}
    assert listed[BOB]["selected"] is False
    assert alice.http.patch(address(alice, BOB), json={"mode": "instances"}).status_code == 200


@pytest.mark.parametrize("body", [{"mode": "yearly"}, {"mode": ["series"]}, {"mode": None}, {}])
def test_an_unusable_choice_is_refused_in_words(site: Site, alice: Person, body: dict[str, object]) -> None:
    refused = alice.http.patch(address(alice), json=body)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_request")
    assert "mode" in refused.json()["detail"]
