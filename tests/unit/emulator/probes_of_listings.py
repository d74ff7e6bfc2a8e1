"""What the query parameters of events.list and events.instances change."""

from typing import Any

from tests.unit.emulator.desk import BOB, Desk, timed
from tests.unit.emulator.probes import EVENTS, ids, probe, series


def day(number: int, **fields: Any) -> dict[str, Any]:
    return {**timed(f"2026-11-{number}"), **fields}


def titles(desk: Desk, **query: Any) -> list[str]:
    answer = desk.events(**query)
    assert answer.status == 200, answer.json
    return [item.get("summary", "") for item in answer.json["items"]]


@probe("events.list", "timeMin", "timeMax")
def window(desk: Desk, method: str) -> None:
    for number in (23, 24, 25):
        desk.insert(**day(number, summary=str(number)))
    ends, begins = "2026-11-23T11:00:00+01:00", "2026-11-25T10:00:00+01:00"
    assert titles(desk, timeMin=ends) == ["24", "25"]
    assert titles(desk, timeMin="2026-11-23T10:59:59.999+01:00") == ["23", "24", "25"]
    assert titles(desk, timeMax=begins) == ["23", "24"]
    assert titles(desk, timeMin=ends, timeMax=begins) == ["24"]
    assert desk.events(timeMin=begins, timeMax=ends).reason == "timeRangeEmpty"
    assert desk.events(timeMin="2026-11-23T11:00:00").reason == "badRequest"


@probe("events.instances", "timeMin", "timeMax")
def window_of_instances(desk: Desk, method: str) -> None:
    path = f"{EVENTS}/{series(desk)}/instances"
    ends, begins = "2026-11-23T11:00:00+01:00", "2026-11-26T10:00:00+01:00"
    assert len(ids(desk.api("GET", path))) == 4
    assert len(ids(desk.api("GET", path, timeMin=ends))) == 4, "its lower bound is inclusive"
    assert len(ids(desk.api("GET", path, timeMin="2026-11-23T11:00:01+01:00"))) == 3
    assert len(ids(desk.api("GET", path, timeMax=begins))) == 3
    assert desk.api("GET", path, timeMin=begins, timeMax=ends).reason == "timeRangeEmpty"


@probe("events.instances", "originalStart")
def original_start(desk: Desk, method: str) -> None:
    made = series(desk)
    second = f"{made}_20261124T090000Z"
    desk.change("PATCH", second, {"start": day(28)["start"], "end": day(28)["end"]})
    path = f"{EVENTS}/{made}/instances"
    assert ids(desk.api("GET", path, originalStart="2026-11-24T10:00:00+01:00")) == [second]
    assert ids(desk.api("GET", path, originalStart="2026-11-28T10:00:00+01:00")) == []
    assert desk.api("GET", path, originalStart="yesterday").status == 400


@probe("events.instances", "showDeleted")
def cancelled_instances(desk: Desk, method: str) -> None:
    made = series(desk)
    desk.change("DELETE", f"{made}_20261124T090000Z")
    path = f"{EVENTS}/{made}/instances"
    assert [len(ids(desk.api("GET", path, showDeleted=asked))) for asked in ("false", "true")] == [3, 4]


@probe("events.list", "showDeleted")
def tombstones(desk: Desk, method: str) -> None:
    gone, made = desk.insert()["id"], series(desk)
    desk.change("DELETE", gone)
    desk.change("DELETE", f"{made}_20261124T090000Z")
    exception = f"{made}_20261124T090000Z"
    assert set(ids(desk.events())) == {made, exception}, "exceptions of living series show without asking"
    assert set(ids(desk.events(showDeleted="true"))) == {made, exception, gone}
    assert len(ids(desk.events(singleEvents="true"))) == 3
    assert len(ids(desk.events(singleEvents="true", showDeleted="true"))) == 5
    _, token = desk.all_events()
    assert desk.events(syncToken=token, showDeleted="false").reason == "syncTokenWithRequestRestrictions"


