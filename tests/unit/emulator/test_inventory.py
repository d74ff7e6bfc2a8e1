"""Our routes and Google's own inventory say the same."""

from typing import Any

import pytest

from calferry.emulator.routes import ROUTES, inventory
from calferry.emulator.world.oauth import PREFIX
from scripts.inventory import COPY, shipped, text, without_prose
from tests.unit.emulator.desk import Desk

API = {route.method: route for route in ROUTES if route.floor == "api"}


def test_every_method_of_the_inventory_is_there_and_no_other() -> None:
    assert set(API) == set(inventory.methods())


def test_the_copy_is_what_the_client_ships() -> None:
    assert COPY.read_text("utf-8") == text(without_prose(shipped()))


@pytest.mark.parametrize("name", inventory.methods())
def test_address_and_scopes_are_googles(name: str) -> None:
    described, route = inventory.methods()[name], API[name]
    assert (route.http, route.template) == (described["httpMethod"], f"/calendar/v3/{described['path']}")
    assert {PREFIX + scope for scope in route.scopes} == set(described["scopes"])


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("GET", "calendars/primary/events", {"singleEvents": "maybe"}),
        ("GET", "calendars/primary/events", {"maxResults": "0"}),
        ("GET", "calendars/primary/events", {"maxResults": "many"}),
        ("GET", "calendars/primary/events", {"eventTypes": "party"}),
        ("GET", "calendars/primary/events", {"alt": "xml"}),
        ("GET", "calendars/primary/events", {"prettyPrint": "nicely"}),
        ("GET", "calendars/primary/events", {"quotaUser": "x" * 41}),
        ("GET", "users/me/calendarList", {"minAccessRole": "king"}),
        ("POST", "calendars/primary/events", {"conferenceDataVersion": "2"}),
        ("POST", "calendars/primary/events", {"eventLabelVersion": "2"}),
        ("POST", "calendars/primary/events", {"sendUpdates": "some"}),
        ("POST", "calendars/primary/acl", {"sendNotifications": "perhaps"}),
    ],
)
def test_values_that_the_inventory_does_not_allow_are_refused(
    desk: Desk, method: str, path: str, query: Any
) -> None:
    answer = desk.api(method, path, {} if method == "POST" else None, **query)
    assert (answer.status, answer.reason) == (400, "invalidParameter")
    assert answer.json["error"]["errors"][0]["location"] == next(iter(query))


def test_what_google_ignores_is_ignored(desk: Desk) -> None:
    assert desk.events(alwaysIncludeEmail="whatever", unheard="of", quotaUser="me").status == 200


def test_the_document_names_this_server_as_its_root(desk: Desk) -> None:
    for path in ("/discovery/v1/apis/calendar/v3/rest", "/$discovery/rest", "/%24discovery/rest"):
        document = desk.send("GET", path, **({"version": "v3"} if "rest" in path else {})).json
        assert document["rootUrl"] == "http://127.0.0.1:8001/"
        assert document["baseUrl"] == "http://127.0.0.1:8001/calendar/v3/"
    assert desk.send("GET", "/discovery/v1/apis/drive/v3/rest").status == 404
    assert desk.send("GET", "/$discovery/rest", version="v2").status == 404
    listed = desk.send("GET", "/discovery/v1/apis").json["items"]
    assert [item["id"] for item in listed] == ["calendar:v3"]
