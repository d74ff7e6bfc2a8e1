"""Edits that meet others at the worst moment: nothing of theirs is lost, and nothing of ours is done by half."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from calferry.duties.flush_intents import flush_intents
from calferry.emulator.server import RunningGoogle
from calferry.store.tables import intents
from tests.contract.web.site import Person, Site, sync
from tests.waiting import until

ALICE = "alice@example.com"
BOB = "bob@example.com"
LUNCH = {
    "id": "lunch000",
    "summary": "Lunch",
    "start": {"dateTime": "2026-11-24T12:00:00+01:00"},
    "end": {"dateTime": "2026-11-24T13:00:00+01:00"},
    "attendees": [{"email": ALICE, "responseStatus": "accepted"}, {"email": BOB}],
}
SERIES = {
    "id": "series00",
    "summary": "Weekly",
    "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=8"],
    "start": {"dateTime": "2026-11-02T09:00:00+01:00", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2026-11-02T10:00:00+01:00", "timeZone": "Europe/Berlin"},
}
SECOND, THIRD, FOURTH = (f"series00_202611{day:02}T080000Z" for day in (9, 16, 23))
AT_GOOGLE = f"/calendars/{ALICE}/events"
WINDOW = {"singleEvents": "true", "timeMin": "2026-11-01T00:00:00Z", "timeMax": "2027-03-01T00:00:00Z"}


@pytest.fixture
def alice(google: RunningGoogle, site: Site) -> Person:
    google.control("seed", {"events": {ALICE: [LUNCH, SERIES]}})
    person = site.person(ALICE)
    sync(person.http, person.calendars[ALICE])
    return person


@pytest.fixture
def other(site: Site) -> httpx.Client:
    """Google's own client, at which somebody else edits the same calendar."""
    return site.google_client(ALICE)


def path(person: Person, *tail: str) -> str:
    return "/".join([f"/calendar/calendars/{person.calendars[ALICE]}/events", *tail])


def pull(site: Site, person: Person) -> None:
    site.clock.advance(6)
    sync(person.http, person.calendars[ALICE])


def settle(site: Site) -> None:
    site.clock.advance(60)
    site.run(lambda: flush_intents(site.engine))


