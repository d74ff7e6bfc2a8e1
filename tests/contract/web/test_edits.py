"""Edits through the service reach Google once, and whoever cannot edit learns why."""

from typing import Any

import httpx
import pytest

from calferry.duties.flush_intents import flush_intents
from calferry.emulator.server import RunningGoogle
from tests.contract.web.site import Person, Site, sync

ALICE = "alice@example.com"
LUNCH = {
    "id": "lunch000",
    "summary": "Lunch",
    "start": {"dateTime": "2026-11-24T12:00:00+01:00"},
    "end": {"dateTime": "2026-11-24T13:00:00+01:00"},
    "attendees": [
        {"email": ALICE, "responseStatus": "accepted"},
        {"email": "bob@example.com", "responseStatus": "tentative"},
    ],
}
WEEKLY = {
    "id": "weekly00",
    "summary": "Weekly",
    "recurrence": ["RRULE:FREQ=WEEKLY"],
    "start": {"dateTime": "2026-11-02T09:00:00+01:00", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2026-11-02T10:00:00+01:00", "timeZone": "Europe/Berlin"},
}
THIRD = "weekly00_20261116T080000Z"


@pytest.fixture
def stored(google: RunningGoogle, site: Site) -> Person:
    google.control("seed", {"events": {ALICE: [LUNCH, WEEKLY]}})
    alice = site.person(ALICE)
    sync(alice.http, alice.calendars[ALICE])
    return alice


def path(person: Person, *tail: str) -> str:
    return "/".join([f"/calendar/calendars/{person.calendars[ALICE]}/events", *tail])


def at_google(site: Site, event_id: str) -> dict[str, Any]:
    found = site.google_client(ALICE).get(f"/calendars/{ALICE}/events/{event_id}")
    return dict(found.json())


def titles(site: Site) -> list[str]:
    listed = site.google_client(ALICE).get(f"/calendars/{ALICE}/events").json()["items"]
    return sorted(item.get("summary", "") for item in listed)


def new_event(**fields: object) -> dict[str, Any]:
    times = {
        "start": {"dateTime": "2026-11-25T15:00:00+01:00"},
        "end": {"dateTime": "2026-11-25T16:00:00+01:00"},
    }
    return {"summary": "Tea", **times, **fields}


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_new_event_is_at_google_when_it_is_answered(site: Site, stored: Person) -> None:
    answer = stored.http.post(path(stored), json=new_event())
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made == at_google(site, made["id"]) | {"calendar_id": stored.calendars[ALICE]}
    assert answer.headers["location"] == path(stored, made["id"])
    assert answer.headers["etag"] == made["etag"]
    shown = stored.http.get(path(stored, made["id"]))
    assert (shown.status_code, shown.json()) == (200, made)


def test_pull_after_an_edit_makes_one_change_and_the_echo_none(site: Site, stored: Person) -> None:
    before = stored.http.get("/calendar/events").json()["cursor"]
    made = stored.http.post(path(stored), json=new_event()).json()
    site.clock.advance(6)
    sync(stored.http, stored.calendars[ALICE])
    after = stored.http.get("/calendar/events").json()
    assert int(after["cursor"]) == int(before) + 1
    assert [item["summary"] for item in after["items"] if item["id"] == made["id"]] == ["Tea"]
    site.clock.advance(6)
    sync(stored.http, stored.calendars[ALICE])
    assert stored.http.get("/calendar/events").json()["cursor"] == after["cursor"]


def test_patch_changes_what_it_names_and_guests_keep_their_answers(site: Site, stored: Person) -> None:
    guests = [{"email": "bob@example.com"}, {"email": ALICE}, {"email": "carol@example.com"}]
    answer = stored.http.patch(path(stored, "lunch000"), json={"summary": "Brunch", "attendees": guests})
    assert answer.status_code == 200, answer.text
    event = at_google(site, "lunch000")
    assert (event["summary"], event["start"]) == ("Brunch", at_google(site, "lunch000")["start"])
    responses = {guest["email"]: guest["responseStatus"] for guest in event["attendees"]}
    assert responses == {
        ALICE: "accepted",
        "bob@example.com": "tentative",
        "carol@example.com": "needsAction",
    }


def test_put_removes_what_it_does_not_name_but_no_guests(site: Site, stored: Person) -> None:
    stored.http.patch(path(stored, "lunch000"), json={"location": "Canteen"})
    body = {"summary": "Dinner", "start": LUNCH["start"], "end": LUNCH["end"]}
    answer = stored.http.put(path(stored, "lunch000"), json=body)
    assert answer.status_code == 200, answer.text
    event = at_google(site, "lunch000")
    assert (event["summary"], "location" in event, len(event["attendees"])) == ("Dinner", False, 2)


def test_edit_that_changes_nothing_asks_google_nothing(site: Site, stored: Person) -> None:
    asked = len(site.google_requests())
    answer = stored.http.patch(path(stored, "lunch000"), json={"summary": "Lunch"})
    assert (answer.status_code, answer.json()["summary"]) == (200, "Lunch")
    assert len(site.google_requests()) == asked


def test_deleted_event_is_gone_here_and_at_google(site: Site, stored: Person) -> None:
    assert stored.http.delete(path(stored, "lunch000")).status_code == 204
    assert at_google(site, "lunch000")["status"] == "cancelled"
    assert stored.http.get(path(stored, "lunch000")).status_code == 404
    assert refusal(stored.http.delete(path(stored, "lunch000"))) == (404, "not_found")


def test_event_that_google_has_lost_already_is_deleted_all_the_same(site: Site, stored: Person) -> None:
    site.google_client(ALICE).delete(f"/calendars/{ALICE}/events/lunch000")
    assert stored.http.delete(path(stored, "lunch000")).status_code == 204


def test_same_key_makes_one_event_and_another_request_under_it_is_refused(site: Site, stored: Person) -> None:
    key = {"Idempotency-Key": "order-4711"}
    first = stored.http.post(path(stored), json=new_event(), headers=key)
    again = stored.http.post(path(stored), json=new_event(), headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert titles(site).count("Tea") == 1
    other = stored.http.post(path(stored), json=new_event(summary="Cake"), headers=key)
    assert refusal(other) == (409, "idempotency_key_reused")


def test_google_out_of_reach_leaves_a_pending_event_that_arrives_once(
    google: RunningGoogle, site: Site, stored: Person
) -> None:
    google.control("faults", {"faults": [{"method": "events.insert", "times": 50, "action": "return-503"}]})
    answer = stored.http.post(path(stored), json=new_event())
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert told["intent"]["status"] == "pending"
    assert (told["event"]["id"], told["event"]["pending"]) == (told["intent"]["event_id"], True)
    intent = answer.headers["location"]
    shown = stored.http.get(path(stored, told["intent"]["event_id"])).json()
    assert (shown["summary"], shown["pending"]) == ("Tea", True)
    states = stored.http.get("/calendar/sync-status").json()["calendars"]
    assert sorted(state["pending_intents"] for state in states) == [0, 1]
    google.control("faults", {"faults": []})
    settle(site, stored, intent)
    assert stored.http.get(intent).json()["status"] == "done"
    assert at_google(site, told["intent"]["event_id"])["summary"] == "Tea"
    assert titles(site).count("Tea") == 1


def settle(site: Site, person: Person, intent: str) -> None:
    """Let the duty work until the edit is settled."""
    for _ in range(20):
        if person.http.get(intent).json()["status"] != "pending":
            return
        site.clock.advance(60)
        site.run(lambda: flush_intents(site.engine))
    raise AssertionError(person.http.get(intent).json())


def test_edits_of_different_fields_are_merged(site: Site, stored: Person) -> None:
    site.google_client(ALICE).patch(f"/calendars/{ALICE}/events/lunch000", json={"location": "Canteen"})
    answer = stored.http.patch(path(stored, "lunch000"), json={"summary": "Brunch"})
    assert answer.status_code == 200, answer.text
    event = at_google(site, "lunch000")
    assert (event["summary"], event["location"]) == ("Brunch", "Canteen")
    assert stored.http.get("/calendar/conflicts?state=all").json()["conflicts"] == []


@pytest.mark.parametrize(
    ("policy", "status", "kept", "outcome"),
    [("fail", 409, "Supper", "open"), ("ours", 200, "Brunch", "ours"), ("theirs", 200, "Supper", "theirs")],
)
def test_edits_of_the_same_field_follow_the_policy_and_are_recorded(
    site: Site, stored: Person, policy: str, status: int, kept: str, outcome: str
) -> None:
    site.google_client(ALICE).patch(f"/calendars/{ALICE}/events/lunch000", json={"summary": "Supper"})
    query = {"onConflict": policy}
    answer = stored.http.patch(path(stored, "lunch000"), json={"summary": "Brunch"}, params=query)
    assert answer.status_code == status, answer.text
    assert at_google(site, "lunch000")["summary"] == kept
    (conflict,) = stored.http.get("/calendar/conflicts?state=all").json()["conflicts"]
    assert (conflict["fields"], conflict["outcome"]) == (["summary"], outcome)
    assert (conflict["base"]["summary"], conflict["ours"], conflict["theirs"]["summary"]) == (
        "Lunch",
        {"summary": "Brunch"},
        "Supper",
    )


@pytest.mark.parametrize(("keep", "title"), [("ours", "Brunch"), ("theirs", "Supper")])
def test_open_conflict_is_decided_later(site: Site, stored: Person, keep: str, title: str) -> None:
    site.google_client(ALICE).patch(f"/calendars/{ALICE}/events/lunch000", json={"summary": "Supper"})
    refused = stored.http.patch(path(stored, "lunch000"), json={"summary": "Brunch"}).json()
    assert (refused["code"], refused["fields"]) == ("conflict", ["summary"])
    decide = f"/calendar/conflicts/{refused['conflict_id']}/resolve"
    answer = stored.http.post(decide, json={"keep": keep})
    assert (answer.status_code, answer.json()["outcome"]) == (200, keep), answer.text
    assert at_google(site, "lunch000")["summary"] == title
    assert refusal(stored.http.post(decide, json={"keep": keep})) == (409, "conflict_resolved")


def test_edit_of_what_was_deleted_at_google_brings_nothing_back(site: Site, stored: Person) -> None:
    site.google_client(ALICE).delete(f"/calendars/{ALICE}/events/lunch000")
    answer = stored.http.patch(
        path(stored, "lunch000"), json={"summary": "Brunch"}, params={"onConflict": "ours"}
    )
    assert refusal(answer) == (409, "conflict")
    assert at_google(site, "lunch000")["status"] == "cancelled"
    (conflict,) = stored.http.get("/calendar/conflicts").json()["conflicts"]
    assert (conflict["reason"], conflict["theirs"]) == ("deleted", None)


def test_if_match_names_the_version_that_is_shown(site: Site, stored: Person) -> None:
    etag = stored.http.get(path(stored, "lunch000")).headers["etag"]
    stale = stored.http.patch(path(stored, "lunch000"), json={"summary": "x"}, headers={"If-Match": '"old"'})
    assert refusal(stale) == (412, "precondition_failed")
    done = stored.http.patch(path(stored, "lunch000"), json={"summary": "x"}, headers={"If-Match": etag})
    assert done.status_code == 200
    again = stored.http.patch(path(stored, "lunch000"), json={"summary": "y"}, headers={"If-Match": etag})
    assert refusal(again) == (412, "precondition_failed")


def test_edit_of_one_occurrence_leaves_the_others(site: Site, stored: Person) -> None:
    answer = stored.http.patch(path(stored, THIRD), json={"summary": "Special"})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["recurringEventId"], at_google(site, THIRD)["summary"]) == ("weekly00", "Special")
    assert at_google(site, "weekly00")["summary"] == "Weekly"


def test_one_occurrence_is_cancelled(site: Site, stored: Person) -> None:
    assert stored.http.delete(path(stored, THIRD)).status_code == 204
    listed = (
        site.google_client(ALICE).get(f"/calendars/{ALICE}/events/weekly00/instances?maxResults=4").json()
    )
    assert THIRD not in [item["id"] for item in listed["items"]]


def test_all_occurrences_move_with_the_one_that_was_edited(site: Site, stored: Person) -> None:
    times = {
        "start": {"dateTime": "2026-11-16T11:00:00+01:00"},
        "end": {"dateTime": "2026-11-16T12:30:00+01:00"},
    }
    answer = stored.http.patch(path(stored, THIRD), json=times, params={"scope": "all"})
    assert answer.status_code == 200, answer.text
    master = at_google(site, "weekly00")
    assert master["start"]["dateTime"] == "2026-11-02T11:00:00+01:00"
    assert master["end"]["dateTime"] == "2026-11-02T12:30:00+01:00"


def test_this_and_following_become_a_series_of_their_own(site: Site, stored: Person) -> None:
    answer = stored.http.patch(path(stored, THIRD), json={"summary": "Later"}, params={"scope": "following"})
    assert answer.status_code == 200, answer.text
    tail = answer.json()
    assert tail["id"] != "weekly00"
    listed = site.google_client(ALICE).get(
        f"/calendars/{ALICE}/events",
        params={
            "singleEvents": "true",
            "timeMin": "2026-11-01T00:00:00Z",
            "timeMax": "2026-12-01T00:00:00Z",
            "orderBy": "startTime",
        },
    )
    found = [item["summary"] for item in listed.json()["items"] if "recurringEventId" in item]
    assert found == ["Weekly", "Weekly", "Later", "Later", "Later"]


def test_this_and_following_are_deleted(site: Site, stored: Person) -> None:
    assert stored.http.delete(path(stored, THIRD), params={"scope": "following"}).status_code == 204
    listed = site.google_client(ALICE).get(f"/calendars/{ALICE}/events/weekly00/instances").json()
    assert len(listed["items"]) == 2


def test_timed_event_becomes_an_all_day_one(site: Site, stored: Person) -> None:
    days = {"start": {"date": "2026-11-24"}, "end": {"date": "2026-11-25"}}
    answer = stored.http.patch(path(stored, "lunch000"), json=days)
    assert answer.status_code == 200, answer.text
    assert at_google(site, "lunch000")["start"] == {"date": "2026-11-24"}


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        ("return-403:requiredAccessLevel", 403, "requiredAccessLevel"),
        ("return-400:invalid", 400, "invalid"),
    ],
)
def test_googles_refusal_is_told_with_its_reason_and_nothing_is_left(
    google: RunningGoogle, site: Site, stored: Person, fault: str, status: int, reason: str
) -> None:
    google.control("faults", {"faults": [{"method": "events.patch", "times": 1, "action": fault}]})
    answer = stored.http.patch(path(stored, "lunch000"), json={"summary": "Brunch"})
    assert (answer.status_code, answer.json()["code"], answer.json()["reason"]) == (
        status,
        "google_refused",
        reason,
    )
    assert stored.http.get(path(stored, "lunch000")).json()["summary"] == "Lunch"
    intent = stored.http.get(f"/calendar/intents/{answer.json()['intent_id']}").json()
    assert (intent["status"], intent["error"]["reason"]) == ("failed", reason)


