"""Requests that only somebody sends who looks for a way to break things: each is refused, none ends in a crash."""

import asyncio
import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote

import pytest

from calferry.emulator import Delivery, Emulator
from calferry.emulator.delivery import Postman
from calferry.emulator.server import run_in_thread
from tests.unit.emulator.desk import ALICE, BOB, Desk, timed

HALF = "\ud800"
EVENTS = "calendars/primary/events"


def insert(desk: Desk, fields: dict[str, Any], **query: Any) -> Any:
    return desk.api("POST", EVENTS, {**timed(), **fields}, **query)


def watch(desk: Desk, **fields: Any) -> Any:
    return desk.api(
        "POST", f"{EVENTS}/watch", {"id": "c", "type": "web_hook", "address": "https://x/", **fields}
    )


@pytest.mark.parametrize("number", ["+-5", "5-", "--5", "0" * 5000 + "1", "\u0663", ""])
def test_what_only_looks_like_a_number_is_refused(desk: Desk, number: str) -> None:
    assert desk.events(maxResults=number).reason == "invalidParameter"
    assert insert(desk, {}, conferenceDataVersion=number).reason == "invalidParameter"


@pytest.mark.parametrize(
    "fields", ["*/" * 1200 + "*", "items/" * 1200 + "id", "items(" * 1200 + "id" + ")" * 1200]
)
def test_a_very_deep_selection_is_refused(desk: Desk, fields: str) -> None:
    answer = desk.events(fields=fields)
    assert (answer.status, answer.reason) == (400, "invalidParameter")
    assert answer.message.startswith("Invalid field selection")


@pytest.mark.parametrize("address", ["http://[", "http://", "http:///path", "https://a:999999/", "//["])
def test_a_malformed_source_is_refused(desk: Desk, address: str) -> None:
    assert insert(desk, {"source": {"url": address, "title": "x"}}).message == "Invalid source URL."


@pytest.mark.parametrize(
    "address", ["https://[", "https://", "https://a b/", "https://a:999999/", "https://a/\n"]
)
def test_an_address_that_nobody_can_post_to_is_refused(desk: Desk, address: str) -> None:
    assert watch(desk, address=address).status == 400


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "a\nb", "\u4e00", HALF, "\0", 5])
def test_a_channel_token_that_no_header_can_carry_is_refused(desk: Desk, token: Any) -> None:
    answer = watch(desk, token=token)
    assert (answer.status, answer.message) == (400, "Invalid channel token.")
    assert desk.google.take_deliveries() == []


def test_letters_of_western_europe_may_stand_in_a_channel_token(desk: Desk) -> None:
    assert watch(desk, token="caf\u00e9 = 1").status == 200


@pytest.mark.parametrize("address", ["http://[", "http://127.0.0.1/\u4e00"])
def test_a_malformed_redirect_is_no_redirect(desk: Desk, address: str) -> None:
    query = {"client_id": "demo-client", "response_type": "code", "scope": "openid", "redirect_uri": address}
    answer = desk.send("GET", "/o/oauth2/v2/auth", **query)
    assert (answer.status, "redirect_uri_mismatch" in answer.response.body.decode()) == (400, True)


def batch(desk: Desk, *lines: str) -> str:
    parts = "".join(f"--B\r\nContent-Type: application/http\r\n\r\n{line}\r\n\r\n\r\n" for line in lines)
    headers = {"Authorization": f"Bearer {desk.token()}", "Content-Type": "multipart/mixed; boundary=B"}
    answer = desk.send("POST", "/batch/calendar/v3", f"{parts}--B--\r\n".encode(), headers)
    assert answer.status == 200
    return answer.response.body.decode()


def test_a_malformed_address_in_a_batch_fails_its_own_part_alone(desk: Desk) -> None:
    text = batch(desk, "GET http://[ HTTP/1.1", "GET /calendar/v3/colors HTTP/1.1")
    assert [line.split()[1] for line in text.splitlines() if line.startswith("HTTP/1.1")] == ["400", "200"]


@pytest.mark.parametrize("status", [299, 599])
def test_a_status_without_a_name_can_be_ordered_for_a_batch(desk: Desk, status: int) -> None:
    order = {"method": "colors.get", "action": f"return-{status}"}
    desk.control("faults", {"faults": [order]})
    assert f"HTTP/1.1 {status}" in batch(desk, "GET /calendar/v3/colors HTTP/1.1")


def test_half_a_letter_is_kept_in_properties_and_refused_in_an_identifier(desk: Desk) -> None:
    for properties in ({"shared": {"a": HALF}}, {"private": {HALF: "1"}}):
        assert insert(desk, {"extendedProperties": properties}).status == 200
    for path in (EVENTS, f"{EVENTS}/import"):
        answer = desk.api("POST", path, {**timed(), "iCalUID": HALF})
        assert (answer.status, answer.message) == (400, "Invalid iCalUID.")


def test_a_very_deep_body_is_no_json_that_google_reads(desk: Desk) -> None:
    deep: Any = 1
    for _ in range(600):
        deep = {"a": deep}
    text = json.dumps({**timed(), "conferenceData": "?"}).replace('"?"', json.dumps(deep))
    answer = desk.api("POST", EVENTS, text.encode(), conferenceDataVersion=1)
    assert (answer.status, answer.reason) == (400, "parseError")


