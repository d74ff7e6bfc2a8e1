"""Scopes that reach only some calendars, or only part of what is on them."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.unit.emulator.desk import ALICE, BOB, Answer, Desk, timed


class Narrow:
    """Bob at the counter with one scope only."""

    def __init__(self, desk: Desk, scope: str) -> None:
        self.desk = desk
        self.token = desk.token(BOB, scope)

    def send(self, method: str, path: str, body: Any = None) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.desk.send(method, f"/calendar/v3/{path}", body, headers)

    def events(self, calendar: str) -> Answer:
        return self.send("GET", f"calendars/{quote(calendar)}/events")


@pytest.fixture
def desk(desk: Desk) -> Desk:
    rule = {"role": "writer", "scope": {"type": "user", "value": BOB}}
    desk.api("POST", "calendars/primary/acl", rule)
    desk.insert()
    return desk


def test_free_and_busy_is_all_that_a_scope_may_show(desk: Desk) -> None:
    shown = Narrow(desk, "calendar.events.freebusy").events(ALICE).json
    assert (shown["accessRole"], "summary" in shown["items"][0]) == ("freeBusyReader", False)


def test_owned_calendars_only(desk: Desk) -> None:
    bob = Narrow(desk, "calendar.events.owned")
    assert bob.events("primary").status == 200
    assert bob.send("POST", "calendars/primary/events", timed()).status == 200
    assert bob.events(ALICE).reason == "insufficientPermissions"


def test_public_calendars_only(desk: Desk) -> None:
    bob = Narrow(desk, "calendar.events.public.readonly")
    assert bob.events(ALICE).reason == "insufficientPermissions"
    public = {"role": "reader", "scope": {"type": "default"}}
    desk.api("POST", "calendars/primary/acl", public)
    assert bob.events(ALICE).json["accessRole"] == "reader"


def test_what_the_application_made_only(desk: Desk) -> None:
    bob = Narrow(desk, "calendar.app.created")
    assert bob.events("primary").reason == "insufficientPermissions"
    made = bob.send("POST", "calendars", {"summary": "Mine"}).json["id"]
    assert bob.events(made).json["accessRole"] == "owner"
    assert bob.send("POST", f"calendars/{made}/events", timed()).status == 200
    assert bob.send("GET", f"calendars/{made}").status == 200
    assert bob.send("DELETE", "calendars/primary").reason == "insufficientPermissions"
