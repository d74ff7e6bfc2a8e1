"""Rules that share a calendar, and what a change of them does to everybody's tokens."""

from typing import Any

import pytest

from tests.unit.emulator.desk import ALICE, BOB, Answer, Desk

RULES = "calendars/primary/acl"


def rule(value: str = BOB, role: str = "reader", kind: str = "user") -> dict[str, Any]:
    return {"role": role, "scope": {"type": kind, "value": value}}


def share(desk: Desk, role: str, value: str = BOB) -> Answer:
    return desk.api("POST", RULES, rule(value, role))


def test_sharing_opens_a_calendar_and_unsharing_closes_it(desk: Desk) -> None:
    assert desk.api("GET", f"calendars/{ALICE}/events", user=BOB).status == 404
    made = share(desk, "reader").json
    assert (made["id"], made["role"], made["kind"]) == (f"user:{BOB}", "reader", "calendar#aclRule")
    assert desk.api("GET", f"calendars/{ALICE}/events", user=BOB).json["accessRole"] == "reader"
    assert desk.api("DELETE", f"{RULES}/user:{BOB}").status == 204
    assert desk.api("GET", f"calendars/{ALICE}/events", user=BOB).status == 404


def test_every_role_reads_and_writes_what_it_may(desk: Desk) -> None:
    event = desk.insert()["id"]
    allowed = {}
    for role in ("freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner"):
        share(desk, role)
        allowed[role] = (
            desk.api("GET", f"calendars/{ALICE}/acl", user=BOB).status == 200,
            desk.api("PATCH", f"calendars/{ALICE}/events/{event}", {"summary": role}, BOB).status == 200,
            desk.api("PATCH", f"calendars/{ALICE}", {"description": role}, BOB).status == 200,
        )
    assert allowed == {
        "freeBusyReader": (False, False, False),
        "reader": (False, False, False),
        "writerWithoutPrivateAccess": (False, True, False),
        "writer": (True, True, False),
        "owner": (True, True, True),
    }


def test_a_change_of_rules_ends_the_sync_tokens_of_events(desk: Desk) -> None:
    _, token = desk.all_events()
    share(desk, "reader")
    answer = desk.events(syncToken=token)
    assert (answer.status, answer.reason) == (410, "fullSyncRequired")


def test_rules_are_listed_in_full_and_since_a_token(desk: Desk) -> None:
    share(desk, "reader")
    full = desk.api("GET", RULES).json
    assert [item["id"] for item in full["items"]] == [f"user:{ALICE}", f"user:{BOB}"]
    desk.api("POST", RULES, rule("example.com", "freeBusyReader", "domain"))
    desk.api("DELETE", f"{RULES}/user:{BOB}")
    delta = desk.api("GET", RULES, syncToken=full["nextSyncToken"]).json["items"]
    assert {item["id"]: item["role"] for item in delta} == {
        "domain:example.com": "freeBusyReader",
        f"user:{BOB}": "none",
    }
    assert len(desk.api("GET", RULES).json["items"]) == 2
    assert len(desk.api("GET", RULES, showDeleted="true").json["items"]) == 3


def test_rules_come_in_pages(desk: Desk) -> None:
    for number in range(4):
        share(desk, "reader", f"guest{number}@example.org")
    first = desk.api("GET", RULES, maxResults=3).json
    assert "nextSyncToken" not in first
    last = desk.api("GET", RULES, maxResults=3, pageToken=first["nextPageToken"]).json
    assert (len(first["items"]), len(last["items"])) == (3, 2)
    assert last["nextSyncToken"]


def test_a_dead_token_of_rules_is_410_and_a_restricted_one_400(desk: Desk) -> None:
    token = desk.api("GET", RULES).json["nextSyncToken"]
    refused = desk.api("GET", RULES, syncToken=token, showDeleted="false")
    assert refused.reason == "syncTokenWithRequestRestrictions"
    desk.control("expire-sync-tokens", {})
    assert desk.api("GET", RULES, syncToken=token).status == 410


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"role": "reader"}, "required"),
        ({"scope": {"type": "user", "value": BOB}}, "required"),
        (rule(role="king"), "invalid"),
        (rule(kind="planet"), "invalid"),
        (rule("nobody"), "invalidScopeValue"),
        ({"role": "writer", "scope": {"type": "default"}}, "illegalAccessRoleForDefault"),
        (rule(ALICE, "reader"), "cannotChangeOwnAcl"),
    ],
)
def test_impossible_rules_are_refused(desk: Desk, body: Any, reason: str) -> None:
    assert desk.api("POST", RULES, body).reason == reason


