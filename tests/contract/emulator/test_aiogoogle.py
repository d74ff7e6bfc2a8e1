"""aiogoogle, unmodified, against the local Google, by way of its discovery document and its OpenID configuration.

Everything but batches, for which it has no method.
"""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiogoogle import Aiogoogle, HTTPError
from aiogoogle.models import Request
from aiogoogle.resource import GoogleAPI

from calferry.emulator.server import RunningGoogle
from tests.contract.emulator.clients import ALICE, BOB, CLIENT, TEAM, event
from tests.contract.emulator.inbox import Inbox

PRIMARY = {"calendarId": "primary"}
ROBOT = "robot@project.iam.gserviceaccount.com"
SCOPE = "https://www.googleapis.com/auth/calendar"


async def found_at(google: RunningGoogle, path: str) -> Any:
    async with aiohttp.ClientSession() as session, session.get(google.url + path) as response:
        return await response.json()


class Client:
    """The client with its two halves: what requests look like, and who sends them."""

    def __init__(self, api: GoogleAPI, session: Aiogoogle) -> None:
        self.api = api
        self.session = session

    async def __call__(self, request: Request, **headers: str) -> Any:
        """The answer's content; keywords are headers, with underscores for hyphens."""
        request.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
        return await self.session.as_user(request)

    async def everything(self, method: Any, **query: Any) -> tuple[list[Any], str]:
        """All items of all pages, and the sync token of the last."""
        first = await self.session.as_user(method(**query), full_res=True)
        pages = [page async for page in first]
        return [item for page in pages for item in page["items"]], pages[-1]["nextSyncToken"]


@pytest.fixture
async def api(local_google: RunningGoogle) -> GoogleAPI:
    return GoogleAPI(await found_at(local_google, "/discovery/v1/apis/calendar/v3/rest"))


@pytest.fixture
async def client(local_google: RunningGoogle, api: GoogleAPI) -> AsyncIterator[Client]:
    tokens = local_google.tokens(ALICE)
    user = {"access_token": tokens["access_token"], "refresh_token": tokens["refresh_token"]}
    async with Aiogoogle(user_creds=user, client_creds=CLIENT) as session:
        session.oauth2.openid_configs = await found_at(local_google, "/.well-known/openid-configuration")
        yield Client(api, session)


async def refused(sending: Any) -> tuple[int, str]:
    with pytest.raises(HTTPError) as caught:
        await sending
    content = caught.value.res.content
    return caught.value.res.status_code, content["error"]["errors"][0]["reason"]


async def test_pages_then_inserts_edits_and_deletions(client: Client) -> None:
    events = client.api.events
    made = [(await client(events.insert(**PRIMARY, json=event(f"E{n}"))))["id"] for n in range(5)]
    items, token = await client.everything(events.list, **PRIMARY, maxResults=2)
    assert [item["id"] for item in items] == made
    new = (await client(events.insert(**PRIMARY, json=event("New"))))["id"]
    await client(events.patch(**PRIMARY, eventId=made[0], json={"summary": "Edited"}))
    await client(events.delete(**PRIMARY, eventId=made[1]))
    delta, _ = await client.everything(events.list, **PRIMARY, syncToken=token, maxResults=2)
    assert {item["id"]: item["status"] for item in delta} == {
        new: "confirmed", made[0]: "confirmed", made[1]: "cancelled",
    }  # fmt: skip


async def test_changes_of_a_series(client: Client) -> None:
    events = client.api.events
    body = event("S", recurrence=["RRULE:FREQ=DAILY;COUNT=4"])
    series = (await client(events.insert(**PRIMARY, json=body)))["id"]
    _, token = await client.everything(events.list, **PRIMARY)
    instances = (await client(events.instances(**PRIMARY, eventId=series)))["items"]
    second = {**instances[1], "summary": "Odd"}
    await client(events.update(**PRIMARY, eventId=second["id"], json=second))
    await client(events.delete(**PRIMARY, eventId=instances[2]["id"]))
    delta, token = await client.everything(events.list, **PRIMARY, syncToken=token)
    assert {item["id"]: item["status"] for item in delta} == {
        second["id"]: "confirmed", instances[2]["id"]: "cancelled",
    }  # fmt: skip
    await client(events.delete(**PRIMARY, eventId=series))
    delta, _ = await client.everything(events.list, **PRIMARY, syncToken=token)
    assert (series, "cancelled") in [(item["id"], item["status"]) for item in delta]


