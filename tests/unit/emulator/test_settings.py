"""Settings, colours and the inventory itself."""

from tests.unit.emulator.desk import ALICE, Desk

SETTINGS = "users/me/settings"


def test_settings_have_defaults_and_change_behind_the_scenes(desk: Desk) -> None:
    full = desk.api("GET", SETTINGS).json
    values = {item["id"]: item["value"] for item in full["items"]}
    assert (len(values), values["weekStart"], values["timezone"]) == (12, "0", "Europe/Berlin")
    desk.control("settings", {"email": ALICE, "id": "weekStart", "value": "1"})
    delta = desk.api("GET", SETTINGS, syncToken=full["nextSyncToken"]).json
    assert [(item["id"], item["value"]) for item in delta["items"]] == [("weekStart", "1")]
    assert desk.api("GET", f"{SETTINGS}/weekStart").json["value"] == "1"
    assert desk.api("GET", f"{SETTINGS}/mood").status == 404
    assert "allowed" in desk.control("settings", {"email": ALICE, "id": "weekStart", "value": "9"})["error"]


def test_settings_come_in_pages_and_answer_304(desk: Desk) -> None:
    first = desk.api("GET", SETTINGS, maxResults=10).json
    last = desk.api("GET", SETTINGS, maxResults=10, pageToken=first["nextPageToken"]).json
    assert len(first["items"]) + len(last["items"]) == 12
    assert desk.api("GET", SETTINGS, headers={"If-None-Match": first["etag"]}).status == 304
    one = desk.api("GET", f"{SETTINGS}/locale").json
    assert desk.api("GET", f"{SETTINGS}/locale", headers={"If-None-Match": one["etag"]}).status == 304


def test_colours_are_open_to_api_keys(desk: Desk) -> None:
    colors = desk.send("GET", "/calendar/v3/colors", key="any").json
    assert (len(colors["calendar"]), len(colors["event"])) == (24, 11)
    assert colors["event"]["1"] == {"background": "#a4bdfc", "foreground": "#1d1d1d"}
    assert desk.send("GET", "/calendar/v3/colors").status == 401