def test_nobody_demotes_the_data_owner(desk: Desk) -> None:
    share(desk, "owner")
    answer = desk.api("PATCH", f"calendars/{ALICE}/acl/user:{ALICE}", {"role": "reader"}, BOB)
    assert (answer.status, answer.reason) == (403, "cannotChangeOwnerAcl")


def test_rules_are_changed_under_their_etag(desk: Desk) -> None:
    made = share(desk, "reader").json
    one = f"{RULES}/user:{BOB}"
    assert desk.api("GET", one, headers={"If-None-Match": made["etag"]}).status == 304
    changed = desk.api("PUT", one, rule(role="writer"), headers={"If-Match": made["etag"]}).json
    assert changed["role"] == "writer"
    stale = desk.api("PATCH", one, {"role": "owner"}, headers={"If-Match": made["etag"]})
    assert (stale.status, stale.reason) == (412, "conditionNotMet")
    assert desk.api("PUT", one, {"role": "owner"}).reason == "required"
    assert desk.api("PUT", one, rule("other@example.org", "owner")).reason == "invalidScopeValue"
    assert desk.api("GET", f"{RULES}/user:stranger@example.org").status == 404


def test_watchers_of_rules_and_settings_are_told(desk: Desk) -> None:
    for number, path in enumerate((RULES, "users/me/settings")):
        body = {"id": f"channel-{number}", "type": "web_hook", "address": "https://example.org/hook"}
        assert desk.api("POST", f"{path}/watch", body).status == 200
    desk.google.take_deliveries()
    share(desk, "reader")
    desk.control("settings", {"email": ALICE, "id": "weekStart", "value": "1"})
    told = [d.headers["X-Goog-Resource-URI"] for d in desk.google.take_deliveries()]
    assert [uri.removeprefix("https://www.googleapis.com/calendar/v3/") for uri in told] == [
        "calendars/alice%40example.com/acl?alt=json",
        "users/me/settings?alt=json",
    ]


def test_only_administrators_hand_calendars_on(desk: Desk) -> None:
    team = "calendars/alice-team@group.calendar.google.com"
    query = {"newDataOwner": BOB, "useAdminAccess": "true"}
    assert desk.api("POST", f"{team}/transferOwnership", **query).reason == "forbidden"
    desk.control("seed", {"people": [{"email": ALICE, "admin": True}]})
    assert desk.api("POST", f"{team}/transferOwnership", useAdminAccess="true").reason == "required"
    refused = desk.api("POST", f"{team}/transferOwnership", newDataOwner=BOB, useAdminAccess="false")
    assert refused.reason == "invalidParameter"
    assert desk.api("POST", f"{team}/transferOwnership", **query).status == 204
    assert desk.api("GET", team, user=BOB).json["dataOwner"] == BOB
    assert desk.api("POST", "calendars/primary/transferOwnership", **query).status == 404


def test_a_rule_for_a_group_holds_for_its_members(desk: Desk) -> None:
    desk.control("seed", {"groups": {"team@example.com": [BOB]}})
    desk.api("POST", RULES, rule("team@example.com", "reader", "group"))
    assert desk.api("GET", f"calendars/{ALICE}/events", user=BOB).json["accessRole"] == "reader"
    desk.control("restore", desk.control("snapshot", {}))
    desk.control("seed", {"groups": {"team@example.com": []}})
    assert desk.api("GET", f"calendars/{ALICE}/events", user=BOB).status == 404


def test_calendars_have_labels_and_the_primary_has_working_hours(desk: Desk) -> None:
    labels = {"labelProperties": {"eventLabels": [{"id": "1", "name": "Red", "backgroundColor": "#ff0000"}]}}
    hours = {"workingHours": {"workingHoursEnabled": True}}
    assert (
        desk.api("PATCH", "calendars/primary", {**labels, **hours}).json | labels | hours
        == desk.api("GET", "calendars/primary").json
    )
    assert "workingHours" not in desk.api("POST", "calendars", {"summary": "x", **hours}).json
    for bad in ({"labelProperties": []}, {"labelProperties": {"eventLabels": [{"name": "x" * 51}]}}):
        assert desk.api("PATCH", "calendars/primary", bad).reason == "invalid"
