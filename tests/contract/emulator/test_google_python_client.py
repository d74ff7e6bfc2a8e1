"""Google's own Python client, unmodified, against the local Google over real sockets."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from typing import Any

import pytest
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from calferry.emulator.server import RunningGoogle, run_in_thread
from tests.contract.emulator.schemas import CheckedRequest

ALICE = "alice@example.com"
DEADLINE_S = 20


@pytest.fixture
def google() -> Iterator[RunningGoogle]:
    with run_in_thread() as running:
        yield running


@pytest.fixture
def service(google: RunningGoogle) -> Iterator[Any]:
    tokens = google.tokens(ALICE)
    credentials = Credentials(
        tokens["access_token"],
        refresh_token=tokens["refresh_token"],
        token_uri=f"{google.url}/token",
        client_id="demo-client",
        client_secret="demo-secret",
    )
    endpoint = {"api_endpoint": f"{google.url}/calendar/v3/"}
    with build(
        "calendar",
        "v3",
        credentials=credentials,
        client_options=endpoint,
        static_discovery=True,
        requestBuilder=CheckedRequest,
    ) as found:
        yield found


class Inbox:
    """A webhook that answers with whatever statuses it is told, 200 after that."""

    def __init__(self) -> None:
        self.received: Queue[dict[str, str]] = Queue()
        self.statuses: list[int] = []
        inbox = self

        class Webhook(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(inbox.statuses.pop(0) if inbox.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                inbox.received.put(dict(self.headers.items()))

            def log_message(self, *_: Any) -> None:
                return

        self._server = HTTPServer(("127.0.0.1", 0), Webhook)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    found = Inbox()
    yield found
    found.close()


def event(summary: str) -> dict[str, Any]:
    return {
        "summary": summary,
        "start": {"dateTime": "2026-11-23T10:00:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-11-23T11:00:00", "timeZone": "Europe/Berlin"},
    }


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


def test_delete_twice_is_410_and_expired_token_is_410(google: RunningGoogle, service: Any) -> None:
    made = service.events().insert(calendarId="primary", body=event("A")).execute()
    service.events().delete(calendarId="primary", eventId=made["id"]).execute()
    assert status_of(service.events().delete(calendarId="primary", eventId=made["id"])) == 410
    _, token = everything(service)
    google.control("expire-sync-tokens", {"calendar_id": ALICE})
    assert status_of(service.events().list(calendarId="primary", syncToken=token)) == 410


def test_error_details_are_readable(service: Any) -> None:
    with pytest.raises(HttpError) as caught:
        service.events().insert(calendarId="primary", body={"summary": "no times"}).execute()
    assert caught.value.reason == "Missing end time."
    assert caught.value.error_details[0]["reason"] == "required"


def test_expired_access_token_is_refreshed_by_the_client(google: RunningGoogle, service: Any) -> None:
    google.control("clock", {"advance_s": 7200})
    items = service.calendarList().list().execute()["items"]
    assert [item["id"] for item in items] == [ALICE, "alice-team@group.calendar.google.com"]
    assert "/token" in [request["path"] for request in google.control("requests")["requests"]]


def test_long_query_travels_in_a_post_body(google: RunningGoogle, service: Any) -> None:
    body = event("A") | {"extendedProperties": {"private": {f"key{n}": "v" * 30 for n in range(60)}}}
    made = service.events().insert(calendarId="primary", body=body).execute()
    properties = [f"key{n}={'v' * 30}" for n in range(60)]
    found = service.events().list(calendarId="primary", privateExtendedProperty=properties).execute()
    assert [item["id"] for item in found["items"]] == [made["id"]]
    assert google.control("requests")["requests"][-1]["method"] == "GET"


def test_watch_notifies_until_stopped(google: RunningGoogle, service: Any, inbox: Inbox) -> None:
    body = {"id": "channel-1", "type": "web_hook", "address": inbox.url, "token": "secret"}
    channel = service.events().watch(calendarId="primary", body=body).execute()
    first = inbox.received.get(timeout=DEADLINE_S)
    assert (first["X-Goog-Resource-State"], first["X-Goog-Message-Number"]) == ("sync", "1")
    service.events().insert(calendarId="primary", body=event("A")).execute()
    second = inbox.received.get(timeout=DEADLINE_S)
    assert second["X-Goog-Resource-State"] == "exists"
    assert second["X-Goog-Channel-Token"] == "secret"
    assert second["X-Goog-Resource-ID"] == channel["resourceId"]
    assert second["X-Goog-Resource-URI"].endswith("/calendars/alice%40example.com/events?alt=json")
    stop = {"id": channel["id"], "resourceId": channel["resourceId"]}
    service.channels().stop(body=stop).execute()
    assert status_of(service.channels().stop(body=stop)) == 404
    service.events().insert(calendarId="primary", body=event("B")).execute()
    assert len(google.control("deliveries")["deliveries"]) == 2


def test_failed_notification_is_tried_again(google: RunningGoogle, service: Any, inbox: Inbox) -> None:
    inbox.statuses += [503]
    body = {"id": "channel-1", "type": "web_hook", "address": inbox.url}
    service.events().watch(calendarId="primary", body=body).execute()
    inbox.received.get(timeout=DEADLINE_S)
    google.control("clock", {"advance_s": 60})
    assert inbox.received.get(timeout=DEADLINE_S)["X-Goog-Message-Number"] == "1"


def test_calendars_come_and_go_on_the_list(service: Any) -> None:
    made = service.calendars().insert(body={"summary": "Club", "timeZone": "Europe/Paris"}).execute()
    token = service.calendarList().list().execute()["nextSyncToken"]
    entry = service.calendarList().get(calendarId=made["id"]).execute()
    assert (entry["summary"], entry["accessRole"]) == ("Club", "owner")
    service.calendarList().patch(calendarId=made["id"], body={"selected": False}).execute()
    service.calendars().delete(calendarId=made["id"]).execute()
    delta = service.calendarList().list(syncToken=token).execute()["items"]
    assert [(item["id"], item.get("deleted")) for item in delta] == [(made["id"], True)]


def test_raw_answer_is_compressed_for_this_client(google: RunningGoogle, service: Any) -> None:
    response, content = service._http.request(
        f"{google.url}/calendar/v3/users/me/calendarList?prettyPrint=false",
        headers={"user-agent": "me (gzip)"},
    )
    assert response["-content-encoding"] == "gzip"
    assert json.loads(content)["kind"] == "calendar#calendarList"
