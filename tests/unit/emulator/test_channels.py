"""watch, notifications and stop."""

from typing import Any

import pytest

from calferry.emulator import Delivery
from tests.unit.emulator.desk import ALICE, BOB, Desk

ADDRESS = "https://example.org/hook"


def watch(desk: Desk, channel_id: str = "channel-1", **fields: Any) -> Any:
    body = {"id": channel_id, "type": "web_hook", "address": ADDRESS, **fields}
    return desk.api("POST", "calendars/primary/events/watch", body)


def states(deliveries: list[Delivery]) -> list[str]:
    return [delivery.headers["X-Goog-Resource-State"] for delivery in deliveries]


def test_watch_answers_a_channel_and_greets_it(desk: Desk) -> None:
    answer = watch(desk, token="secret").json
    assert list(answer) == ["kind", "id", "resourceId", "resourceUri", "token", "expiration"]
    assert answer["expiration"] == str(int((desk.now + 604_800) * 1000))
    (greeting,) = desk.google.take_deliveries()
    assert (greeting.url, greeting.body) == (ADDRESS, b"")
    assert greeting.headers["X-Goog-Message-Number"] == "1"
    assert greeting.headers["X-Goog-Channel-Token"] == "secret"
    assert greeting.headers["X-Goog-Channel-Expiration"] == "Wed, 25 Nov 2026 11:06:40 GMT"
    assert desk.google.take_deliveries() == []


def test_every_write_notifies_deletes_included(desk: Desk) -> None:
    watch(desk)
    desk.google.take_deliveries()
    made = desk.insert()["id"]
    desk.change("PATCH", made, {"summary": "x"})
    desk.change("DELETE", made)
    deliveries = desk.google.take_deliveries()
    numbers = [int(delivery.headers["X-Goog-Message-Number"]) for delivery in deliveries]
    assert states(deliveries) == ["exists"] * 3
    assert numbers == sorted(set(numbers))


def test_refused_write_notifies_nobody(desk: Desk) -> None:
    watch(desk)
    desk.google.take_deliveries()
    desk.api("POST", "calendars/primary/events", {"summary": "no times"})
    desk.insert("alice-team@group.calendar.google.com")
    assert desk.google.take_deliveries() == []


def test_channels_on_one_resource_share_its_id_and_all_fire(desk: Desk) -> None:
    first, second = watch(desk, "a").json, watch(desk, "b").json
    assert first["resourceId"] == second["resourceId"]
    desk.google.take_deliveries()
    desk.insert()
    assert [delivery.channel_id for delivery in desk.google.take_deliveries()] == ["a", "b"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"id": ""}, "required"),
        ({"id": "with space"}, "push.channelIdInvalid"),
        ({"id": "x" * 65}, "push.channelIdInvalid"),
        ({"type": "pigeon"}, "push.channelTypeNotSupported"),
        ({"address": ""}, "required"),
        ({"address": "http://example.org/hook"}, "push.webhookUrlNotHttps"),
        ({"token": "x" * 257}, "invalid"),
        ({"expiration": "1"}, "invalid"),
    ],
)
def test_bad_channels_are_refused(desk: Desk, fields: dict[str, Any], reason: str) -> None:
    answer = watch(desk, **fields)
    assert (answer.status, answer.reason) == (400, reason)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_plain_http_is_accepted_on_loopback(desk: Desk, host: str) -> None:
    assert watch(desk, address=f"http://{host}:8000/hook").status == 200


def test_channel_id_is_unique(desk: Desk) -> None:
    watch(desk)
    answer = watch(desk)
    assert (answer.reason, answer.message) == ("channelIdNotUnique", "Channel id channel-1 not unique")


def test_life_is_cut_to_thirty_days(desk: Desk) -> None:
    asked = watch(desk, "a", params={"ttl": "3600"}).json
    assert asked["expiration"] == str(int((desk.now + 3600) * 1000))
    long = watch(desk, "b", expiration=int((desk.now + 10**8) * 1000)).json
    assert long["expiration"] == str(int((desk.now + 2_592_000) * 1000))


def test_expired_channel_is_silent_and_cannot_be_stopped(desk: Desk) -> None:
    channel = watch(desk).json
    desk.google.take_deliveries()
    desk.control("clock", {"advance_s": 604_801})
    desk.forget_tokens()
    desk.insert()
    assert desk.google.take_deliveries() == []
    stop = {"id": channel["id"], "resourceId": channel["resourceId"]}
    assert desk.api("POST", "channels/stop", stop).status == 404


def test_only_who_opened_a_channel_may_stop_it(desk: Desk) -> None:
    channel = watch(desk).json
    stop = {"id": channel["id"], "resourceId": channel["resourceId"]}
    assert desk.api("POST", "channels/stop", stop, BOB).status == 404
    assert desk.api("POST", "channels/stop", {**stop, "resourceId": "x"}).status == 404
    assert desk.api("POST", "channels/stop", {"id": "channel-1"}).reason == "required"
    assert desk.api("POST", "channels/stop", stop).status == 204
    answer = desk.api("POST", "channels/stop", stop)
    assert answer.message == "Channel 'channel-1' not found for project 'demo'"


def test_some_calendars_cannot_be_watched(desk: Desk) -> None:
    desk.control("watchable", {"calendar_id": ALICE, "watchable": False})
    answer = watch(desk)
    assert (answer.status, answer.reason) == (400, "pushNotSupportedForRequestedResource")


