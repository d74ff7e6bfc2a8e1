"""Control requests that make no sense change nothing and say what would make sense."""

import json
from typing import Any

import pytest

from tests.unit.emulator.desk import ALICE, Desk

TEAM = "alice-team@group.calendar.google.com"


def refused(desk: Desk, name: str, body: Any) -> str:
    """What a refused control request says; nothing in the world has moved."""
    before = json.dumps(desk.control("snapshot", {}))
    answer = desk.send("POST", f"/_emulator/{name}", body)
    assert answer.status == 400
    assert json.dumps(desk.control("snapshot", {})) == before
    return str(answer.json["error"])


@pytest.mark.parametrize(
    ("name", "body", "unknown", "known"),
    [
        ("expire-sync-tokens", {"calendarId": ALICE}, "calendarId", "calendar_id"),
        ("expire-page-tokens", {"calendar_id": ALICE}, "calendar_id", "it has none"),
        ("reset", {"now": True}, "now", "it has none"),
        ("snapshot", {"calendar_id": ALICE}, "calendar_id", "it has none"),
        ("clock", {"advance": 5}, "advance", "advance_s"),
        ("push", {"mod": "drop"}, "mod", "mode, delay_s, times"),
        ("sync-token-life", {"life": 5}, "life", "life_s"),
        ("watchable", {"calendar": ALICE}, "calendar", "calendar_id, watchable"),
        ("tokens", {"email": ALICE, "scope": "calendar"}, "scope", "scopes"),
        ("revoke", {"email": ALICE, "client": "demo-client"}, "client", "email"),
        ("empty-pages", {"calendarId": ALICE, "count": 2}, "calendarId", "calendar_id, count"),
        ("settings", {"user": ALICE}, "user", "email, id, value"),
        ("device", {"code": "ABCD"}, "code", "user_code, email, allow"),
        ("quota", {"per_hour": 1}, "per_hour", "per_minute, per_minute_per_user, status"),
        ("service-account", {"mail": "robot@example.com"}, "mail", "email"),
        ("seed", {"persons": []}, "persons", "people"),
        ("faults", {"fault": []}, "fault", "faults"),
        ("faults", {"faults": [{"method": "*", "action": "reset", "time": 1}]}, "time", "times"),
    ],
)
def test_an_unknown_field_is_named_beside_the_known_ones(
    desk: Desk, name: str, body: Any, unknown: str, known: str
) -> None:
    said = refused(desk, name, body)
    assert f"'{unknown}'" in said
    assert known in said


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("clock", {"advance_s": "a"}, "advance_s is a number of seconds"),
        ("clock", {"advance_s": True}, "advance_s is a number of seconds"),
        ("clock", {"advance_s": -1}, "advance_s is a number of seconds from 0"),
        ("push", {"times": -1}, "times is at least 1"),
        ("push", {"times": "x"}, "times is a whole number"),
        ("push", {"mode": "delay", "delay_s": []}, "delay_s is a number"),
        ("sync-token-life", {}, "life_s is missing"),
        ("watchable", {}, "watchable is missing"),
        ("watchable", {"calendar_id": TEAM}, "watchable is missing"),
        ("watchable", {"watchable": "maybe"}, "watchable is true or false"),
        ("expire-sync-tokens", {"calendar_id": ""}, "no calendar ''"),
        ("expire-sync-tokens", {"calendar_id": [ALICE]}, "calendar_id is a text"),
        ("empty-pages", {"count": -1}, "count is at least 0"),
        ("empty-pages", {"count": 1.5}, "count is a whole number"),
        ("tokens", {}, "email is missing"),
        ("tokens", {"email": ALICE, "scopes": ["nope"]}, 'unknown "nope"; known are'),
        ("tokens", {"email": ALICE, "scopes": "calendar.nope"}, "calendar.events.readonly"),
        ("tokens", {"email": ALICE, "scopes": 5}, "scopes is a list"),
        ("tokens", {"email": ALICE, "expires_in": "soon"}, "expires_in is a whole number"),
        ("settings", {"email": ALICE, "id": "weekStart"}, "value is missing"),
        ("quota", {"per_minute": True}, "per_minute is a whole number"),
        ("faults", {"faults": [{"method": "*", "action": "return-999"}]}, "from 200 to 599"),
        ("faults", {"faults": [{"method": "*", "action": "return-100"}]}, "from 200 to 599"),
        ("faults", {"faults": [{"method": "*", "action": "stall-99999999999999"}]}, "a day"),
        ("faults", {"faults": [{"method": "*", "action": "reset", "skip": -1}]}, "skip is at least 0"),
        ("faults", {"faults": [{"method": "*", "action": "reset", "times": "x"}]}, "times is a whole"),
        ("faults", {"faults": [{"method": "*", "action": "reset", "user": 1}]}, "user is a text"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_the_name_of_its_field(
    desk: Desk, name: str, body: Any, words: str
) -> None:
    assert words in refused(desk, name, body)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"[]", "a JSON object, not []"),
        (b'"drop"', 'a JSON object, not "drop"'),
        (b"advance_s=5", "not JSON"),
        (b'{"advance_s": NaN}', "NaN"),
        (b"\xff", "not JSON"),
    ],
)
def test_a_body_that_is_no_object_is_refused_as_such(desk: Desk, body: bytes, words: str) -> None:
    assert words in refused(desk, "clock", body)