@pytest.mark.parametrize(
    "fields",
    [
        {"sequence": 2**70},
        {"sequence": -5},
        {"colorId": "999"},
        {"attendees": [{"email": BOB, "additionalGuests": "x"}]},
        {"attendees": [{"email": BOB, "additionalGuests": -1}]},
        {"attendees": [{"email": BOB, "id": [1]}]},
        {"attendees": [{"email": BOB, "responseStatus": "bogus"}]},
        {"attendees": [{"email": BOB, "optional": "yes"}]},
        {"reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": True}]}},
    ],
)
def test_values_that_an_event_cannot_have_are_refused(desk: Desk, fields: dict[str, Any]) -> None:
    made = desk.insert()["id"]
    assert insert(desk, fields).status == 400
    assert desk.change("PATCH", made, fields).status == 400


@pytest.mark.parametrize(
    "fields",
    [
        {"colorId": 99},
        {"colorId": "99"},
        {"selected": "yes"},
        {"hidden": 5},
        {"defaultReminders": "x"},
        {"defaultReminders": [5]},
        {"defaultReminders": [{"method": "popup", "minutes": True}]},
        {"summaryOverride": {}},
        {"backgroundColor": "red"},
        {"notificationSettings": 5},
        {"notificationSettings": {"notifications": [{"type": 5}]}},
    ],
)
def test_values_that_a_list_entry_cannot_have_are_refused(desk: Desk, fields: dict[str, Any]) -> None:
    answer = desk.api("PATCH", "users/me/calendarList/primary", fields, colorRgbFormat="true")
    assert answer.status == 400
    assert desk.events().status == 200


@pytest.mark.parametrize("fields", [{"summary": 5}, {"location": {}}, {"description": []}, {"timeZone": 5}])
def test_values_that_a_calendar_cannot_have_are_refused(desk: Desk, fields: dict[str, Any]) -> None:
    assert desk.api("PATCH", "calendars/primary", fields).status == 400
    assert desk.api("POST", "calendars", {"summary": "new", **fields}).status == 400


@pytest.mark.parametrize("value", ["a b@ c", "a@", "@b", "a@b@c", "a@b\n", f"{HALF}@b"])
def test_a_rule_for_nobody_is_refused(desk: Desk, value: str) -> None:
    rule = {"role": "reader", "scope": {"type": "user", "value": value}}
    assert desk.api("POST", "calendars/primary/acl", rule).reason == "invalidScopeValue"


def test_a_null_in_a_body_counts_as_not_there(desk: Desk) -> None:
    start = {"date": None, "dateTime": "2026-12-01T10:00:00Z"}
    end = {"date": None, "dateTime": "2026-12-01T11:00:00Z"}
    nulls = {"start": start, "end": end, "eventType": None, "status": None, "id": None, "attendees": None}
    made = insert(desk, nulls)
    assert (made.status, made.json["eventType"], "date" in made.json["start"]) == (200, "default", False)
    assert desk.change("PUT", made.json["id"], nulls).status == 200
    assert desk.change("PATCH", made.json["id"], nulls | {"id": None}).status in (200, 400)
    assert desk.api("POST", f"{EVENTS}/import", {**nulls, "iCalUID": "u"}).status == 200
    rule = {"role": "reader", "scope": {"type": "user", "value": BOB}}
    assert desk.api("POST", "calendars/primary/acl", rule).status == 200
    path = f"calendars/primary/acl/{quote(f'user:{BOB}')}"
    changed = desk.api("PATCH", path, {"role": None, "scope": None})
    assert (changed.status, changed.json["role"]) == (200, "reader")
    assert watch(desk, token=None, params=None, expiration=None).status == 200


@pytest.mark.parametrize("pattern", ['"x",{}', '{},"x"', '"x", {}', " {} ", "*"])
def test_if_match_names_several_versions_with_and_without_spaces(desk: Desk, pattern: str) -> None:
    made = desk.insert()
    headers = {"If-Match": pattern.format(made["etag"])}
    assert desk.change("PATCH", made["id"], {"summary": "x"}, headers=headers).status == 200
    stale = {"If-Match": '"x","y"'}
    assert desk.change("PATCH", made["id"], {"summary": "y"}, headers=stale).status == 412


def test_a_body_over_ten_megabytes_is_too_large_and_changes_nothing() -> None:
    with run_in_thread(seed=0) as google:
        token = google.tokens(ALICE)["access_token"]
        connection = HTTPConnection(google.url.removeprefix("http://"), timeout=30)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        body = json.dumps(timed()).encode() + b" " * 11_000_000
        connection.request("POST", "/calendar/v3/calendars/primary/events", body, headers)
        assert connection.getresponse().status == 413
        connection.close()
        assert len(google.emulator.requests) == 0


class Listening(Emulator):
    """Says when a notification has been dealt with."""

    def __init__(self) -> None:
        super().__init__(lambda: 0.0)
        self.dealt_with = asyncio.Event()

    def delivered(self, delivery: Delivery, status: int | None, problem: str = "") -> None:
        super().delivered(delivery, status, problem)
        self.dealt_with.set()


async def delivered(emulator: Listening) -> None:
    postman = asyncio.create_task(Postman(emulator).run())
    async with asyncio.timeout(10):
        await emulator.dealt_with.wait()
    postman.cancel()


def test_a_notification_that_cannot_be_posted_is_told_in_the_log() -> None:
    emulator = Listening()
    delivery = Delivery(1, "c", "http://127.0.0.1:1/", {"X-Goog-Channel-Token": "a\r\nb"}, 0.0)
    emulator.world.channels.outbox.append(delivery)
    asyncio.run(delivered(emulator))
    (attempt,) = emulator.deliveries.attempts
    assert (attempt["status"], bool(attempt["error"])) == (None, True)
