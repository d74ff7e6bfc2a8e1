"""The switches behind the scenes: faults, clock, requests, reset, seeds."""

import gzip
import json
import zlib
from typing import Any

import pytest

from tests.unit.emulator.desk import ALICE, BOB, Desk, timed

GZIP = {"Accept-Encoding": "gzip", "User-Agent": "test (gzip)"}


def order(desk: Desk, action: str, method: str = "events.list", **fields: Any) -> Any:
    answer = desk.control("faults", {"faults": [{"method": method, "action": action, **fields}]})
    assert "error" not in answer
    return answer


@pytest.mark.parametrize(
    ("action", "status", "reason"),
    [
        ("return-503", 503, "backendError"),
        ("return-500", 500, "backendError"),
        ("return-429", 429, "rateLimitExceeded"),
        ("return-403:rateLimitExceeded", 403, "rateLimitExceeded"),
        ("return-403:userRateLimitExceeded", 403, "userRateLimitExceeded"),
        ("return-403:quotaExceeded", 403, "quotaExceeded"),
        ("return-403:insufficientPermissions", 403, "insufficientPermissions"),
        ("return-410:fullSyncRequired", 410, "fullSyncRequired"),
        ("return-401", 401, "authError"),
        ("return-404", 404, "notFound"),
        ("return-412", 412, "conditionNotMet"),
        ("return-400:invented", 400, "invented"),
    ],
)
def test_ordered_refusal_strikes_once_and_is_counted(
    desk: Desk, action: str, status: int, reason: str
) -> None:
    order(desk, action)
    answer = desk.events()
    assert (answer.status, answer.reason) == (status, reason)
    assert desk.events().status == 200
    assert desk.control("faults")["faults"][0]["hits"] == 1


def test_retry_after_is_sent_when_ordered(desk: Desk) -> None:
    order(desk, "return-429", retry_after=7)
    assert desk.events().response.headers["Retry-After"] == "7"


def test_fault_can_wait_aim_and_repeat(desk: Desk) -> None:
    order(desk, "return-503", times=2, skip=1, calendar_id=ALICE, user=ALICE)
    assert desk.events("alice-team@group.calendar.google.com").status == 200
    assert desk.events(user=BOB).status == 200
    assert [desk.events().status for _ in range(4)] == [200, 503, 503, 200]


def test_any_method_can_be_struck(desk: Desk) -> None:
    order(desk, "return-503", "*", times=2)
    assert desk.api("GET", "users/me/calendarList").status == 503
    assert desk.send("POST", "/token", b"").status == 503


def test_token_endpoint_fails_in_its_own_form(desk: Desk) -> None:
    order(desk, "return-400:invalid_grant", "oauth.token")
    answer = desk.send("POST", "/token", b"")
    assert (answer.status, answer.json["error"]) == (400, "invalid_grant")


def test_reset_drops_the_connection_before_or_after_the_write(desk: Desk) -> None:
    order(desk, "reset", "events.insert")
    answer = desk.api("POST", "calendars/primary/events", timed())
    assert answer.response.fault == "reset"
    assert desk.events().json["items"] == []
    order(desk, "commit-then-reset", "events.insert")
    answer = desk.api("POST", "calendars/primary/events", timed())
    assert answer.response.fault == "reset"
    assert len(desk.events().json["items"]) == 1


def test_failure_after_the_write(desk: Desk) -> None:
    order(desk, "commit-then-return-503", "events.insert")
    assert desk.api("POST", "calendars/primary/events", timed()).status == 503
    assert len(desk.events().json["items"]) == 1


def test_stalled_answer_is_whole(desk: Desk) -> None:
    order(desk, "stall-1500")
    answer = desk.events()
    assert (answer.response.delay_s, answer.status) == (1.5, 200)


