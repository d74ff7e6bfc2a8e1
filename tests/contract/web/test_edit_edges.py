"""Whatever is sent to the routes of edits: a clear refusal or an edit, never a failure of ours, never two events."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import httpx
import pytest

from calferry.duties.flush_intents import flush_intents
from calferry.emulator.server import RunningGoogle
from tests.contract.web.shared import ON_SHARED_SITE
from tests.contract.web.site import Person, Site, sync
from tests.contract.web.test_edges import session_of
from tests.waiting import until

ALICE = "alice@example.com"
TIMES = {
    "start": {"dateTime": "2026-11-24T12:00:00+01:00", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2026-11-24T13:00:00+01:00", "timeZone": "Europe/Berlin"},
}
LUNCH = {"id": "lunch000", "summary": "Lunch", **TIMES}
GONE = {"id": "gone0000", "summary": "Gone", **TIMES}
WEEKLY = {"id": "retro000", "summary": "Weekly", "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=5"], **TIMES}
DEADLINE_S = 5.0


@pytest.fixture
def alice(site: Site) -> Person:
    return site.once(alice_with_events)


def alice_with_events(site: Site) -> Person:
    site.google.control("seed", {"events": {ALICE: [LUNCH, GONE, WEEKLY]}})
    site.google_client(ALICE).delete(f"/calendars/{ALICE}/events/gone0000")
    person = site.person(ALICE)
    sync(person.http, person.calendars[ALICE])
    return person


def path(person: Person, *tail: str) -> str:
    return "/".join([f"/calendar/calendars/{person.calendars[ALICE]}/events", *tail])


def refusal(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


def raw(person: Person, method: str, body: bytes, *tail: str, **headers: str) -> httpx.Response:
    sent = {"Content-Type": "application/json", **headers}
    return person.http.request(method, path(person, *tail), content=body, headers=sent)


def titles(site: Site) -> list[str]:
    listed = site.google_client(ALICE).get(f"/calendars/{ALICE}/events").json()["items"]
    return sorted(item.get("summary", "") for item in listed)


BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "list": b"[]",
    "text": b'"Lunch"',
    "number": b"4",
    "null": b"null",
    "not UTF-8": b'{"summary": "\xff"}',
    "deep list": b'{"summary": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep object": b'{"extendedProperties": ' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"}",
    "half a character": b'{"summary": "\\ud83d"}',
    "half a character in a name": b'{"extendedProperties": {"private": {"\\ud83d": "x"}}}',
    "no number": b'{"attendees": [{"email": "a@b.c", "additionalGuests": NaN}]}',
    "endless number": b'{"sequence": 1e999}',
    "huge number": b'{"sequence": ' + b"9" * 4000 + b"}",
    "too many guests": json.dumps(
        {"attendees": [{"email": f"guest{number}@example.com"} for number in range(10_000)]}
    ).encode(),
    "too long a rule": json.dumps({"recurrence": ["RDATE:" + "20261124T120000Z," * 80_000]}).encode(),
    "too much text": json.dumps({"description": "x" * 1_000_001}).encode(),
    "guests as an object": b'{"attendees": {"email": "a@b.c"}}',
    "guest without an address": b'{"attendees": [{"displayName": "Bob"}]}',
    "start as a text": b'{"start": "2026-11-24"}',
    "start of two kinds": b'{"start": {"date": "2026-11-24", "dateTime": "2026-11-24T12:00:00Z"}}',
    "start that is no day": b'{"start": {"date": "2026-02-30"}}',
    "end before the start": b'{"start": {"date": "2026-11-24"}, "end": {"date": "2026-11-23"}}',
    "zone that is none": b'{"start": {"dateTime": "2026-11-24T12:00:00", "timeZone": "Mars/Base"}}',
    "two ends of a rule": b'{"recurrence": ["RRULE:FREQ=DAILY;COUNT=2;UNTIL=20270101T000000Z"]}',
    "rule with a start": b'{"recurrence": ["DTSTART:20261124T120000Z"]}',
    "rule that is none": b'{"recurrence": ["RRULE:FREQ=SOMETIMES"]}',
}


@ON_SHARED_SITE
@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "one"}], ids=["without a key", "with a key"])
def test_body_that_is_no_event_is_refused(site: Site, alice: Person, name: str, key: dict[str, str]) -> None:
    asked = len(site.google_requests())
    began = time.monotonic()
    for method, *tail in (("POST",), ("PATCH", "lunch000"), ("PUT", "lunch000")):
        answer = raw(alice, method, BODIES[name], *tail, **key)
        assert answer.status_code in (400, 413), (method, answer.status_code, answer.text)
        assert refusal(answer)[1] in ("invalid_request", "invalid_event", "body_too_large")
        assert len(answer.json()["detail"]) > 15
    assert time.monotonic() - began < DEADLINE_S
    assert len(site.google_requests()) == asked


@ON_SHARED_SITE
def test_body_without_its_type_says_what_is_missing(alice: Person) -> None:
    answer = raw(alice, "PATCH", b'{"summary": "x"}', "lunch000", **{"Content-Type": "text/plain"})
    assert refusal(answer) == (400, "invalid_request")
    assert "application/json" in answer.json()["detail"]


@ON_SHARED_SITE
def test_body_beyond_the_bound_is_too_large(alice: Person) -> None:
    body = b'{"summary": "' + b"x" * 3_000_000 + b'"}'
    assert refusal(raw(alice, "POST", body)) == (413, "body_too_large")


def test_text_may_hold_what_json_can_say(site: Site, alice: Person) -> None:
    for text in ("nul \x00 nul", "\U0001f355", "<script>", "a\u2028b", "\u202e", "'; DROP TABLE events"):
        answer = alice.http.patch(path(alice, "lunch000"), json={"summary": text})
        assert answer.status_code == 200, answer.text
        assert alice.http.get(path(alice, "lunch000")).json()["summary"] == answer.json()["summary"]


def test_event_with_many_guests_fits(site: Site, alice: Person) -> None:
    guests = [{"email": f"guest{number}@example.com", "displayName": "x" * 60} for number in range(1_000)]
    answer = alice.http.patch(path(alice, "lunch000"), json={"attendees": guests})
    assert answer.status_code in (200, 403), answer.text
    assert answer.status_code == 200 or answer.json()["code"] == "google_refused"


RULES = [
    "RRULE:FREQ=SECONDLY",
    "RRULE:FREQ=SECONDLY;BYHOUR=3;BYMINUTE=3;BYSECOND=3;BYMONTH=2;BYMONTHDAY=30",
    "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "RRULE:FREQ=DAILY;COUNT=2147483647",
    "RRULE:FREQ=MINUTELY;INTERVAL=1;BYSETPOS=-1;BYDAY=MO,TU,WE,TH,FR,SA,SU",
    "RRULE:FREQ=YEARLY;BYYEARDAY=" + ",".join(str(day) for day in range(1, 367)),
    "RRULE:FREQ=YEARLY;INTERVAL=2147483647",
]


@pytest.mark.parametrize("rule", RULES)
def test_rule_that_would_never_end_costs_no_time(site: Site, alice: Person, rule: str) -> None:
    began = time.monotonic()
    answer = alice.http.post(path(alice), json={**TIMES, "summary": "Bomb", "recurrence": [rule]})
    assert answer.status_code in (201, 400, 403), answer.text
    if answer.status_code == 201:
        made = answer.json()["id"]
        window = {"timeMin": "2026-11-01T00:00:00Z", "timeMax": "2026-12-01T00:00:00Z"}
        shown = alice.http.get(path(alice, made, "instances"), params=window)
        assert shown.status_code in (200, 400), shown.text
        occurrence = f"{made}_20261124T110000Z"
        for scope in ("this", "following", "all"):
            changed = alice.http.patch(
                path(alice, occurrence), json={"summary": "x"}, params={"scope": scope}
            )
            assert changed.status_code in (200, 400, 403, 404), changed.text
    assert time.monotonic() - began < DEADLINE_S


@ON_SHARED_SITE
@pytest.mark.parametrize(
    "event_id",
    [
        "a/b",
        "%",
        "%2e%2e",
        "é",
        "x" * 2048,
        "a b",
        "lunch000_",
        "lunch000_20261124",
        "_R20261124",
        "\x00",
        "null",
    ],
)
def test_id_of_no_event_is_unknown(site: Site, alice: Person, event_id: str) -> None:
    asked = len(site.google_requests())
    address = path(alice, quote(event_id, safe=""))
    for method in ("PATCH", "PUT", "DELETE"):
        body = None if method == "DELETE" else {"summary": "x"}
        answer = alice.http.request(method, address, json=body)
        assert refusal(answer)[0] in (404, 405), (method, answer.text)
    assert len(site.google_requests()) == asked


@ON_SHARED_SITE
@pytest.mark.parametrize(
    "event_id", ["abcd", "UPPER0", "with-hyphen", "wxyz0", "a" * 1025, "lunch 00", 12345]
)
def test_new_id_outside_googles_alphabet_is_refused(alice: Person, event_id: Any) -> None:
    answer = alice.http.post(path(alice), json={**TIMES, "id": event_id})
    assert refusal(answer) == (400, "invalid_event")


def test_new_id_without_a_character_is_none(alice: Person) -> None:
    answer = alice.http.post(path(alice), json={**TIMES, "id": ""})
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("event_id", ["lunch000", "gone0000", "retro000"])
def test_new_event_cannot_have_the_id_of_another_one_not_even_of_a_deleted_one(
    site: Site, alice: Person, event_id: str
) -> None:
    before = titles(site)
    answer = alice.http.post(path(alice), json={**TIMES, "summary": "New", "id": event_id})
    assert refusal(answer)[0] == 409, answer.text
    assert titles(site) == before


@ON_SHARED_SITE
@pytest.mark.parametrize(
    "query",
    [
        {"sendNotifications": "true"},
        {"sendUpdates": "ALL"},
        {"sendUpdates": ""},
        {"onConflict": "mine"},
        {"scope": "thisAndFollowing"},
        {"conferenceDataVersion": "1"},
        {"user_id": "2"},
    ],
)
def test_query_that_is_not_known_is_refused(alice: Person, query: dict[str, str]) -> None:
    answer = alice.http.patch(path(alice, "lunch000"), json={"summary": "x"}, params=query)
    assert refusal(answer) == (400, "invalid_request")


@ON_SHARED_SITE
def test_parameter_that_is_given_twice_is_refused(alice: Person) -> None:
    answer = alice.http.patch(
        path(alice, "lunch000") + "?sendUpdates=none&sendUpdates=all", json={"summary": "x"}
    )
    assert refusal(answer) == (400, "invalid_request")


@ON_SHARED_SITE
@pytest.mark.parametrize("key", [b"", b"a b", "schlüssel".encode(), b"\xff", b"x" * 256])
def test_key_that_is_none_is_refused(site: Site, alice: Person, key: bytes) -> None:
    before = titles(site)
    headers = {b"Idempotency-Key": key, b"Content-Type": b"application/json"}
    answer = alice.http.post(path(alice), content=json.dumps(TIMES), headers=headers)
    assert refusal(answer) == (400, "invalid_request")
    assert titles(site) == before


def test_key_of_one_person_is_not_that_of_another(site: Site, alice: Person) -> None:
    bob = site.person("bob@example.com")
    sync(bob.http, bob.calendars["bob@example.com"])
    address = f"/calendar/calendars/{bob.calendars['bob@example.com']}/events"
    key = {"Idempotency-Key": "one"}
    first = alice.http.post(path(alice), json={**TIMES, "summary": "Tea"}, headers=key)
    second = bob.http.post(address, json={**TIMES, "summary": "Tea"}, headers=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]


def test_same_key_at_the_same_moment_makes_one_event(site: Site, alice: Person) -> None:
    def ask(_: int) -> httpx.Response:
        headers = {"Idempotency-Key": "one", "Authorization": f"Bearer {alice.token}"}
        body = {**TIMES, "summary": "Tea"}
        return httpx.post(site.url + path(alice), json=body, headers=headers, timeout=30, trust_env=False)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert titles(site).count("Tea") == 1


def test_repeated_deletion_under_its_key_is_answered_alike_in_every_scope(alice: Person) -> None:
    for scope, event_id in (("this", "lunch000"), ("all", "retro000")):
        key = {"Idempotency-Key": f"delete-{scope}"}
        address = path(alice, event_id)
        answers = [alice.http.delete(address, params={"scope": scope}, headers=key) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [204, 204]
        assert refusal(alice.http.delete(address)) == (404, "not_found")


def test_if_match_takes_a_list_and_no_weak_tags(alice: Person) -> None:
    etag = alice.http.get(path(alice, "lunch000")).headers["etag"]

    def patched(tag: str, text: str) -> httpx.Response:
        return alice.http.patch(path(alice, "lunch000"), json={"summary": text}, headers={"If-Match": tag})

    for tag in (f"W/{etag}", "", "lunch", etag.strip('"'), '"a", "b"', f"{etag}x"):
        assert refusal(patched(tag, "x")) == (412, "precondition_failed"), tag
    assert patched(f'"other" , {etag}', "first").status_code == 200
    assert patched(f'"other", {etag}', "second").status_code == 412
    assert patched("*", "third").status_code == 200
    missing = alice.http.patch(path(alice, "nothing0"), json={"summary": "x"}, headers={"If-Match": "*"})
    assert refusal(missing) == (404, "not_found")


@ON_SHARED_SITE
@pytest.mark.parametrize("scope", ["following", "all"])
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_scope_of_a_single_event_is_refused(site: Site, alice: Person, scope: str, method: str) -> None:
    body = {"summary": "x"} if method == "PATCH" else None
    answer = alice.http.request(method, path(alice, "lunch000"), json=body, params={"scope": scope})
    assert refusal(answer) == (400, "not_a_series")
    assert "Lunch" in titles(site)


@ON_SHARED_SITE
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"etag": '"1"', "htmlLink": "https://example.com", "created": "2020-01-01T00:00:00Z", "kind": "x"},
        {"organizer": {"email": "mallory@example.com"}, "creator": {"email": "mallory@example.com"}},
        {"id": "other000", "iCalUID": "other", "sequence": 99, "calendar_id": "cal_other", "pending": False},
        {"location": None},
        {"nobodyKnows": {"deep": [1, 2, 3]}},
    ],
)
def test_edit_that_changes_nothing_answers_the_event(site: Site, alice: Person, body: dict[str, Any]) -> None:
    asked = len(site.google_requests())
    shown = alice.http.get(path(alice, "lunch000"))
    answer = alice.http.patch(path(alice, "lunch000"), json=body)
    assert (answer.status_code, answer.json()) == (200, shown.json())
    assert answer.headers["etag"] == shown.headers["etag"]
    assert len(site.google_requests()) == asked


@ON_SHARED_SITE
def test_event_read_from_here_can_be_put_back_as_it_is(site: Site, alice: Person) -> None:
    asked = len(site.google_requests())
    for event_id in ("lunch000", "retro000", "retro000_20261124T110000Z"):
        shown = alice.http.get(path(alice, event_id))
        assert shown.status_code == 200, (event_id, shown.text)
        answer = alice.http.put(path(alice, event_id), json=shown.json())
        assert (answer.status_code, answer.json()) == (200, shown.json())
    assert len(site.google_requests()) == asked


@ON_SHARED_SITE
def test_put_that_leaves_out_its_times_is_refused(alice: Person) -> None:
    assert refusal(alice.http.put(path(alice, "lunch000"), json={"summary": "x"})) == (400, "invalid_event")


@ON_SHARED_SITE
def test_insert_cannot_make_a_deleted_event(site: Site, alice: Person) -> None:
    before = titles(site)
    answer = alice.http.post(path(alice), json={**TIMES, "status": "cancelled"})
    assert refusal(answer) == (400, "invalid_event")
    assert titles(site) == before


def edits_by_cookie(site: Site, alice: Person, headers: dict[str, str]) -> list[httpx.Response]:
    browser = site.client(cookies={"calferry_session": session_of(site, alice)})
    browser.headers.update(headers)
    answers = []
    for method, *tail in (("PATCH", "lunch000"), ("PUT", "lunch000"), ("POST",), ("DELETE", "lunch000")):
        body = None if method == "DELETE" else {**TIMES, "summary": f"By {method}"}
        answers.append(browser.request(method, path(alice, *tail), json=body))
    keep = {"keep": "ours"}
    answers.append(browser.request("DELETE", "/calendar/intents/int_x", json=keep))
    answers.append(browser.request("POST", "/calendar/conflicts/cft_x/resolve", json=keep))
    return answers


@ON_SHARED_SITE
@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_edit_by_cookie_from_elsewhere_is_refused(site: Site, alice: Person, headers: dict[str, str]) -> None:
    before = titles(site)
    refused = [refusal(answer) for answer in edits_by_cookie(site, alice, headers)]
    assert refused == [(403, "cross_site")] * 6
    assert titles(site) == before


def test_edit_by_cookie_from_the_sites_own_page_is_made(site: Site, alice: Person) -> None:
    before = titles(site)
    *made, intent, conflict = edits_by_cookie(site, alice, {"Sec-Fetch-Site": "same-origin"})
    assert all(answer.status_code in (200, 201, 204) for answer in made), [answer.text for answer in made]
    assert titles(site) != before
    assert (refusal(intent)[0], refusal(conflict)[0]) == (404, 404)


@ON_SHARED_SITE
def test_nobody_edits_without_credentials(site: Site, alice: Person) -> None:
    stranger = site.client()
    for method, *tail in (("PATCH", "lunch000"), ("PUT", "lunch000"), ("POST",), ("DELETE", "lunch000")):
        answer = stranger.request(method, path(alice, *tail), json={**TIMES})
        assert refusal(answer) == (401, "unauthenticated")


@ON_SHARED_SITE
def test_methods_of_the_addresses(alice: Person) -> None:
    assert alice.http.head(path(alice, "lunch000")).status_code == 200
    assert alice.http.head(path(alice)).status_code == 200
    wrong = alice.http.options(path(alice, "lunch000"))
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "DELETE, GET, HEAD, PATCH, PUT")
    assert alice.http.put(path(alice)).headers["allow"] == "GET, HEAD, POST"
    assert alice.http.post(path(alice, "lunch000")).status_code == 405
    assert alice.http.post("/calendar/intents/int_x").headers["allow"] == "DELETE, GET, HEAD"


@ON_SHARED_SITE
@pytest.mark.parametrize("tail", ["int_x", "x" * 2000, "%00", "' OR 1=1"])
def test_unknown_edits_and_conflicts_are_not_there(alice: Person, tail: str) -> None:
    assert refusal(alice.http.get(f"/calendar/intents/{tail}"))[0] == 404
    assert refusal(alice.http.delete(f"/calendar/intents/{tail}"))[0] == 404
    resolved = alice.http.post(f"/calendar/conflicts/{tail}/resolve", json={"keep": "ours"})
    assert refusal(resolved)[0] == 404
    for body in ({}, {"keep": "both"}, {"keep": "ours", "why": "x"}, []):
        wrong = alice.http.post(f"/calendar/conflicts/{tail}/resolve", json=body)
        assert refusal(wrong) == (400, "invalid_request")


def test_edits_and_conflicts_of_others_are_not_there(site: Site, alice: Person) -> None:
    site.google_client(ALICE).patch(f"/calendars/{ALICE}/events/lunch000", json={"summary": "Supper"})
    refused = alice.http.patch(path(alice, "lunch000"), json={"summary": "Brunch"}).json()
    bob = site.person("bob@example.com")
    assert refusal(bob.http.get(f"/calendar/intents/{refused['intent_id']}"))[0] == 404
    assert refusal(bob.http.delete(f"/calendar/intents/{refused['intent_id']}"))[0] == 404
    decide = f"/calendar/conflicts/{refused['conflict_id']}/resolve"
    assert refusal(bob.http.post(decide, json={"keep": "ours"}))[0] == 404
    assert bob.http.get("/calendar/conflicts").json()["conflicts"] == []
    assert (
        refusal(bob.http.get("/calendar/conflicts", params={"pageToken": refused["conflict_id"]}))[0] == 400
    )


def test_decision_that_google_refused_can_be_made_again(
    google: RunningGoogle, site: Site, alice: Person
) -> None:
    site.google_client(ALICE).patch(f"/calendars/{ALICE}/events/lunch000", json={"summary": "Supper"})
    refused = alice.http.patch(path(alice, "lunch000"), json={"summary": "Brunch"}).json()
    decide = f"/calendar/conflicts/{refused['conflict_id']}/resolve"
    fault = {"method": "events.patch", "times": 1, "action": "return-403:requiredAccessLevel"}
    google.control("faults", {"faults": [fault]})
    assert refusal(alice.http.post(decide, json={"keep": "ours"})) == (403, "google_refused")
    assert len(alice.http.get("/calendar/conflicts").json()["conflicts"]) == 1
    assert alice.http.post(decide, json={"keep": "ours"}).json()["outcome"] == "ours"
    assert "Brunch" in titles(site)


def test_conflict_that_two_decide_at_the_same_moment_is_decided_once(site: Site, alice: Person) -> None:
    site.google_client(ALICE).patch(f"/calendars/{ALICE}/events/lunch000", json={"summary": "Supper"})
    refused = alice.http.patch(path(alice, "lunch000"), json={"summary": "Brunch"}).json()
    decide = f"{site.url}/calendar/conflicts/{refused['conflict_id']}/resolve"
    headers = {"Authorization": f"Bearer {alice.token}"}

    def ask(_: int) -> int:
        answer = httpx.post(decide, json={"keep": "ours"}, headers=headers, timeout=30, trust_env=False)
        return answer.status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, range(4))) <= {200, 409}
    patches = [
        one for one in site.google_requests("lunch000") if one["method"] == "PATCH" and one["status"] == 200
    ]
    assert len([one for one in patches if "sendUpdates" in one["query"]]) == 1
    assert "Brunch" in titles(site)


def test_edit_of_a_pending_event_can_name_its_version(
    google: RunningGoogle, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = {"method": "events.patch", "times": 50, "action": "return-429"}
    google.control("faults", {"faults": [fault]})
    assert alice.http.patch(path(alice, "lunch000"), json={"summary": "Brunch"}).status_code == 202
    monkeypatch.setattr("calferry.web.sent_edits.WAIT_S", 0.4)
    shown = alice.http.get(path(alice, "lunch000"))
    assert shown.headers["etag"].startswith('"pending-')
    for tag, status in (('"pending-0"', 412), (shown.json()["etag"], 412), (shown.headers["etag"], 202)):
        answer = alice.http.patch(
            path(alice, "lunch000"), json={"location": "Roof"}, headers={"If-Match": tag}
        )
        assert answer.status_code == status, (tag, answer.text)
    assert answer.json()["event"]["summary"] == "Brunch"


def test_more_edits_than_can_wait_are_refused(google: RunningGoogle, site: Site, alice: Person) -> None:
    fault = {"method": "events.patch", "times": 50, "action": "return-429"}
    google.control("faults", {"faults": [fault]})
    with patch("calferry.sync.edit.INTENTS_PENDING_MAX", 1):
        assert alice.http.patch(path(alice, "lunch000"), json={"summary": "x"}).status_code == 202
        answer = alice.http.patch(path(alice, "retro000"), json={"summary": "x"})
    assert refusal(answer) == (429, "too_many_pending")
    assert (answer.headers["retry-after"], answer.json()["retryable"]) == ("60", True)


def test_google_that_takes_its_time_is_not_waited_for(
    google: RunningGoogle, site: Site, alice: Person
) -> None:
    google.control("faults", {"faults": [{"method": "events.insert", "times": 1, "action": "stall-1500"}]})
    with patch("calferry.web.sent_edits.WAIT_S", 0.4):
        answer = alice.http.post(path(alice), json={**TIMES, "summary": "Tea"})
    assert answer.status_code == 202, answer.text
    assert refusal(alice.http.delete(answer.headers["location"])) == (409, "not_cancellable")
    told = answer.headers["location"]
    until(lambda: alice.http.get(told).json()["status"] == "done", 20, "edit that was on its way")
    assert titles(site).count("Tea") == 1


def test_edits_of_one_event_at_the_same_moment_are_all_made(site: Site, alice: Person) -> None:
    fields = {"summary": "S", "location": "L", "description": "D", "colorId": "5", "visibility": "private"}

    def ask(name: str) -> int:
        headers = {"Authorization": f"Bearer {alice.token}"}
        address = site.url + path(alice, "lunch000")
        return httpx.patch(
            address, json={name: fields[name]}, headers=headers, timeout=30, trust_env=False
        ).status_code

    with ThreadPoolExecutor(5) as pool:
        assert set(pool.map(ask, fields)) <= {200, 202}
    site.run(lambda: flush_intents(site.engine))
    event = alice.http.get(path(alice, "lunch000")).json()
    assert {name: event.get(name) for name in fields} == fields
    assert "pending" not in event
    assert alice.http.get("/calendar/conflicts?state=all").json()["conflicts"] == []
