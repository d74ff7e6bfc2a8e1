"""google-api-python-client, unmodified, against the local Google over real sockets: what mirrors depend on.

Every method of the API is called in test_walk_through.py.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from googleapiclient.errors import HttpError

from calferry.emulator.server import RunningGoogle
from tests.contract.emulator.clients import ALICE, TEAM, event, python_client
from tests.contract.emulator.inbox import Inbox


@pytest.fixture
def service(local_google: RunningGoogle) -> Iterator[Any]:
    with python_client(local_google) as found:
        yield found


def everything(service: Any, **query: Any) -> tuple[list[Any], str]:
    items: list[Any] = []
    request = service.events().list(calendarId="primary", **query)
    while True:
        page = request.execute()
        items += page["items"]
        following = service.events().list_next(request, page)
        if following is None:
            return items, page["nextSyncToken"]
        request = following


def status_of(request: Any) -> int:
    with pytest.raises(HttpError) as caught:
        request.execute()
    return int(caught.value.resp.status)


def test_paged_listing_then_delta(service: Any) -> None:
    made = [service.events().insert(calendarId="primary", body=event(f"E{n}")).execute() for n in range(5)]
    items, token = everything(service, maxResults=2)
    assert [item["id"] for item in items] == [item["id"] for item in made]
    changed = made[1]["id"]
    service.events().patch(calendarId="primary", eventId=changed, body={"summary": "new"}).execute()
    service.events().delete(calendarId="primary", eventId=made[2]["id"]).execute()
    delta, _ = everything(service, syncToken=token)
    assert [(item["id"], item["status"]) for item in delta] == [
        (changed, "confirmed"),
        (made[2]["id"], "cancelled"),
    ]


def test_conditional_write_fails_once_the_etag_is_old(service: Any) -> None:
    made = service.events().insert(calendarId="primary", body=event("A")).execute()
    request = service.events().patch(calendarId="primary", eventId=made["id"], body={"summary": "B"})
    request.headers["If-Match"] = made["etag"]
    assert request.execute()["summary"] == "B"
    again = service.events().patch(calendarId="primary", eventId=made["id"], body={"summary": "C"})
    again.headers["If-Match"] = made["etag"]
    assert status_of(again) == 412


def test_delete_twice_is_410_and_expired_token_is_410(local_google: RunningGoogle, service: Any) -> None:
    made = service.events().insert(calendarId="primary", body=event("A")).execute()
    service.events().delete(calendarId="primary", eventId=made["id"]).execute()
    assert status_of(service.events().delete(calendarId="primary", eventId=made["id"])) == 410
    _, token = everything(service)
    local_google.control("expire-sync-tokens", {"calendar_id": ALICE})
    assert status_of(service.events().list(calendarId="primary", syncToken=token)) == 410


def test_error_details_are_readable(service: Any) -> None:
    with pytest.raises(HttpError) as caught:
        service.events().insert(calendarId="primary", body={"summary": "no times"}).execute()
    assert caught.value.reason == "Missing end time."
    assert caught.value.error_details[0]["reason"] == "required"


def test_expired_access_token_is_refreshed_by_the_client(local_google: RunningGoogle, service: Any) -> None:
    local_google.control("clock", {"advance_s": 7200})
    items = service.calendarList().list().execute()["items"]
    assert [item["id"] for item in items] == [ALICE, TEAM]
    assert "/token" in [request["path"] for request in local_google.control("requests")["requests"]]


def test_long_query_travels_in_a_post_body(local_google: RunningGoogle, service: Any) -> None:
    body = event("A") | {"extendedProperties": {"private": {f"key{n}": "v" * 30 for n in range(60)}}}
    made = service.events().insert(calendarId="primary", body=body).execute()
    properties = [f"key{n}={'v' * 30}" for n in range(60)]
    found = service.events().list(calendarId="primary", privateExtendedProperty=properties).execute()
    assert [item["id"] for item in found["items"]] == [made["id"]]
    assert local_google.control("requests")["requests"][-1]["method"] == "GET"


def test_watch_notifies_until_stopped(local_google: RunningGoogle, service: Any, inbox: Inbox) -> None:
    body = {"id": "channel-1", "type": "web_hook", "address": inbox.url, "token": "secret"}
    channel = service.events().watch(calendarId="primary", body=body).execute()
    first = inbox.next()
    assert (first["X-Goog-Resource-State"], first["X-Goog-Message-Number"]) == ("sync", "1")
    service.events().insert(calendarId="primary", body=event("A")).execute()
    second = inbox.next()
    assert second["X-Goog-Resource-State"] == "exists"
    assert second["X-Goog-Channel-Token"] == "secret"
    assert second["X-Goog-Resource-ID"] == channel["resourceId"]
    assert second["X-Goog-Resource-URI"].endswith("/calendars/alice%40example.com/events?alt=json")
    stop = {"id": channel["id"], "resourceId": channel["resourceId"]}
    service.channels().stop(body=stop).execute()
    assert status_of(service.channels().stop(body=stop)) == 404
    service.events().insert(calendarId="primary", body=event("B")).execute()
    assert len(local_google.control("deliveries")["deliveries"]) == 2


def test_failed_notification_is_tried_again(local_google: RunningGoogle, service: Any, inbox: Inbox) -> None:
    inbox.statuses += [503]
    body = {"id": "channel-1", "type": "web_hook", "address": inbox.url}
    service.events().watch(calendarId="primary", body=body).execute()
    inbox.next()
    local_google.control("clock", {"advance_s": 60})
    assert inbox.next()["X-Goog-Message-Number"] == "1"


def test_calendars_come_and_go_on_the_list(service: Any) -> None:
    made = service.calendars().insert(body={"summary": "Club", "timeZone": "Europe/Paris"}).execute()
    token = service.calendarList().list().execute()["nextSyncToken"]
    entry = service.calendarList().get(calendarId=made["id"]).execute()
    assert (entry["summary"], entry["accessRole"]) == ("Club", "owner")
    service.calendarList().patch(calendarId=made["id"], body={"selected": False}).execute()
    service.calendars().delete(calendarId=made["id"]).execute()
    delta = service.calendarList().list(syncToken=token).execute()["items"]
    assert [(item["id"], item.get("deleted")) for item in delta] == [(made["id"], True)]


def test_raw_answer_is_compressed_for_this_client(local_google: RunningGoogle, service: Any) -> None:
    response, content = service._http.request(
        f"{local_google.url}/calendar/v3/users/me/calendarList?prettyPrint=false",
        headers={"user-agent": "me (gzip)"},
    )
    assert response["-content-encoding"] == "gzip"
    assert json.loads(content)["kind"] == "calendar#calendarList"