def test_damaged_bodies(desk: Desk) -> None:
    desk.insert(description="x" * 5000)
    order(desk, "truncate")
    assert desk.events().response.fault == "cut"
    order(desk, "truncate-gzip")
    with pytest.raises(EOFError):
        gzip.decompress(desk.events(headers=GZIP).response.body)
    order(desk, "corrupt-gzip")
    with pytest.raises((zlib.error, gzip.BadGzipFile)):
        gzip.decompress(desk.events(headers=GZIP).response.body)
    order(desk, "wrong-content-type")
    assert desk.events().response.headers["Content-Type"].startswith("text/html")
    order(desk, "html-502")
    assert desk.events().response.body.startswith(b"<!DOCTYPE html>")
    order(desk, "empty-body")
    assert desk.events().response.body == b""
    order(desk, "invalid-json")
    assert desk.control("faults")["faults"][-1]["action"] == "invalid-json"


def test_dropped_sync_token_and_repeated_page_token(desk: Desk) -> None:
    for _ in range(3):
        desk.insert()
    order(desk, "drop-next-sync-token")
    assert "nextSyncToken" not in desk.events().json
    order(desk, "repeat-page-token")
    token = desk.events(maxResults=1).json["nextPageToken"]
    assert desk.events(maxResults=1, pageToken=token).json["nextPageToken"] == token


def test_mutation_reaches_the_envelope_or_every_item(desk: Desk) -> None:
    desk.insert()
    desk.insert()
    order(desk, 'mutate:{"timeZone": null, "items": {"summary": "X", "start": null, "deep": {"a": 1}}}')
    page = desk.events().json
    assert "timeZone" not in page
    assert [(item["summary"], "start" in item, item["deep"]) for item in page["items"]] == [
        ("X", False, {"a": 1})
    ] * 2


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"method": "events.list", "action": "explode"}, "return-<status>"),
        ({"method": "events.lst", "action": "reset"}, "events.list"),
        ({"method": "events.list"}, "needs an action"),
        ({"method": "events.list", "action": "reset", "time": 1}, "times"),
        ({"method": "events.list", "action": "mutate:{"}, "not JSON"),
        ({"method": "events.list", "action": "mutate:[]"}, "JSON object"),
        ({"method": "events.list", "action": "reset", "times": 0}, "at least 1"),
        ("events.list", "an object"),
    ],
)
def test_unknown_fault_is_refused_and_says_what_is_allowed(desk: Desk, fault: Any, words: str) -> None:
    answer = desk.send("POST", "/_emulator/faults", {"faults": [fault]})
    assert answer.status == 400
    assert words in answer.json["error"]


def test_empty_list_clears_the_faults(desk: Desk) -> None:
    order(desk, "reset")
    assert desk.control("faults", {"faults": []}) == {"faults": []}
    assert desk.events().status == 200


def test_requests_are_logged_and_control_is_not(desk: Desk) -> None:
    desk.events(maxResults=5, eventTypes=["default", "birthday"])
    desk.send("GET", "/nowhere")
    first, second = desk.control("requests")["requests"]
    assert (first["method"], first["path"], first["status"], first["user"]) == (
        "GET", "/calendar/v3/calendars/primary/events", 200, ALICE,
    )  # fmt: skip
    assert first["query"] == {"maxResults": "5", "eventTypes": ["default", "birthday"]}
    assert first["at"] == desk.now
    assert (second["status"], second["user"]) == (404, None)


def test_clock_moves_forward_only(desk: Desk) -> None:
    assert desk.control("clock", {"advance_s": 60})["now"] == desk.now + 60
    assert desk.send("POST", "/_emulator/clock", {"advance_s": -1}).status == 400
    assert desk.insert()["created"] == "2026-11-18T11:07:40.000Z"


def test_reset_brings_the_first_world_back(desk: Desk) -> None:
    desk.insert()
    order(desk, "reset")
    desk.control("seed", {"people": [{"email": "carol@example.com"}]})
    desk.control("clock", {"advance_s": 60})
    desk.control("reset", {})
    assert desk.control("requests") == {"requests": []}
    assert desk.control("faults") == {"faults": []}
    assert desk.google.now() == desk.now
    desk.forget_tokens()
    assert desk.events().json["items"] == []
    assert list(desk.google.world.people) == [ALICE, BOB]


