"""Requests per minute."""

from typing import Any

import pytest

from tests.unit.emulator.desk import ALICE, BOB, Desk


def test_without_limits_nobody_counts(desk: Desk) -> None:
    assert {desk.api("GET", "users/me/calendarList").status for _ in range(700)} == {200}


@pytest.mark.parametrize(("status", "canonical"), [(403, "PERMISSION_DENIED"), (429, "RESOURCE_EXHAUSTED")])
def test_beyond_the_users_minute_requests_are_refused(desk: Desk, status: int, canonical: str) -> None:
    desk.control("quota", {"per_minute_per_user": 2, "status": status})
    assert [desk.events().status for _ in range(3)] == [200, 200, status]
    answer = desk.events()
    assert answer.reason == "rateLimitExceeded"
    error = answer.json["error"]
    assert (error["status"], error["details"][0]["metadata"]["quota_limit_value"]) == (canonical, "2")
    assert error["message"].startswith(
        "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user'"
    )
    assert desk.events(user=BOB).status == 200
    assert desk.events(quotaUser="somebody").status == 200
    desk.control("quota", {})
    assert desk.events().status == 200


def test_the_window_slides(desk: Desk) -> None:
    desk.control("quota", {"per_minute_per_user": 2})
    statuses = []
    for _ in range(8):
        statuses.append(desk.events().status)
        desk.now += 20
    assert statuses == [200, 200, 403, 200, 200, 403, 200, 200]


def test_a_patch_costs_three(desk: Desk) -> None:
    made = desk.insert()["id"]
    desk.control("quota", {"per_minute_per_user": 4})
    assert [desk.change("PATCH", made, {}).status for _ in range(2)] == [200, 403]
    assert desk.change("GET", made).status == 200


def test_users_share_the_minute_of_their_project(desk: Desk) -> None:
    desk.control("seed", {"quota": {"per_minute": 2}})
    assert [desk.events(user=user).status for user in (ALICE, BOB, BOB)] == [200, 200, 403]


@pytest.mark.parametrize("body", [{"per_hour": 1}, {"per_minute": -1}, {"per_minute": "x"}, {"status": 500}])
def test_nonsense_is_refused(desk: Desk, body: Any) -> None:
    assert "error" in desk.control("quota", body)


def test_a_channel_may_listen_to_some_types_of_events_only(desk: Desk) -> None:
    body = {"id": "c", "type": "web_hook", "address": "https://example.org/hook"}
    desk.api("POST", "calendars/primary/events/watch", body, eventTypes="focusTime")
    desk.google.take_deliveries()
    desk.insert()
    assert desk.google.take_deliveries() == []
    desk.insert(eventType="focusTime")
    assert len(desk.google.take_deliveries()) == 1
