"""PATCH /calendar/calendars/{id}: what a person may choose about a calendar."""

import threading

import pytest

from calferry.emulator.server import RunningGoogle
from tests.contract.web.shared import ON_SHARED_SITE
from tests.contract.web.site import WITHIN_S, Person, Site, Stream, sync
from tests.waiting import until

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


@ON_SHARED_SITE
@pytest.mark.parametrize("body", [{"mode": "yearly"}, {"mode": ["series"]}, {"mode": None}, {}])
def test_an_unusable_choice_is_refused_in_words(site: Site, alice: Person, body: dict[str, object]) -> None:
    refused = alice.http.patch(address(alice), json=body)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_request")
    assert "mode" in refused.json()["detail"]


def test_a_paused_calendar_is_readable_and_not_synced(site: Site, stored: Person) -> None:
    paused = stored.http.patch(address(stored), json={"paused": True}).json()
    assert (paused["paused"], paused["health"], paused["selected"]) == (True, "halted", True)
    assert shown(stored) == ["lunch000", "weekly00"]
    asked = len(site.google_requests("/events"))
    site.clock.advance(6)
    stream = sync(stored.http, stored.calendars[ALICE])
    (error,) = stream.of("sync_error")
    assert (error["code"], error["retryable"]) == ("409", False)
    assert "paused" in error["message"]
    assert stream.words()[-1] == "complete"
    assert len(site.google_requests("/events")) == asked
    status = stored.http.get("/calendar/sync-status").json()["calendars"]
    (row,) = [one for one in status if one["calendar_id"] == stored.calendars[ALICE]]
    assert (row["status"], row["next_due_at"], row["up_to_date"]) == ("halted", None, False)


def test_a_resumed_calendar_is_due_at_once(site: Site, stored: Person) -> None:
    stored.http.patch(address(stored), json={"paused": True})
    resumed = stored.http.patch(address(stored), json={"paused": False})
    assert (resumed.json()["paused"], resumed.json()["health"]) == (False, "ok")
    site.clock.advance(6)
    assert sync(stored.http, stored.calendars[ALICE]).of("sync_token") != []
    asked = [one["query"] for one in site.google_requests("/events") if one["api_method"] == "events.list"]
    assert "syncToken" in str(asked[-1])


def test_a_calendar_paused_while_it_is_synced_ends_the_stream_in_words(
    google: RunningGoogle, site: Site, stored: Person
) -> None:
    google.control("faults", {"faults": [{"method": "events.list", "times": 1, "action": "stall-700"}]})
    streams: list[Stream] = []
    site.clock.advance(6)
    syncing = threading.Thread(
        target=lambda: streams.append(sync(stored.http, stored.calendars[ALICE])), daemon=True
    )
    syncing.start()
    until(lambda: is_any_syncing(stored.http.get("/calendar/sync-status").json()["calendars"]))
    assert site.client(stored.token).patch(address(stored), json={"paused": True}).status_code == 200
    syncing.join(WITHIN_S)
    assert [error["code"] for error in streams[0].of("sync_error")] == ["409"]


def is_any_syncing(rows: list[dict[str, object]]) -> bool:
    return any(row["status"] == "syncing" for row in rows)


def test_every_answer_has_the_same_word_for_health(site: Site, alice: Person) -> None:
    def words() -> list[list[str]]:
        """By calendar: at /calendar/calendars and in /calendar/sync-status."""
        listed = alice.http.get("/calendar/calendars").json()["calendars"]
        states = {row["calendar_id"]: row for row in sync_status(alice)}
        return [[row["health"], states[row["id"]]["health"]] for row in listed]

    first, second = alice.calendars.values()
    assert words() == [["not_selected"] * 2] * 2
    alice.http.patch(f"/calendar/calendars/{first}", json={"selected": True})
    assert words() == [["never_synced"] * 2, ["not_selected"] * 2]
    sync(alice.http, first, second)
    assert words() == [["ok"] * 2] * 2
    alice.http.patch(f"/calendar/calendars/{first}", json={"paused": True})
    alice.http.patch(f"/calendar/calendars/{second}", json={"selected": False})
    assert words() == [["halted"] * 2, ["not_selected"] * 2]


def test_a_calendar_that_is_not_selected_is_never_due(site: Site, alice: Person) -> None:
    own = f"/calendar/calendars/{alice.calendar_id}"
    assert alice.http.patch(own, json={"mode": "instances"}).status_code == 200
    assert [row["next_due_at"] for row in sync_status(alice)] == [None, None]
    alice.http.patch(own, json={"selected": True})
    assert sum(row["next_due_at"] is not None for row in sync_status(alice)) == 1


def sync_status(person: Person) -> list[dict]:
    return person.http.get("/calendar/sync-status").json()["calendars"]