def test_page_tokens_can_be_made_worthless(desk: Desk) -> None:
    desk.insert()
    desk.insert()
    token = desk.events(maxResults=1).json["nextPageToken"]
    desk.control("expire-page-tokens", {})
    assert desk.events(maxResults=1, pageToken=token).message == "Invalid page token value."


def test_seed_plants_people_calendars_tokens_and_clients(desk: Desk) -> None:
    document = {
        "people": [
            {
                "email": "Carol@example.com",
                "time_zone": "America/New_York",
                "calendars": [
                    {"id": "primary", "primary": True, "summary": "Carol", "events": [timed()]},
                    {
                        "id": "shared@group.calendar.google.com",
                        "owner": ALICE,
                        "access_role": "freeBusyReader",
                    },
                    {"id": "holidays@example.com", "watchable": False},
                ],
            }
        ],
        "tokens": [
            {
                "email": "carol@example.com",
                "access_token": "ya29.c",
                "scopes": ["https://www.googleapis.com/auth/calendar"],
            }
        ],
        "oauth_clients": [
            {"client_id": "app", "client_secret": "s", "redirect_uris": ["https://app.example/cb"]}
        ],
    }
    desk.control("seed", document)
    headers = {"Authorization": "Bearer ya29.c"}
    listed = desk.send("GET", "/calendar/v3/users/me/calendarList", headers=headers).json["items"]
    assert [(item["id"], item["accessRole"]) for item in listed] == [
        ("carol@example.com", "owner"),
        ("shared@group.calendar.google.com", "freeBusyReader"),
        ("holidays@example.com", "owner"),
    ]
    assert listed[0]["timeZone"] == "America/New_York"
    events = desk.send("GET", "/calendar/v3/calendars/primary/events", headers=headers).json["items"]
    assert events[0]["start"]["dateTime"] == "2026-11-23T04:00:00-05:00"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"persons": []}, "persons"),
        ({"people": [{"name": "x"}]}, "email"),
        ({"people": [{"email": "a@b.c", "calendars": [{"id": "x", "colour": 1}]}]}, "colour"),
        ({"people": [{"email": "a@b.c", "time_zone": "Nowhere"}]}, "Nowhere"),
        ({"events": {"nobody": []}}, "no calendar 'nobody'"),
        ({"events": {ALICE: [{"summary": "no times"}]}}, "Missing end time."),
        ({"acl": {ALICE: [{"role": "king"}]}}, "king"),
        ({"tokens": [{"email": "x@y.z"}]}, "x@y.z"),
        ({"calendars": [{"id": "x", "owner": "x@y.z"}]}, "x@y.z"),
        ({"people": {}}, "list"),
    ],
)
def test_bad_seed_says_what_is_wrong(desk: Desk, document: Any, words: str) -> None:
    answer = desk.send("POST", "/_emulator/seed", document)
    assert answer.status == 400
    assert words in answer.json["error"]


def test_tokens_for_nobody_are_refused_with_the_names_of_everybody(desk: Desk) -> None:
    answer = desk.send("POST", "/_emulator/tokens", {"email": "x@y.z"})
    assert answer.status == 400
    assert ALICE in answer.json["error"]


def test_compression_needs_both_headers(desk: Desk) -> None:
    for headers in ({}, {"Accept-Encoding": "gzip"}, {"User-Agent": "gzip"}):
        assert "Content-Encoding" not in desk.events(headers=headers).response.headers
    response = desk.api("GET", "users/me/calendarList", headers=GZIP).response
    assert response.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(response.body))["kind"] == "calendar#calendarList"


def test_same_seed_and_clock_give_the_same_bytes() -> None:
    def story() -> list[bytes]:
        desk = Desk()
        desk.insert(recurrence=["RRULE:FREQ=DAILY;COUNT=2"])
        return [desk.events().response.body, json.dumps(desk.control("requests")).encode()]

    assert story() == story()