async def test_refusals_that_a_mirror_has_to_understand(local_google: RunningGoogle, client: Client) -> None:
    events = client.api.events
    made = await client(events.insert(**PRIMARY, json=event("A")))
    _, token = await client.everything(events.list, **PRIMARY)
    local_google.control("expire-sync-tokens", {"calendar_id": ALICE})
    assert await refused(client(events.list(**PRIMARY, syncToken=token))) == (410, "fullSyncRequired")
    request = events.get(**PRIMARY, eventId=made["id"])
    request.headers["If-None-Match"] = made["etag"]
    assert (await client.session.as_user(request, full_res=True)).status_code == 304
    stale = events.patch(**PRIMARY, eventId=made["id"], json={"summary": "B"})
    assert await refused(client(stale, If_Match='"1"')) == (412, "conditionNotMet")
    fresh = events.patch(**PRIMARY, eventId=made["id"], json={"summary": "B"})
    assert (await client(fresh, If_Match=made["etag"]))["summary"] == "B"


async def test_events_come_in_other_ways(client: Client) -> None:
    events = client.api.events
    body = event("From elsewhere", iCalUID="one@elsewhere")
    imported = await client(getattr(events, "import")(**PRIMARY, json=body))
    await client(events.move(**PRIMARY, eventId=imported["id"], destination=TEAM))
    assert (await client(events.get(calendarId=TEAM, eventId=imported["id"])))["status"] == "confirmed"
    assert (await client(events.quickAdd(**PRIMARY, text="Lunch tomorrow at 12pm")))["summary"] == "Lunch"


async def test_a_watch_tells_of_changes_until_it_is_stopped(
    local_google: RunningGoogle, client: Client, inbox: Inbox
) -> None:
    body = {"id": "channel-1", "type": "web_hook", "address": inbox.url}
    channel = await client(client.api.events.watch(**PRIMARY, json=body))
    assert inbox.next()["X-Goog-Resource-State"] == "sync"
    await client(client.api.events.insert(**PRIMARY, json=event()))
    assert inbox.next()["X-Goog-Resource-ID"] == channel["resourceId"]
    stop = {"id": channel["id"], "resourceId": channel["resourceId"]}
    await client(client.api.channels.stop(json=stop))
    await client(client.api.events.insert(**PRIMARY, json=event()))
    assert len(local_google.control("deliveries")["deliveries"]) == 2


async def test_rules_settings_and_busy_times(local_google: RunningGoogle, client: Client) -> None:
    rule = {"role": "reader", "scope": {"type": "user", "value": BOB}}
    made = await client(client.api.acl.insert(**PRIMARY, json=rule))
    rules, token = await client.everything(client.api.acl.list, **PRIMARY, maxResults=1)
    assert [each["role"] for each in rules] == ["owner", "reader"]
    await client(client.api.acl.delete(**PRIMARY, ruleId=made["id"]))
    gone, _ = await client.everything(client.api.acl.list, **PRIMARY, syncToken=token)
    assert [each["role"] for each in gone] == ["none"]
    _, token = await client.everything(client.api.settings.list, maxResults=5)
    local_google.control("settings", {"email": ALICE, "id": "locale", "value": "de"})
    changed, _ = await client.everything(client.api.settings.list, syncToken=token)
    assert [each["value"] for each in changed] == ["de"]
    await client(client.api.events.insert(**PRIMARY, json=event()))
    query = {"timeMin": "2026-11-23T00:00:00Z", "timeMax": "2026-11-24T00:00:00Z", "items": [{"id": ALICE}]}
    answer = await client(client.api.freebusy.query(json=query))
    assert [busy["start"] for busy in answer["calendars"][ALICE]["busy"]] == ["2026-11-23T09:00:00Z"]


async def test_a_user_token_without_a_known_end_is_refreshed_first(
    local_google: RunningGoogle, client: Client
) -> None:
    before = client.session.user_creds["access_token"]
    assert (await client(client.api.calendars.get(**PRIMARY)))["id"] == ALICE
    assert client.session.user_creds["access_token"] != before
    assert "/token" in [request["path"] for request in local_google.control("requests")["requests"]]


async def test_a_service_account_speaks_for_itself_and_for_others(
    local_google: RunningGoogle, api: GoogleAPI
) -> None:
    key_file = local_google.control("service-account", {"email": ROBOT, "delegated": ["calendar"]})
    for named, email in (({}, ROBOT), ({"subject": BOB}, BOB)):
        async with Aiogoogle(service_account_creds={**key_file, "scopes": [SCOPE], **named}) as session:
            answer = await session.as_service_account(api.calendars.get(**PRIMARY))
        assert answer["id"] == email