@probe("events.list", "singleEvents")
def single_events(desk: Desk, method: str) -> None:
    made = series(desk)
    assert ids(desk.events()) == ids(desk.events(singleEvents="false")) == [made]
    assert len(ids(desk.events(singleEvents="true"))) == 4


@probe("events.list", "orderBy")
def order(desk: Desk, method: str) -> None:
    for number in (25, 23, 24):
        desk.insert(**day(number, summary=str(number)))
    desk.change("PATCH", ids(desk.events(q="25"))[0], {"location": "x"})
    assert titles(desk, orderBy="startTime", singleEvents="true") == ["23", "24", "25"]
    assert titles(desk, orderBy="updated") == ["23", "24", "25"]
    refused = desk.events(orderBy="startTime")
    assert refused.message == "The requested ordering is not available for the particular query."
    _, token = desk.all_events()
    assert desk.events(syncToken=token, orderBy="updated").reason == "syncTokenWithNonDefaultOrdering"
    assert "nextSyncToken" not in desk.events(orderBy="startTime", singleEvents="true").json


@probe("events.list", "updatedMin")
def updated_min(desk: Desk, method: str) -> None:
    old = desk.insert()["id"]
    desk.insert()
    desk.now += 3600
    desk.forget_tokens()
    desk.change("DELETE", old)
    found = desk.events(updatedMin="2026-11-18T11:36:40Z")
    assert ids(found) == [old], "what was deleted since is there without asking"
    assert "nextSyncToken" not in found.json
    gone = desk.events(updatedMin="2026-01-01T00:00:00Z")
    assert (gone.status, gone.reason) == (410, "updatedMinTooLongAgo")


@probe("events.list", "q")
def words(desk: Desk, method: str) -> None:
    desk.insert(summary="Lunch", location="Café", attendees=[{"email": BOB, "displayName": "Bob Example"}])
    desk.insert(summary="Dinner", description="with lunch guests")
    desk.insert(summary="Other")
    assert titles(desk, q="LUNCH") == ["Lunch", "Dinner"]
    assert titles(desk, q="café") == titles(desk, q="bob example") == titles(desk, q=BOB) == ["Lunch"]
    assert "nextSyncToken" not in desk.events(q="lunch").json


@probe("events.list", "iCalUID")
def uid(desk: Desk, method: str) -> None:
    made = series(desk)
    desk.insert()
    desk.change("PATCH", f"{made}_20261124T090000Z", {"summary": "Odd"})
    assert len(ids(desk.events(iCalUID=f"{made}@google.com"))) == 2
    assert ids(desk.events(iCalUID="nobody@x")) == []


@probe("events.list", "privateExtendedProperty", "sharedExtendedProperty")
def properties(desk: Desk, method: str) -> None:
    desk.insert(summary="both", extendedProperties={"private": {"a": "1", "b": "2"}})
    desk.insert(summary="one", extendedProperties={"private": {"a": "1"}, "shared": {"c": "3=3"}})
    assert titles(desk, privateExtendedProperty="a=1") == ["both", "one"]
    assert titles(desk, privateExtendedProperty=["a=1", "b=2"]) == ["both"]
    assert titles(desk, sharedExtendedProperty="c=3=3") == ["one"]
    assert desk.events(privateExtendedProperty="a").reason == "invalidParameter"


@probe("events.list", "eventTypes")
def event_types(desk: Desk, method: str) -> None:
    desk.insert(summary="plain")
    desk.insert(summary="focus", eventType="focusTime")
    assert titles(desk) == titles(desk, eventTypes=["default", "focusTime"]) == ["plain", "focus"]
    assert titles(desk, eventTypes="focusTime") == ["focus"]


@probe("events.list", "showHiddenInvitations")
def hidden(desk: Desk, method: str) -> None:
    desk.insert(user=BOB, attendees=[{"email": "alice@example.com"}])
    desk.control("settings", {"email": "alice@example.com", "id": "hideInvitations", "value": "true"})
    assert titles(desk) == []
    assert titles(desk, showHiddenInvitations="true") == ["Meeting"]