def test_calendar_list_is_watched_per_person(desk: Desk) -> None:
    body = {"id": "list-1", "type": "web_hook", "address": ADDRESS}
    mine = desk.api("POST", "users/me/calendarList/watch", body).json
    theirs = desk.api("POST", "users/me/calendarList/watch", {**body, "id": "list-2"}, BOB).json
    assert mine["resourceId"] != theirs["resourceId"]
    desk.google.take_deliveries()
    desk.api("POST", "calendars", {"summary": "new"})
    assert [delivery.channel_id for delivery in desk.google.take_deliveries()] == ["list-1"]


def test_server_errors_are_retried_with_growing_waits_and_others_are_not(desk: Desk) -> None:
    watch(desk)
    (delivery,) = desk.google.take_deliveries()
    waits = []
    for _ in range(4):
        desk.google.delivered(delivery, 503)
        (delivery,) = desk.google.take_deliveries()
        waits.append(delivery.not_before - desk.google.now())
    assert waits == sorted(waits)
    desk.google.delivered(delivery, 503)
    assert desk.google.take_deliveries() == []
    outcomes = [attempt["outcome"] for attempt in desk.control("deliveries")["deliveries"]]
    assert outcomes == ["retrying"] * 4 + ["failed"]


@pytest.mark.parametrize(
    ("status", "outcome"), [(200, "delivered"), (204, "delivered"), (404, "failed"), (302, "failed")]
)
def test_other_answers_end_a_delivery(desk: Desk, status: int, outcome: str) -> None:
    watch(desk)
    (delivery,) = desk.google.take_deliveries()
    desk.google.delivered(delivery, status)
    assert desk.google.take_deliveries() == []
    assert desk.control("deliveries")["deliveries"][0]["outcome"] == outcome


def test_push_weather(desk: Desk) -> None:
    watch(desk)
    desk.google.take_deliveries()
    desk.control("push", {"mode": "drop", "times": 1})
    desk.insert()
    assert desk.google.take_deliveries() == []
    desk.control("push", {"mode": "duplicate", "times": 1})
    desk.insert()
    first, second = desk.google.take_deliveries()
    assert first.headers == second.headers
    desk.control("push", {"mode": "delay", "delay_s": 30, "times": 1})
    desk.insert()
    assert desk.google.take_deliveries()[0].not_before == desk.google.now() + 30
    desk.control("push", {"mode": "reorder"})
    desk.insert()
    desk.insert()
    numbers = [int(d.headers["X-Goog-Message-Number"]) for d in desk.google.take_deliveries()]
    assert numbers == sorted(numbers, reverse=True)
    assert "unknown mode" in desk.control("push", {"mode": "storm"})["error"]


@pytest.mark.parametrize("kind", ["group.v", "import", "resource"])
def test_generated_and_imported_calendars_and_rooms_take_no_channels(desk: Desk, kind: str) -> None:
    calendar_id = f"de.german#holiday@{kind}.calendar.google.com"
    desk.control("seed", {"calendars": [{"id": calendar_id, "owner": ALICE}]})
    body = {"id": "channel-1", "type": "web_hook", "address": ADDRESS}
    path = f"calendars/{calendar_id.replace('#', '%23')}/events/watch"
    answer = desk.api("POST", path, body)
    assert (answer.status, answer.reason) == (400, "pushNotSupportedForRequestedResource")
    desk.control("watchable", {"calendar_id": calendar_id, "watchable": True})
    assert desk.api("POST", path, body).status == 200


def test_a_stopped_channel_gets_no_further_attempts(desk: Desk) -> None:
    made = watch(desk).json
    (first,) = desk.google.take_deliveries()
    desk.google.delivered(first, 503)
    (second,) = desk.google.take_deliveries()
    assert desk.google.is_wanted(second)
    stopped = {name: made[name] for name in ("id", "resourceId")}
    assert desk.api("POST", "channels/stop", stopped).status == 204
    assert not desk.google.is_wanted(second)
    desk.google.delivered(second, 503)
    assert desk.google.take_deliveries() == []
    outcomes = [attempt["outcome"] for attempt in desk.control("deliveries")["deliveries"]]
    assert outcomes == ["retrying", "failed"]


def test_an_attempt_that_waits_in_the_outbox_ends_with_its_channel(desk: Desk) -> None:
    made = watch(desk).json
    (first,) = desk.google.take_deliveries()
    desk.google.delivered(first, 503)
    desk.api("POST", "channels/stop", {name: made[name] for name in ("id", "resourceId")})
    assert desk.google.take_deliveries() == []


@pytest.mark.parametrize("end", ["reset", "restore"])
def test_notifications_of_a_world_that_is_gone_are_forgotten(desk: Desk, end: str) -> None:
    snapshot = desk.control("snapshot", {})
    watch(desk)
    (delivery,) = desk.google.take_deliveries()
    desk.control(end, {} if end == "reset" else snapshot)
    desk.forget_tokens()
    watch(desk)
    (fresh,) = desk.google.take_deliveries()
    assert fresh.number == delivery.number
    desk.google.delivered(delivery, 503)
    assert desk.google.take_deliveries() == []
    assert desk.control("deliveries")["deliveries"] == []
    assert [desk.google.is_wanted(each) for each in (delivery, fresh)] == [False, True]