def test_calendars_of_others_and_unknown_events_are_not_there(site: Site, stored: Person) -> None:
    bob = site.person("bob@example.com")
    assert refusal(bob.http.post(path(stored), json=new_event())) == (404, "not_found")
    assert refusal(stored.http.patch(path(stored, "nothing0"), json={"summary": "x"})) == (404, "not_found")


def test_event_without_an_end_is_refused_before_google_is_asked(site: Site, stored: Person) -> None:
    asked = len(site.google_requests())
    wrong = {"summary": "x", "start": {"date": "2026-11-24"}}
    assert refusal(stored.http.post(path(stored), json=wrong)) == (400, "invalid_event")
    assert len(site.google_requests()) == asked


def test_pending_edit_can_be_taken_back(google: RunningGoogle, site: Site, stored: Person) -> None:
    google.control("faults", {"faults": [{"method": "events.patch", "times": 50, "action": "return-429"}]})
    answer = stored.http.patch(path(stored, "lunch000"), json={"summary": "Brunch"})
    assert answer.status_code == 202, answer.text
    assert stored.http.get(path(stored, "lunch000")).json()["summary"] == "Brunch"
    assert stored.http.delete(answer.headers["location"]).status_code == 204
    assert stored.http.get(path(stored, "lunch000")).json()["summary"] == "Lunch"
    assert refusal(stored.http.delete(answer.headers["location"])) == (409, "not_cancellable")
