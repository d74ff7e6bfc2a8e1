"""Every method, called by Google's own Python client built from this server's discovery document."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from google.auth.transport.requests import AuthorizedSession
from google.oauth2.credentials import Credentials
from google.oauth2.service_account import Credentials as ServiceCredentials
from googleapiclient.discovery import build, build_from_document
from googleapiclient.errors import HttpError

from calferry.emulator import Request
from calferry.emulator.server import RunningGoogle
from tests.contract.emulator.checked import checked_google
from tests.contract.emulator.clients import ALICE, BOB, TEAM, event

HOOK = "https://127.0.0.1:9/hook"
DISCOVERY = "/discovery/v1/apis/calendar/v3/rest"


@pytest.fixture(scope="module")
def google() -> Iterator[RunningGoogle]:
    people = [{"email": ALICE, "admin": True, "calendars": [{"id": TEAM}]}, {"email": BOB}]
    with checked_google([{"people": people}]) as running:
        yield running


@pytest.fixture
def service(google: RunningGoogle) -> Iterator[Any]:
    google.control("reset", {})
    yield from client(google, Credentials(google.tokens(ALICE)["access_token"]))


def client(google: RunningGoogle, credentials: Any) -> Iterator[Any]:
    document = json.loads(google.handle(Request("GET", DISCOVERY)).body)
    with build_from_document(document, credentials=credentials) as found:
        yield found


def refused(request: Any) -> tuple[int, str]:
    with pytest.raises(HttpError) as caught:
        request.execute()
    error = (
        json.loads(caught.value.content)["error"] if caught.value.content else {"errors": [{"reason": ""}]}
    )
    return int(caught.value.resp.status), str(error["errors"][0]["reason"])


def everything(collection: Any, **query: Any) -> tuple[list[Any], str]:
    """All items of all pages and the sync token of the last."""
    items: list[Any] = []
    request = collection.list(**query)
    while request is not None:
        page = request.execute()
        items += page["items"]
        request = collection.list_next(request, page)
    return items, page["nextSyncToken"]


def test_a_mirror_follows_inserts_edits_deletions_and_series(google: RunningGoogle, service: Any) -> None:
    events = service.events()
    made = [events.insert(calendarId="primary", body=event(f"E{n}")).execute()["id"] for n in range(7)]
    series = events.insert(calendarId="primary", body=event("S", recurrence=["RRULE:FREQ=DAILY"])).execute()[
        "id"
    ]
    items, token = everything(events, calendarId="primary", maxResults=3)
    assert [item["id"] for item in items] == [*made, series]
    new = events.insert(calendarId="primary", body=event("New")).execute()["id"]
    events.patch(calendarId="primary", eventId=made[0], body={"summary": "Edited"}).execute()
    events.delete(calendarId="primary", eventId=made[1]).execute()
    instance = events.instances(calendarId="primary", eventId=series, maxResults=2).execute()["items"][1]
    events.update(calendarId="primary", eventId=instance["id"], body={**instance, "summary": "Odd"}).execute()
    delta, token = everything(events, calendarId="primary", syncToken=token, maxResults=2)
    assert {item["id"]: item["status"] for item in delta} == {
        new: "confirmed", made[0]: "confirmed", made[1]: "cancelled", instance["id"]: "confirmed",
    }  # fmt: skip
    events.patch(
        calendarId="primary", eventId=series, body={"recurrence": ["RRULE:FREQ=DAILY;COUNT=2"]}
    ).execute()
    delta, token = everything(events, calendarId="primary", syncToken=token)
    assert [item["id"] for item in delta] == [series]
    google.control("expire-sync-tokens", {"calendar_id": ALICE})
    assert refused(events.list(calendarId="primary", syncToken=token)) == (410, "fullSyncRequired")


def test_conditions_on_etags(service: Any) -> None:
    made = service.events().insert(calendarId="primary", body=event()).execute()
    assert service.events().get(calendarId="primary", eventId=made["id"]).execute() == made
    same = service.events().get(calendarId="primary", eventId=made["id"])
    same.headers["If-None-Match"] = made["etag"]
    assert refused(same)[0] == 304
    stale = service.events().update(calendarId="primary", eventId=made["id"], body=event("B"))
    stale.headers["If-Match"] = '"1"'
    assert refused(stale) == (412, "conditionNotMet")


def test_a_batch_of_fifty_with_failing_parts(service: Any) -> None:
    found: dict[str, Any] = {}
    batch = service.new_batch_http_request(
        callback=lambda name, answer, error: found.update({name: error or answer})
    )
    for number in range(50):
        fields = {"id": f"batch{number:03}"} if number % 10 else {"id": "UPPER"}
        batch.add(service.events().insert(calendarId="primary", body=event(**fields)), request_id=str(number))
    batch.execute()
    failed = [int(name) for name, answer in found.items() if isinstance(answer, HttpError)]
    assert sorted(failed) == [0, 10, 20, 30, 40]
    assert found["10"].reason == "Invalid resource id value."
    assert found["1"]["id"] == "batch001"
    deletions = service.new_batch_http_request(
        callback=lambda name, answer, error: found.update({name: error})
    )
    for number in (1, 2):
        deletions.add(
            service.events().delete(calendarId="primary", eventId=f"batch00{number}"), request_id=f"d{number}"
        )
    deletions.execute()
    assert (found["d1"], found["d2"]) == (None, None)


def test_events_come_in_other_ways(service: Any) -> None:
    events = service.events()
    imported = events.import_(calendarId="primary", body=event(iCalUID="one@elsewhere")).execute()
    moved = events.move(calendarId="primary", eventId=imported["id"], destination=TEAM).execute()
    assert moved["status"] == "cancelled"
    assert events.get(calendarId=TEAM, eventId=imported["id"]).execute()["organizer"]["email"] == TEAM
    quick = events.quickAdd(calendarId="primary", text="Lunch tomorrow at 12pm").execute()
    assert quick["summary"] == "Lunch"
    room = {"createRequest": {"requestId": "r", "conferenceSolutionKey": {"type": "hangoutsMeet"}}}
    guests = [{"email": BOB}, {"email": ALICE, "responseStatus": "accepted"}]
    body = event(conferenceData=room, attendees=guests, extendedProperties={"shared": {"a": "b"}})
    made = events.insert(
        calendarId="primary", body=body, conferenceDataVersion=1, sendUpdates="all"
    ).execute()
    assert made["conferenceData"]["conferenceSolution"]["name"] == "Google Meet"


def test_calendars_and_their_list(service: Any) -> None:
    made = service.calendars().insert(body={"summary": "Club"}).execute()["id"]
    service.calendars().patch(calendarId=made, body={"description": "x"}).execute()
    service.calendars().update(calendarId=made, body={"summary": "Club 2", "location": "Paris"}).execute()
    assert service.calendars().get(calendarId=made).execute()["summary"] == "Club 2"
    entries = service.calendarList()
    items, token = everything(entries, maxResults=1)
    assert made in [item["id"] for item in items]
    entry = entries.get(calendarId=made).execute()
    entries.patch(calendarId=made, body={"summaryOverride": "Mine"}).execute()
    entries.update(calendarId=made, body={**entry, "hidden": True}).execute()
    delta, _ = everything(entries, syncToken=token)
    assert [item["hidden"] for item in delta] == [True]
    service.calendars().transferOwnership(calendarId=made, newDataOwner=BOB, useAdminAccess=True).execute()
    entries.delete(calendarId=made).execute()
    entries.insert(body={"id": made}).execute()
    service.calendars().clear(calendarId="primary").execute()
    own = service.calendars().insert(body={"summary": "Short-lived"}).execute()["id"]
    service.calendars().delete(calendarId=own).execute()


def test_rules_settings_colours_and_busy_times(google: RunningGoogle, service: Any) -> None:
    rules = service.acl()
    rule = {"role": "reader", "scope": {"type": "user", "value": BOB}}
    made = rules.insert(calendarId="primary", body=rule, sendNotifications=False).execute()["id"]
    _, token = everything(rules, calendarId="primary", maxResults=1)
    rules.patch(calendarId="primary", ruleId=made, body={"role": "writer"}).execute()
    assert rules.get(calendarId="primary", ruleId=made).execute()["role"] == "writer"
    rules.update(calendarId="primary", ruleId=made, body={**rule, "role": "freeBusyReader"}).execute()
    rules.delete(calendarId="primary", ruleId=made).execute()
    delta, _ = everything(rules, calendarId="primary", syncToken=token)
    assert [item["role"] for item in delta] == ["none"]
    items, token = everything(service.settings(), maxResults=5)
    assert service.settings().get(setting="locale").execute()["value"] == "en"
    google.control("settings", {"email": ALICE, "id": "locale", "value": "de"})
    assert [item["value"] for item in everything(service.settings(), syncToken=token)[0]] == ["de"]
    assert len(service.colors().get().execute()["event"]) == 11
    service.events().insert(calendarId="primary", body=event()).execute()
    window = {"timeMin": "2026-11-23T00:00:00Z", "timeMax": "2026-11-24T00:00:00Z"}
    items = [{"id": "primary"}, {"id": "nobody@example.org"}]
    found = service.freebusy().query(body={**window, "items": items}).execute()["calendars"]
    assert [len(found[name["id"]]["busy"]) for name in items] == [1, 0]


def test_every_collection_can_be_watched(service: Any) -> None:
    watches = {
        "events": service.events().watch(calendarId="primary", body=channel("events")),
        "acl": service.acl().watch(calendarId="primary", body=channel("acl")),
        "list": service.calendarList().watch(body=channel("list")),
        "settings": service.settings().watch(body={**channel("settings"), "params": {"ttl": "60"}}),
    }
    for request in watches.values():
        opened = request.execute()
        service.channels().stop(body={"id": opened["id"], "resourceId": opened["resourceId"]}).execute()
    assert (
        refused(service.events().watch(calendarId="primary", body={"id": "x"}))[1]
        == "push.channelTypeNotSupported"
    )


def channel(name: str) -> dict[str, str]:
    return {"id": f"channel-{name}", "type": "web_hook", "address": HOOK}


def test_the_client_finds_its_way_by_discovery(google: RunningGoogle) -> None:
    address = f"{google.url}/discovery/v1/apis/{{api}}/{{apiVersion}}/rest"
    credentials = Credentials(google.tokens(ALICE)["access_token"])
    with build(
        "calendar", "v3", credentials=credentials, discoveryServiceUrl=address, static_discovery=False,
    ) as found:  # fmt: skip
        assert found.calendarList().get(calendarId="primary").execute()["id"] == ALICE


def test_a_service_account_signs_in_with_its_key_file(google: RunningGoogle) -> None:
    robot = "robot@project.iam.gserviceaccount.com"
    key_file = google.control("service-account", {"email": robot, "delegated": ["calendar"]})
    scopes = ["https://www.googleapis.com/auth/calendar"]
    own = ServiceCredentials.from_service_account_info(key_file, scopes=scopes)
    for credentials, email in ((own, robot), (own.with_subject(BOB), BOB)):
        session = AuthorizedSession(credentials)
        assert session.get(f"{google.url}/calendar/v3/calendars/primary").json()["id"] == email
        session.close()