def settle_all(site: Site) -> None:
    """Until nothing waits: how often an edit was tried before, and how long it rests, depends on the machine."""
    pending = select(intents.c.id).where(intents.c.status == "pending")
    for _ in range(20):
        settle(site)
        if not site.read(lambda tx: tx.execute(pending).all()):
            return
    raise AssertionError("edits still wait")


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def series_in(items: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    return sorted((item["summary"], item["recurrence"]) for item in items if "recurrence" in item)


def occurrences(items: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return sorted(
        (item["start"]["dateTime"][:16], item["summary"]) for item in items if "recurringEventId" in item
    )


@pytest.mark.parametrize("has_been_pulled", [True, False])
def test_decision_for_ours_keeps_the_guests_that_others_have_added(
    site: Site, alice: Person, other: httpx.Client, has_been_pulled: bool
) -> None:
    guests = [{"email": ALICE}, {"email": BOB}, {"email": "carol@example.com"}]
    other.patch(f"{AT_GOOGLE}/lunch000", json={"summary": "Supper", "attendees": guests})
    ours = {"summary": "Brunch", "attendees": [{"email": ALICE}, {"email": BOB, "optional": True}]}
    refused = alice.http.patch(path(alice, "lunch000"), json=ours)
    assert refusal(refused) == (409, "conflict")
    if has_been_pulled:
        pull(site, alice)
    decide = f"/calendar/conflicts/{refused.json()['conflict_id']}/resolve"
    assert alice.http.post(decide, json={"keep": "ours"}).status_code == 200
    event = other.get(f"{AT_GOOGLE}/lunch000").json()
    found = {guest["email"]: guest.get("optional", False) for guest in event["attendees"]}
    assert (event["summary"], found) == ("Brunch", {ALICE: False, BOB: True, "carol@example.com": False})


def test_series_that_could_not_be_cut_is_not_ended_by_a_decision(
    site: Site, alice: Person, other: httpx.Client
) -> None:
    theirs = ["RRULE:FREQ=WEEKLY;COUNT=20"]
    other.patch(f"{AT_GOOGLE}/series00", json={"recurrence": theirs})
    refused = alice.http.patch(path(alice, THIRD), json={"summary": "Late"}, params={"scope": "following"})
    assert refusal(refused) == (409, "conflict")
    settle(site)
    decide = f"/calendar/conflicts/{refused.json()['conflict_id']}/resolve"
    assert refusal(alice.http.post(decide, json={"keep": "ours"})) == (409, "series_not_split")
    assert alice.http.post(decide, json={"keep": "theirs"}).status_code == 200
    assert series_in(other.get(AT_GOOGLE).json()["items"]) == [("Weekly", theirs)]


@pytest.mark.parametrize("policy", ["fail", "theirs"])
def test_series_that_stays_as_others_want_it_keeps_no_second_part(
    site: Site, alice: Person, other: httpx.Client, policy: str
) -> None:
    theirs = ["RRULE:FREQ=WEEKLY;COUNT=20"]
    other.patch(f"{AT_GOOGLE}/series00", json={"recurrence": theirs})
    query = {"scope": "following", "onConflict": policy}
    refused = alice.http.patch(path(alice, THIRD), json={"summary": "Late"}, params=query)
    assert refusal(refused) == (409, "conflict")
    settle(site)
    assert series_in(other.get(AT_GOOGLE).json()["items"]) == [("Weekly", theirs)]


DAYS = {
    "start": {"date": "2026-11-25", "dateTime": None, "timeZone": None},
    "end": {"date": "2026-11-26", "dateTime": None, "timeZone": None},
}
LATER = {
    "start": {"dateTime": "2026-11-24T20:00:00+01:00"},
    "end": {"dateTime": "2026-11-24T21:00:00+01:00"},
}


@pytest.mark.parametrize("theirs", [DAYS, LATER])
def test_our_end_prevails_together_with_our_start(
    alice: Person, other: httpx.Client, theirs: dict[str, Any]
) -> None:
    other.patch(f"{AT_GOOGLE}/lunch000", json=theirs).raise_for_status()
    longer = {"end": {"dateTime": "2026-11-24T18:00:00+01:00"}}
    answer = alice.http.patch(path(alice, "lunch000"), json=longer, params={"onConflict": "ours"})
    assert answer.status_code == 200, answer.text
    event = other.get(f"{AT_GOOGLE}/lunch000").json()
    times = [event[name].get("dateTime") for name in ("start", "end")]
    assert times == ["2026-11-24T12:00:00+01:00", "2026-11-24T18:00:00+01:00"]


def an_hour_later(person: Person, event_id: str) -> dict[str, Any]:
    event = person.http.get(path(person, event_id)).json()
    return {
        name: {**event[name], "dateTime": event[name]["dateTime"].replace(old, new)}
        for name, old, new in (("end", "T10", "T11"), ("start", "T09", "T10"))
    }


@pytest.mark.parametrize("scope", ["all", "following"])
@pytest.mark.parametrize("is_down", [True, False])
def test_exceptions_of_dates_that_a_series_loses_are_not_seen_beside_the_new_ones(
    google: RunningGoogle, site: Site, alice: Person, other: httpx.Client, scope: str, is_down: bool
) -> None:
    other.patch(f"{AT_GOOGLE}/{SECOND}", json={"summary": "Early exception"})
    other.patch(f"{AT_GOOGLE}/{FOURTH}", json={"summary": "Late exception"})
    other.delete(f"{AT_GOOGLE}/series00_20261130T080000Z")
    pull(site, alice)
    body = an_hour_later(alice, THIRD)
    if is_down:
        google.control("faults", {"faults": [{"method": "*", "times": 999, "action": "return-429"}]})
    answer = alice.http.patch(path(alice, THIRD), json=body, params={"scope": scope})
    assert answer.status_code == (202 if is_down else 200), answer.text
    seen = occurrences(alice.http.get(path(alice), params=WINDOW).json()["items"])
    listed = {item["id"] for item in alice.http.get(path(alice)).json()["items"]}
    google.control("faults", {"faults": []})
    settle_all(site)
    assert seen == occurrences(other.get(AT_GOOGLE, params=WINDOW).json()["items"])
    assert listed == {item["id"] for item in other.get(AT_GOOGLE).json()["items"]}
    pull(site, alice)
    assert seen == occurrences(alice.http.get(path(alice), params=WINDOW).json()["items"])


def test_exceptions_of_a_series_that_becomes_a_single_event_are_not_seen(
    site: Site, alice: Person, other: httpx.Client
) -> None:
    other.patch(f"{AT_GOOGLE}/{SECOND}", json={"summary": "Exception"})
    pull(site, alice)
    assert alice.http.patch(path(alice, "series00"), json={"recurrence": None}).status_code == 200
    assert alice.http.get(path(alice, SECOND)).status_code == 404
    seen = {item["id"] for item in alice.http.get(path(alice)).json()["items"]}
    assert seen == {item["id"] for item in other.get(AT_GOOGLE).json()["items"]}


def test_exceptions_of_a_series_that_google_does_not_know_yet_go_with_their_dates(
    google: RunningGoogle,
    site: Site,
    alice: Person,
    other: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    google.control("faults", {"faults": [{"method": "*", "times": 999, "action": "return-429"}]})
    new = {**SERIES, "id": "novel000", "recurrence": ["RRULE:FREQ=DAILY;COUNT=3"]}
    assert alice.http.post(path(alice), json=new).status_code == 202
    monkeypatch.setattr("calferry.web.sent_edits.WAIT_S", 0.4)
    last = "novel000_20261104T080000Z"
    assert alice.http.patch(path(alice, last), json={"summary": "Exception"}).status_code == 202
    shorter = {"recurrence": ["RRULE:FREQ=DAILY;COUNT=2"]}
    assert alice.http.patch(path(alice, "novel000"), json=shorter).status_code == 202
    seen = occurrences(alice.http.get(path(alice), params=WINDOW).json()["items"])
    google.control("faults", {"faults": []})
    settle_all(site)
    assert seen == occurrences(other.get(AT_GOOGLE, params=WINDOW).json()["items"])


def test_conflict_is_not_decided_for_theirs_while_ours_is_on_its_way(
    google: RunningGoogle, site: Site, alice: Person, other: httpx.Client
) -> None:
    other.patch(f"{AT_GOOGLE}/lunch000", json={"summary": "Supper"})
    refused = alice.http.patch(path(alice, "lunch000"), json={"summary": "Brunch"}).json()
    decide = f"/calendar/conflicts/{refused['conflict_id']}/resolve"
    asked = len(patches(site))
    google.control("faults", {"faults": [{"method": "events.patch", "times": 1, "action": "stall-2000"}]})
    with ThreadPoolExecutor(1) as pool:
        ours = pool.submit(site.client(alice.token).post, decide, json={"keep": "ours"})
        until(lambda: len(patches(site)) > asked)
        assert refusal(alice.http.post(decide, json={"keep": "theirs"})) == (409, "conflict_resolved")
        assert (ours.result().status_code, ours.result().json()["outcome"]) == (200, "ours")
    assert other.get(f"{AT_GOOGLE}/lunch000").json()["summary"] == "Brunch"


def patches(site: Site) -> list[dict[str, Any]]:
    return [request for request in site.google_requests("lunch000") if request["method"] == "PATCH"]
