"""A world as JSON, and a world that goes on from it."""

import json
from typing import Any

import pytest

from tests.unit.emulator.desk import ALICE, BOB, Desk, timed


def lived_in() -> Desk:
    desk = Desk(
        ({"groups": {"team@example.com": [ALICE]}, "service_accounts": [{"email": "robot@example.com"}]},)
    )
    series = desk.insert(recurrence=["RRULE:FREQ=DAILY;COUNT=5"], attendees=[{"email": BOB}])["id"]
    desk.change("DELETE", f"{series}_20261124T090000Z")
    desk.change("PATCH", series, {"recurrence": ["RRULE:FREQ=DAILY;COUNT=4"]})
    desk.api("POST", "calendars/primary/acl", {"role": "reader", "scope": {"type": "user", "value": BOB}})
    body = {"id": "c", "type": "web_hook", "address": "https://example.org/hook"}
    desk.api("POST", "calendars/primary/events/watch", body)
    desk.control("settings", {"email": ALICE, "id": "locale", "value": "de"})
    desk.control("faults", {"faults": [{"method": "userinfo", "action": "return-500"}]})
    desk.control("clock", {"advance_s": 5})
    desk.send("POST", "/device/code", b"client_id=demo-client&scope=email")
    return desk


def test_a_world_goes_on_in_another_emulator() -> None:
    old, new = lived_in(), Desk()
    _, token = old.all_events()
    expanded, _ = old.all_events(singleEvents="true")
    snapshot = json.loads(json.dumps(old.control("snapshot", {})))
    new.control("restore", snapshot)
    new._tokens = old._tokens
    epochs: dict[str, Any] = {name: [] for name in ("epoch", "past_epochs")}
    assert new.control("snapshot", {}) | epochs == snapshot | epochs
    for path in ("calendars/primary/acl", "users/me/settings", "users/me/calendarList"):
        answers = [desk.api("GET", path).json for desk in (new, old)]
        assert answers[0].pop("nextSyncToken") != answers[1].pop("nextSyncToken")
        assert answers[0] == answers[1]
    assert new.all_events(singleEvents="true")[0] == expanded
    assert new.events(syncToken=token).json["items"] == []
    assert new.insert()["id"] == old.insert()["id"]
    assert [d.headers for d in new.google.take_deliveries()] == [
        d.headers for d in old.google.take_deliveries()
    ]


@pytest.mark.parametrize("change", [{"version": 2}, {"people": None}, {"calendars": [{}]}, {"oauth": {}}])
def test_what_is_no_snapshot_changes_nothing(desk: Desk, change: Any) -> None:
    made = desk.insert(**timed())["id"]
    snapshot = desk.control("snapshot", {})
    assert "error" in desk.control("restore", {**snapshot, **change})
    assert desk.change("GET", made).status == 200


def test_going_back_forgets_what_came_after(desk: Desk) -> None:
    before = desk.insert()["id"]
    snapshot = desk.control("snapshot", {})
    after = desk.insert()["id"]
    desk.control("restore", snapshot)
    assert [desk.change("GET", name).status for name in (before, after)] == [200, 404]


def test_going_back_ends_the_sync_tokens_of_what_came_after(desk: Desk) -> None:
    paths = (
        "calendars/primary/events",
        "calendars/primary/acl",
        "users/me/settings",
        "users/me/calendarList",
    )

    def tokens() -> dict[str, str]:
        return {path: desk.api("GET", path).json["nextSyncToken"] for path in paths}

    def statuses(known: dict[str, str]) -> set[int]:
        return {desk.api("GET", path, syncToken=token).status for path, token in known.items()}

    before = tokens()
    snapshot = desk.control("snapshot", {})
    for _ in range(2):
        desk.now += 1
        desk.insert()
        after = tokens()
        assert statuses(after) == {200}
        desk.control("restore", snapshot)
        desk.now += 1
        assert statuses(after) == {410}
        desk.insert()
        assert statuses(after) == {410}
        assert statuses(before) == {200}
    desk.control("restore", desk.control("snapshot", {}))
    assert statuses(before) == {200}


def test_a_reset_ends_every_sync_token(desk: Desk) -> None:
    path = "users/me/settings"
    token = desk.api("GET", path).json["nextSyncToken"]
    desk.control("reset", {})
    desk.forget_tokens()
    desk.now += 1
    desk.insert()
    assert desk.api("GET", path, syncToken=token).status == 410
