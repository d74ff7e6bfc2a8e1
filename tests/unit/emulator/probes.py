"""What every query parameter of Google's inventory changes: one probe for each, by method and name."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from tests.unit.emulator.desk import ALICE, BOB, Answer, Desk, timed

Probe = Callable[[Desk, str], None]
PROBES: dict[tuple[str, str], Probe] = {}
EVENTS, LIST = "calendars/primary/events", "users/me/calendarList"
TEAM = "alice-team@group.calendar.google.com"
DAILY = ["RRULE:FREQ=DAILY;COUNT=4"]
ADA = "ada@example.org"


def probe(methods: str, *names: str) -> Callable[[Probe], Probe]:
    def register(found: Probe) -> Probe:
        PROBES.update({(method, name): found for method in methods.split() for name in names})
        return found

    return register


def ids(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.json
    return [item["id"] for item in answer.json["items"]]


def series(desk: Desk, **fields: Any) -> str:
    return str(desk.insert(recurrence=DAILY, **fields)["id"])


def written(desk: Desk, method: str, fields: Any, **query: Any) -> Any:
    """The answer of a write of that name with these fields, on an event of its own."""
    body = {**timed(), **fields}
    verb = method.rpartition(".")[2]
    if verb == "insert":
        answer = desk.api("POST", EVENTS, body, **query)
    elif verb == "import":
        answer = desk.api("POST", f"{EVENTS}/import", {**body, "iCalUID": f"uid-{query}@x"}, **query)
    else:
        made = desk.insert()["id"]
        answer = desk.change("PUT" if verb == "update" else "PATCH", made, body, **query)
    assert answer.status == 200, answer.json
    return answer.json


WRITES = "events.insert events.update events.patch"


@probe(f"{WRITES} events.import", "conferenceDataVersion")
def conference(desk: Desk, method: str) -> None:
    asked = {"conferenceData": {"createRequest": {"requestId": "r"}}}
    assert "conferenceData" not in written(desk, method, asked)
    assert "conferenceData" not in written(desk, method, asked, conferenceDataVersion=0)
    assert "conferenceData" in written(desk, method, asked, conferenceDataVersion=1)


@probe(f"{WRITES} events.import", "eventLabelVersion")
def label(desk: Desk, method: str) -> None:
    fields = {"colorId": "3", "eventLabelId": "label"}
    plain, labelled = written(desk, method, fields), written(desk, method, fields, eventLabelVersion=1)
    assert (plain.get("colorId"), plain.get("eventLabelId")) == ("3", None)
    assert (labelled.get("colorId"), labelled.get("eventLabelId")) == (None, "label")


@probe(f"{WRITES} events.import", "supportsAttachments")
def attachments(desk: Desk, method: str) -> None:
    fields = {"attachments": [{"fileUrl": "https://example.org/a"}]}
    assert "attachments" not in written(desk, method, fields)
    assert "attachments" in written(desk, method, fields, supportsAttachments="true")


@probe(WRITES, "maxAttendees")
def guests_of_a_write(desk: Desk, method: str) -> None:
    fields = {"attendees": [{"email": ALICE}, {"email": BOB}, {"email": ADA}]}
    assert len(written(desk, method, fields)["attendees"]) == 3
    cut = written(desk, method, fields, maxAttendees=2)
    assert ([guest["email"] for guest in cut["attendees"]], cut["attendeesOmitted"]) == ([ALICE], True)


@probe("events.get events.list events.instances", "maxAttendees")
def guests_of_a_read(desk: Desk, method: str) -> None:
    made = series(desk, attendees=[{"email": ALICE}, {"email": BOB}])
    path = {"get": f"{EVENTS}/{made}", "list": EVENTS, "instances": f"{EVENTS}/{made}/instances"}
    for most, seen in ((2, 2), (1, 1)):
        answer = desk.api("GET", path[method.rpartition(".")[2]], maxAttendees=most).json
        event = answer["items"][0] if "items" in answer else answer
        assert (len(event["attendees"]), "attendeesOmitted" in event) == (seen, seen == 1)


@probe("events.get events.list events.instances", "timeZone")
def zone(desk: Desk, method: str) -> None:
    made = series(desk)
    path = {"get": f"{EVENTS}/{made}", "list": EVENTS, "instances": f"{EVENTS}/{made}/instances"}
    found = []
    for query in ({}, {"timeZone": "Asia/Tokyo"}):
        answer = desk.api("GET", path[method.rpartition(".")[2]], **query).json
        found.append((answer["items"][0] if "items" in answer else answer)["start"]["dateTime"])
    assert found == ["2026-11-23T10:00:00+01:00", "2026-11-23T18:00:00+09:00"]
    refused = desk.api("GET", path[method.rpartition(".")[2]], timeZone="Mars/Olympus")
    assert (refused.status, refused.reason) == (400, "invalidParameter")


def mailed(desk: Desk) -> list[str]:
    found = [mail["to"] for mail in desk.control("mails")["mails"]]
    desk.google.world.post.mails.clear()
    return found


def send(desk: Desk, method: str, **query: Any) -> list[str]:
    """Carries out a write that concerns guests; whom it mailed."""
    guests = {"attendees": [{"email": ADA}]}
    verb = method.rpartition(".")[2]
    if verb == "quickAdd":
        desk.api("POST", f"{EVENTS}/quickAdd", text="Lunch", **query)
    elif verb == "insert":
        desk.api("POST", EVENTS, {**timed(), **guests}, **query)
    else:
        made = desk.insert(**guests)["id"]
        path = {"move": f"{EVENTS}/{made}/move"}.get(verb, f"{EVENTS}/{made}")
        http = {"move": "POST", "delete": "DELETE", "update": "PUT", "patch": "PATCH"}[verb]
        body = {**timed(), **guests, "summary": "New"} if http in ("PUT", "PATCH") else None
        assert (
            desk.api(http, path, body, **query, **({"destination": TEAM} if verb == "move" else {})).status
            < 300
        )
    return mailed(desk)


@probe(f"{WRITES} events.delete events.move", "sendUpdates")
def updates(desk: Desk, method: str) -> None:
    assert send(desk, method) == send(desk, method, sendUpdates="none") == []
    assert set(send(desk, method, sendUpdates="all")) == {ADA}
    assert set(send(desk, method, sendUpdates="externalOnly")) == {ADA}


@probe(f"{WRITES} events.delete events.move", "sendNotifications")
def notifications(desk: Desk, method: str) -> None:
    assert send(desk, method, sendNotifications="false") == []
    assert set(send(desk, method, sendNotifications="true")) == {ADA}


@probe("events.quickAdd", "sendUpdates", "sendNotifications")
def quick_mails(desk: Desk, method: str) -> None:
    """A line of text invites nobody, so there is nobody to tell."""
    assert send(desk, method, sendUpdates="all", sendNotifications="true") == []


@probe("events.quickAdd", "text")
def quick_text(desk: Desk, method: str) -> None:
    made = desk.api("POST", f"{EVENTS}/quickAdd", text="Lunch tomorrow at 12:30")
    assert (made.json["summary"], made.json["start"]["dateTime"][11:16]) == ("Lunch", "12:30")
    assert desk.api("POST", f"{EVENTS}/quickAdd", text=" ").reason == "required"


@probe("events.move", "destination")
def destination(desk: Desk, method: str) -> None:
    made = desk.insert()["id"]
    left = desk.api("POST", f"{EVENTS}/{made}/move", destination=TEAM).json
    assert left["status"] == "cancelled"
    assert ids(desk.events(TEAM)) == [made]
    other = desk.insert()["id"]
    assert desk.api("POST", f"{EVENTS}/{other}/move", destination="nowhere@x.y").status == 404
    assert desk.api("POST", f"{EVENTS}/{other}/move", destination=BOB).status == 404


@probe("acl.insert acl.update acl.patch", "sendNotifications")
def sharing(desk: Desk, method: str) -> None:
    path, rule = "calendars/primary/acl", {"scope": {"type": "user", "value": BOB}, "role": "reader"}
    if method != "acl.insert":
        desk.api("POST", path, rule, sendNotifications="false")
        path += f"/user:{BOB}"
    http = {"acl.insert": "POST", "acl.update": "PUT", "acl.patch": "PATCH"}[method]
    assert desk.api(http, path, {**rule, "role": "writer"}).status == 200
    assert mailed(desk) == [BOB]
    assert desk.api(http, path, rule, sendNotifications="false").status == 200
    assert mailed(desk) == []


def filled(desk: Desk, method: str) -> str:
    """The address of a list of that name with two items or more."""
    if method == "acl.list":
        rule = {"scope": {"type": "user", "value": BOB}, "role": "reader"}
        desk.api("POST", "calendars/primary/acl", rule)
        return "calendars/primary/acl"
    if method.startswith("events."):
        made = series(desk)
        desk.insert()
        return EVENTS if method == "events.list" else f"{EVENTS}/{made}/instances"
    return LIST if method == "calendarList.list" else "users/me/settings"


LISTS = "acl.list calendarList.list events.list settings.list"


@probe(f"{LISTS} events.instances", "maxResults")
def page_size(desk: Desk, method: str) -> None:
    path = filled(desk, method)
    whole = ids(desk.api("GET", path))
    assert len(ids(desk.api("GET", path, maxResults=1))) == 1 < len(whole)
    assert ids(desk.api("GET", path, maxResults=1_000_000)) == whole


@probe(f"{LISTS} events.instances", "pageToken")
def pages(desk: Desk, method: str) -> None:
    path = filled(desk, method)
    whole, found, page = ids(desk.api("GET", path)), [], {}
    while True:
        answer = desk.api("GET", path, maxResults=1, **page)
        found += ids(answer)
        if "nextPageToken" not in answer.json:
            break
        page = {"pageToken": answer.json["nextPageToken"]}
    assert found == whole
    refused = desk.api("GET", path, pageToken="nonsense")
    assert (refused.status, refused.message) == (400, "Invalid page token value.")


@probe(LISTS, "syncToken")
def since(desk: Desk, method: str) -> None:
    path = filled(desk, method)
    token = desk.api("GET", path).json["nextSyncToken"]
    assert ids(desk.api("GET", path, syncToken=token)) == []
    change(desk, method)
    assert len(ids(desk.api("GET", path, syncToken=token))) == 1
    refused = desk.api("GET", path, syncToken="nonsense")
    assert (refused.status, refused.message) == (400, "Invalid sync token value.")
    desk.control("expire-sync-tokens", {})
    gone = desk.api("GET", path, syncToken=token)
    assert (gone.status, gone.reason) == (410, "fullSyncRequired")


def change(desk: Desk, method: str) -> None:
    if method == "acl.list":
        desk.api("PATCH", f"calendars/primary/acl/user:{BOB}", {"role": "writer"})
    elif method == "calendarList.list":
        desk.api("PATCH", f"{LIST}/{quote(TEAM)}", {"colorId": "7"})
    elif method == "events.list":
        desk.insert()
    else:
        desk.control("settings", {"email": ALICE, "id": "weekStart", "value": "1"})


@probe("acl.list", "showDeleted")
def deleted_rules(desk: Desk, method: str) -> None:
    path = filled(desk, method)
    desk.api("DELETE", f"{path}/user:{BOB}")
    assert f"user:{BOB}" not in ids(desk.api("GET", path))
    rules = desk.api("GET", path, showDeleted="true").json["items"]
    assert [rule["role"] for rule in rules if rule["id"] == f"user:{BOB}"] == ["none"]


@probe("calendarList.list", "showDeleted")
def deleted_entries(desk: Desk, method: str) -> None:
    desk.api("DELETE", f"calendars/{quote(TEAM)}")
    assert TEAM not in ids(desk.api("GET", LIST))
    items = desk.api("GET", LIST, showDeleted="true").json["items"]
    assert [item["deleted"] for item in items if item["id"] == TEAM] == [True]


@probe("calendarList.list", "showHidden")
def hidden_entries(desk: Desk, method: str) -> None:
    desk.api("PATCH", f"{LIST}/{quote(TEAM)}", {"hidden": True})
    assert TEAM not in ids(desk.api("GET", LIST))
    assert TEAM in ids(desk.api("GET", LIST, showHidden="true"))


@probe("calendarList.list", "minAccessRole")
def least_role(desk: Desk, method: str) -> None:
    rule = {"scope": {"type": "user", "value": ALICE}, "role": "reader"}
    desk.api("POST", f"calendars/{BOB}/acl", rule, BOB)
    desk.api("POST", LIST, {"id": BOB})
    assert BOB in ids(desk.api("GET", LIST, minAccessRole="reader"))
    assert BOB not in ids(desk.api("GET", LIST, minAccessRole="writerWithoutPrivateAccess"))


@probe("calendarList.list", "showOwnOrganizationOnly")
def own_organization(desk: Desk, method: str) -> None:
    elsewhere = {"email": ADA, "calendars": [{"id": ADA, "acl": [{"role": "reader"}]}]}
    desk.control("seed", {"people": [elsewhere]})
    desk.api("POST", LIST, {"id": ADA})
    assert ADA in ids(desk.api("GET", LIST))
    assert ADA not in ids(desk.api("GET", LIST, showOwnOrganizationOnly="true"))


@probe("calendarList.insert calendarList.update calendarList.patch", "colorRgbFormat")
def rgb(desk: Desk, method: str) -> None:
    desk.api("POST", f"calendars/{BOB}/acl", {"scope": {"type": "default"}, "role": "reader"}, BOB)
    colors = {"backgroundColor": "#123456", "foregroundColor": "#ffffff"}
    found = []
    for query in ({}, {"colorRgbFormat": "true"}):
        if method == "calendarList.insert":
            desk.api("DELETE", f"{LIST}/{BOB}")
            answer = desk.api("POST", LIST, {"id": BOB, **colors}, **query)
        else:
            http = "PUT" if method.endswith("update") else "PATCH"
            answer = desk.api(http, f"{LIST}/primary", colors, **query)
        found.append(answer.json["backgroundColor"])
    assert found[0] != found[1] == "#123456"


@probe("calendars.transferOwnership", "newDataOwner", "useAdminAccess")
def ownership(desk: Desk, method: str) -> None:
    desk.control("seed", {"people": [{"email": "root@example.com", "admin": True}]})
    path, root = f"calendars/{quote(TEAM)}/transferOwnership", "root@example.com"
    refused = desk.api("POST", path, user=root, newDataOwner=BOB, useAdminAccess="false")
    assert (refused.status, refused.reason) == (400, "invalidParameter")
    assert desk.api("POST", path, user=root, newDataOwner="nobody@x.y", useAdminAccess="true").status == 404
    assert desk.api("POST", path, newDataOwner=BOB, useAdminAccess="true").status == 403
    assert desk.api("POST", path, user=root, newDataOwner=BOB, useAdminAccess="true").status == 204
    assert desk.api("GET", f"calendars/{quote(TEAM)}", user=BOB).json["dataOwner"] == BOB


@probe("events.watch", "eventTypes")
def watched_types(desk: Desk, method: str) -> None:
    body = {"id": "channel", "type": "web_hook", "address": "https://example.org/hook"}
    assert desk.api("POST", f"{EVENTS}/watch", body, eventTypes=["focusTime", "outOfOffice"]).status == 200
    desk.google.take_deliveries()
    desk.insert()
    assert desk.google.take_deliveries() == []
    desk.insert(eventType="focusTime")
    assert len(desk.google.take_deliveries()) == 1


def probed_pairs() -> Iterable[tuple[str, str]]:
    return PROBES.keys()