def test_a_misspelt_calendar_leaves_every_sync_token_alive(desk: Desk) -> None:
    _, token = desk.all_events()
    refused(desk, "expire-sync-tokens", {"calendarId": TEAM})
    assert desk.events(syncToken=token).status == 200


def test_scopes_are_taken_in_their_short_and_long_names(desk: Desk) -> None:
    events, drive = "https://www.googleapis.com/auth/calendar.events", "https://www.googleapis.com/auth/drive"
    answer = desk.control("tokens", {"email": ALICE, "scopes": f"openid calendar.events {drive}"})
    assert answer["scope"].split() == ["openid", events, drive]


@pytest.mark.parametrize(
    "seconds", [b"99999999999999", b"1e300", b"1e999", b"-1e300", b"NaN", b"1" + b"0" * 400]
)
def test_a_clock_that_nobody_could_read_is_refused_and_stands_still(desk: Desk, seconds: bytes) -> None:
    said = refused(desk, "clock", b'{"advance_s": ' + seconds + b"}")
    assert seconds == b"NaN" or "advance_s" in said
    assert desk.google.now() == desk.now
    assert desk.insert()["created"].startswith("2026")


def test_the_clock_stops_before_the_year_nine_thousand(desk: Desk) -> None:
    century = {"advance_s": 100 * 366 * 86_400}
    for _ in range(69):
        assert "now" in desk.control("clock", century)
    assert "below the year 9000" in refused(desk, "clock", century)
    assert desk.insert(start={"date": "2026-01-01"}, end={"date": "2026-01-02"})["created"].startswith("89")


@pytest.mark.parametrize("offset", [1e300, -1.0, None])
def test_a_snapshot_with_an_unreadable_clock_is_refused(desk: Desk, offset: Any) -> None:
    assert "error" in desk.control("restore", {**desk.control("snapshot", {}), "clock_offset_s": offset})
    assert desk.google.now() == desk.now


def test_the_clock_without_an_advance_tells_the_time(desk: Desk) -> None:
    assert desk.control("clock", {}) == {"now": desk.now}


def test_an_unknown_control_address_is_404_and_lists_those_there_are(desk: Desk) -> None:
    answer = desk.send("POST", "/_emulator/fualts", {})
    assert answer.status == 404
    assert "/_emulator/fualts" in answer.json["error"]
    assert {"POST /_emulator/faults", "GET /_emulator/mails"} <= set(answer.json["paths"])
    assert desk.control("requests") == {"requests": []}


def test_a_wrong_method_on_a_control_address_is_405_and_names_the_right_one(desk: Desk) -> None:
    answer = desk.send("GET", "/_emulator/reset")
    assert (answer.status, answer.response.headers["Allow"]) == (405, "POST")
    assert "takes POST, not GET" in answer.json["error"]
    assert desk.send("DELETE", "/_emulator/faults").response.headers["Allow"] == "GET, POST"
    assert desk.send("DELETE", "/_emulator").status == 405
