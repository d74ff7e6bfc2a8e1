"""calendarList and calendars."""

from typing import Any

from tests.unit.emulator.desk import ALICE, BOB, Desk

LIST = "users/me/calendarList"
TEAM = "alice-team@group.calendar.google.com"


def entries(desk: Desk, **query: Any) -> list[Any]:
    answer = desk.api("GET", LIST, **query)
    assert answer.status == 200, answer.json
    items: list[Any] = answer.json["items"]
    return items


def test_primary_entry_says_so_and_the_other_names_its_owner(desk: Desk) -> None:
    primary, team = entries(desk)
    assert (primary["id"], primary["primary"], primary["accessRole"]) == (ALICE, True, "owner")
    assert (team["id"], team["dataOwner"], team["selected"]) == (TEAM, ALICE, True)
    assert not {"primary", "hidden", "deleted"} & team.keys()


def test_pages_and_sync_tokens(desk: Desk) -> None:
    first = desk.api("GET", LIST, maxResults=1).json
    assert list(first) == ["kind", "etag", "nextPageToken", "items"]
    second = desk.api("GET", LIST, maxResults=1, pageToken=first["nextPageToken"]).json
    assert [item["id"] for item in second["items"]] == [TEAM]
    assert entries(desk, syncToken=second["nextSyncToken"]) == []
    desk.api("PATCH", f"{LIST}/{TEAM}", {"colorId": "3"})
    (changed,) = entries(desk, syncToken=second["nextSyncToken"])
    assert (changed["colorId"], changed["backgroundColor"]) == ("3", "#f83a22")


def test_delta_ignores_a_changed_title_and_knows_deleted_and_hidden_entries(desk: Desk) -> None:
    token = desk.api("GET", LIST).json["nextSyncToken"]
    desk.api("PATCH", f"calendars/{TEAM}", {"summary": "Renamed"})
    assert entries(desk, syncToken=token) == []
    made = desk.api("POST", "calendars", {"summary": "Club"}).json["id"]
    desk.api("PATCH", f"{LIST}/{TEAM}", {"hidden": True})
    desk.api("DELETE", f"calendars/{made}")
    delta = {item["id"]: item for item in entries(desk, syncToken=token)}
    assert delta[TEAM]["hidden"] is True
    assert delta[made]["deleted"] is True
    assert [item["id"] for item in entries(desk)] == [ALICE]
    assert len(entries(desk, showHidden="true")) == 2
    assert len(entries(desk, showDeleted="true", showHidden="true")) == 3


def test_sync_token_refuses_what_narrows_the_list(desk: Desk) -> None:
    token = desk.api("GET", LIST).json["nextSyncToken"]
    for extra in ({"minAccessRole": "owner"}, {"showDeleted": "false"}, {"showHidden": "false"}):
        answer = desk.api("GET", LIST, syncToken=token, **extra)
        assert (answer.status, answer.reason) == (400, "syncTokenWithRequestRestrictions")
    assert desk.api("GET", LIST, syncToken="x").message == "Invalid sync token value."
    desk.control("expire-sync-tokens", {})
    assert desk.api("GET", LIST, syncToken=token).reason == "fullSyncRequired"


def test_shared_calendar_appears_once_it_is_subscribed(desk: Desk) -> None:
    rule = {"scope": {"type": "user", "value": BOB}, "role": "reader"}
    desk.control("seed", {"acl": {TEAM: [rule]}})
    assert TEAM not in [item["id"] for item in entries(desk, user=BOB)]
    answer = desk.api("POST", LIST, {"id": TEAM, "summaryOverride": "Their team"}, BOB)
    assert (answer.json["accessRole"], answer.json["summaryOverride"]) == ("reader", "Their team")
    assert desk.api("POST", LIST, {"id": TEAM}, BOB).reason == "duplicate"
    assert [item["id"] for item in entries(desk, user=BOB, minAccessRole="owner")] == [
        BOB,
        "bob-family@group.calendar.google.com",
    ]
    assert desk.api("DELETE", f"{LIST}/{TEAM}", user=BOB).status == 204
    assert desk.api("GET", f"{LIST}/{TEAM}", user=BOB).status == 404


def test_own_calendars_cannot_be_dropped_from_the_list(desk: Desk) -> None:
    assert desk.api("DELETE", f"{LIST}/primary").reason == "cannotChangeOwnPrimarySubscription"
    assert desk.api("DELETE", f"{LIST}/{TEAM}").reason == "cannotUnsubscribeFromOwnedCalendar"


def test_unknown_calendar_cannot_be_subscribed(desk: Desk) -> None:
    assert desk.api("POST", LIST, {"id": "nobody@example.org"}).status == 404
    assert desk.api("POST", LIST, {}).reason == "required"


def test_rgb_colours_count_only_when_asked_for(desk: Desk) -> None:
    colour = {"backgroundColor": "#123456"}
    assert desk.api("PATCH", f"{LIST}/{TEAM}", colour).json["backgroundColor"] != "#123456"
    answer = desk.api("PATCH", f"{LIST}/{TEAM}", colour, colorRgbFormat="true")
    assert answer.json["backgroundColor"] == "#123456"


def test_calendar_can_be_made_changed_and_deleted(desk: Desk) -> None:
    made = desk.api("POST", "calendars", {"summary": "Club", "timeZone": "Europe/Paris"}).json
    assert made["id"].endswith("@group.calendar.google.com")
    same = desk.api("PATCH", f"calendars/{made['id']}", {"summary": "Club"}).json
    assert same["etag"] == made["etag"]
    changed = desk.api("PUT", f"calendars/{made['id']}", {"summary": "New", "description": "d"}).json
    assert (changed["description"], changed["timeZone"]) == ("d", "Europe/Paris")
    assert desk.api("DELETE", f"calendars/{made['id']}").status == 204
    assert desk.api("GET", f"calendars/{made['id']}").status == 404
    assert desk.events(made["id"]).status == 404


def test_primary_calendar_can_be_cleared_but_not_deleted(desk: Desk) -> None:
    desk.insert()
    desk.insert(recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    assert desk.api("DELETE", "calendars/primary").reason == "cannotDeletePrimaryCalendar"
    assert desk.api("POST", f"calendars/{TEAM}/clear").status == 400
    assert desk.api("POST", "calendars/primary/clear").status == 204
    assert desk.events().json["items"] == []


def test_calendar_needs_a_title_and_a_known_zone(desk: Desk) -> None:
    assert desk.api("POST", "calendars", {}).reason == "required"
    assert desk.api("POST", "calendars", {"summary": "x", "timeZone": "Nowhere"}).status == 400
