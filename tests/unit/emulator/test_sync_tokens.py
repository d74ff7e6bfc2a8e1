"""Sync tokens of every collection: what goes with one, when it dies, and what it remembers."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.unit.emulator.desk import ALICE, BOB, Answer, Desk, timed

TEAM = "alice-team@group.calendar.google.com"
WINDOW = {"timeMin": "2026-11-22T00:00:00Z", "timeMax": "2026-11-25T00:00:00Z"}


@dataclass(frozen=True)
class Listed:
    """A collection that can be listed since a token, and how to change one item of it."""

    path: str
    change: tuple[str, str, dict[str, Any]]

    def make_change(self, desk: Desk, number: int = 0) -> None:
        method, path, body = self.change
        fresh = {
            key: value.format(number) if isinstance(value, str) else value for key, value in body.items()
        }
        if path.startswith("_"):
            desk.control(path.removeprefix("_"), fresh)
            return
        answer = desk.api(method, path, fresh)
        assert answer.status == 200, answer.json


def guest(number: int) -> dict[str, Any]:
    return {"role": "reader", "scope": {"type": "user", "value": f"guest{number}@example.org"}}


COLLECTIONS = {
    "events": Listed("calendars/primary/events", ("POST", "calendars/primary/events", timed())),
    "calendarList": Listed("users/me/calendarList", ("PATCH", f"users/me/calendarList/{TEAM}", {"summaryOverride": "{}"})),
    "acl": Listed("calendars/primary/acl", ("POST", "calendars/primary/acl", guest(0))),
    "settings": Listed("users/me/settings", ("", "_settings", {"email": ALICE, "id": "locale", "value": "l{}"})),
}  # fmt: skip


@pytest.fixture(params=list(COLLECTIONS.values()), ids=list(COLLECTIONS))
def listed(request: pytest.FixtureRequest) -> Listed:
    found: Listed = request.param
    return found


def everything(desk: Desk, path: str, **query: Any) -> tuple[list[Any], str]:
    """The items of all pages and the sync token of the last."""
    items: list[Any] = []
    while True:
        answer = desk.api("GET", path, **query)
        assert answer.status == 200, answer.json
        items += answer.json["items"]
        assert ("nextPageToken" in answer.json) != ("nextSyncToken" in answer.json)
        if "nextSyncToken" in answer.json:
            return items, answer.json["nextSyncToken"]
        query["pageToken"] = answer.json["nextPageToken"]


def since(desk: Desk, listed: Listed, token: str, **query: Any) -> Answer:
    return desk.api("GET", listed.path, syncToken=token, **query)


def test_an_empty_delta_brings_a_token_that_goes_on(desk: Desk, listed: Listed) -> None:
    _, token = everything(desk, listed.path)
    nothing, later = everything(desk, listed.path, syncToken=token)
    assert nothing == []
    listed.make_change(desk)
    for known in (token, later):
        items, _ = everything(desk, listed.path, syncToken=known)
        assert len(items) == 1


def test_a_delta_comes_in_pages_that_carry_both_tokens(desk: Desk) -> None:
    for listed in COLLECTIONS.values():
        _, token = everything(desk, listed.path)
        listed.make_change(desk)
        if listed.path.endswith("events"):
            listed.make_change(desk)
        items, _ = everything(desk, listed.path, syncToken=token, maxResults=1)
        assert len(items) == (2 if listed.path.endswith("events") else 1)


def test_a_page_of_a_delta_is_not_given_without_its_sync_token(desk: Desk) -> None:
    _, token = desk.all_events()
    desk.insert()
    desk.insert()
    page = desk.events(syncToken=token, maxResults=1).json["nextPageToken"]
    assert desk.events(pageToken=page, maxResults=1).message == "Invalid page token value."
    assert desk.events(pageToken=page, maxResults=1, syncToken=token).status == 200


def test_a_change_made_while_paging_is_in_the_next_delta(desk: Desk, listed: Listed) -> None:
    everything(desk, listed.path)
    for number in range(2):
        desk.insert()
        desk.api("POST", "calendars/primary/acl", guest(number + 10))
    first = desk.api("GET", listed.path, maxResults=1).json
    listed.make_change(desk, 7)
    _, token = everything(desk, listed.path, maxResults=1, pageToken=first["nextPageToken"])
    items, _ = everything(desk, listed.path, syncToken=token)
    assert len(items) == 1


def test_text_that_is_no_token_or_another_collections_is_400(desk: Desk, listed: Listed) -> None:
    others = [everything(desk, other.path)[1] for other in COLLECTIONS.values() if other is not listed]
    for token in ("x", "CPDAlvWDx70CEPDAlvWDx70CGAU=", *others):
        answer = since(desk, listed, token)
        assert (answer.status, answer.message) == (400, "Invalid sync token value.")


def test_a_token_expired_on_demand_is_410(desk: Desk, listed: Listed) -> None:
    _, token = everything(desk, listed.path)
    desk.control("expire-sync-tokens", {})
    assert (since(desk, listed, token).status, since(desk, listed, token).reason) == (410, "fullSyncRequired")
    _, fresh = everything(desk, listed.path)
    assert since(desk, listed, fresh).status == 200


def test_a_token_dies_of_age_where_a_life_is_set(desk: Desk, listed: Listed) -> None:
    desk.control("sync-token-life", {"life_s": 600})
    _, token = everything(desk, listed.path)
    desk.now += 599
    _, younger = everything(desk, listed.path, syncToken=token)
    desk.now += 1
    assert since(desk, listed, token).reason == "fullSyncRequired"
    assert since(desk, listed, younger).status == 200
    desk.control("restore", desk.control("snapshot", {}))
    assert since(desk, listed, token).status == 410
    desk.control("sync-token-life", {"life_s": None})
    assert since(desk, listed, token).status == 200


@pytest.mark.parametrize("life_s", ["long", -1, []])
def test_a_life_that_is_no_time_is_refused(desk: Desk, life_s: Any) -> None:
    assert "number of seconds" in desk.control("sync-token-life", {"life_s": life_s})["error"]


def test_only_what_the_rules_are_about_loses_its_tokens_with_them(desk: Desk) -> None:
    tokens = {name: everything(desk, listed.path)[1] for name, listed in COLLECTIONS.items()}
    _, team = desk.all_events(TEAM)
    desk.api("POST", "calendars/primary/acl", {"role": "reader", "scope": {"type": "user", "value": BOB}})
    states = {name: since(desk, COLLECTIONS[name], token).status for name, token in tokens.items()}
    assert states == {"events": 410, "calendarList": 200, "acl": 200, "settings": 200}
    assert desk.events(TEAM, syncToken=team).status == 200


@pytest.mark.parametrize(
    ("path", "forbidden"),
    [
        ("users/me/calendarList", {"minAccessRole": "reader"}),
        ("users/me/calendarList", {"showOwnOrganizationOnly": "true"}),
        ("users/me/calendarList", {"showDeleted": "false"}),
        ("users/me/calendarList", {"showHidden": "false"}),
        ("calendars/primary/acl", {"showDeleted": "false"}),
    ],
)
def test_smaller_collections_refuse_what_narrows_a_delta(
    desk: Desk, path: str, forbidden: dict[str, str]
) -> None:
    _, token = everything(desk, path)
    answer = desk.api("GET", path, syncToken=token, **forbidden)
    assert (answer.status, answer.reason) == (400, "syncTokenWithRequestRestrictions")


def test_a_changed_role_or_zone_alone_does_not_bring_an_entry_again(desk: Desk) -> None:
    rule = {"scope": {"type": "user", "value": BOB}, "role": "reader"}
    desk.control("seed", {"acl": {TEAM: [rule]}})
    desk.api("POST", "users/me/calendarList", {"id": TEAM}, BOB)
    _, token = everything(desk, "users/me/calendarList", user=BOB)
    desk.api("PUT", f"calendars/{TEAM}/acl/user:{BOB}", {"role": "writer", "scope": rule["scope"]})
    desk.api("PATCH", f"calendars/{TEAM}", {"timeZone": "Asia/Tokyo", "summary": "New"})
    assert everything(desk, "users/me/calendarList", user=BOB, syncToken=token)[0] == []
    entries = desk.api("GET", "users/me/calendarList", user=BOB).json["items"]
    (entry,) = [item for item in entries if item["id"] == TEAM]
    assert (entry["accessRole"], entry["timeZone"], entry["summary"]) == ("writer", "Asia/Tokyo", "New")


def test_a_window_has_a_token_that_does_not_remember_it(desk: Desk) -> None:
    far = desk.insert(**timed("2027-06-01"))["id"]
    near = desk.insert(**timed("2026-11-23"))["id"]
    items, token = desk.all_events(**WINDOW)
    assert [item["id"] for item in items] == [near]
    desk.change("PATCH", far, {"summary": "far away"})
    desk.change("DELETE", near)
    delta, _ = desk.all_events(syncToken=token)
    assert [(item["id"], item["status"]) for item in delta] == [(far, "confirmed"), (near, "cancelled")]


def test_a_delta_heeds_what_should_be_repeated_with_its_token(desk: Desk) -> None:
    _, token = desk.all_events(eventTypes="default", timeZone="UTC", maxAttendees=1)
    desk.insert(attendees=[{"email": BOB}, {"email": ALICE}])
    assert desk.all_events(syncToken=token, eventTypes="focusTime")[0] == []
    (item,), _ = desk.all_events(syncToken=token, eventTypes="default", timeZone="UTC", maxAttendees=1)
    assert item["start"]["dateTime"] == "2026-11-23T09:00:00Z"
    assert item["attendeesOmitted"] is True


@pytest.mark.parametrize("narrowed", ["privateExtendedProperty", "sharedExtendedProperty"])
def test_a_listing_by_property_has_no_token(desk: Desk, narrowed: str) -> None:
    assert "nextSyncToken" not in desk.events(**{narrowed: "a=1"}).json


def test_listings_by_type_order_of_change_or_with_tombstones_have_a_token(desk: Desk) -> None:
    for query in ({"eventTypes": "default"}, {"orderBy": "updated"}, {"showDeleted": "true"}, WINDOW):
        assert desk.events(**query).json["nextSyncToken"]


def test_free_busy_readers_go_on_with_instances(desk: Desk) -> None:
    rule = {"scope": {"type": "user", "value": BOB}, "role": "freeBusyReader"}
    desk.control("seed", {"acl": {ALICE: [rule]}})
    series = desk.insert(recurrence=["RRULE:FREQ=WEEKLY;COUNT=2"])["id"]
    items, token = desk.all_events(ALICE, user=BOB)
    assert [item["recurringEventId"] for item in items] == [series, series]
    desk.change("DELETE", f"{series}_20261130T090000Z")
    (gone,), later = desk.all_events(ALICE, user=BOB, syncToken=token)
    assert (gone["id"], gone["status"]) == (f"{series}_20261130T090000Z", "cancelled")
    assert desk.all_events(ALICE, user=BOB, syncToken=later, singleEvents="true")[0] == []


def test_reminders_alone_leave_the_time_of_change(desk: Desk) -> None:
    before = desk.insert()
    _, token = desk.all_events()
    desk.now += 60
    reminders = {"useDefault": False, "overrides": [{"method": "popup", "minutes": 5}]}
    after = desk.change("PATCH", before["id"], {"reminders": reminders}).json
    assert after["updated"] == before["updated"]
    assert after["etag"] != before["etag"]
    assert len(desk.all_events(syncToken=token)[0]) == 1
    both = desk.change("PATCH", before["id"], {"reminders": None, "summary": "x"}).json
    assert both["updated"] > before["updated"]
