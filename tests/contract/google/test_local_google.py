"""Two readings of Google's documentation meet: the client library against the local Google, over real sockets."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from calferry.emulator.server import RunningGoogle, new_emulator, running
from calferry.google import (
    AiohttpTransport,
    AlreadyDeleted,
    CalendarListGet,
    CalendarListList,
    ChannelStop,
    Duplicate,
    Endpoints,
    EventDelete,
    EventGet,
    EventInsert,
    EventInstances,
    EventPatch,
    EventsList,
    EventsWatch,
    EventUpdate,
    GoogleCalendar,
    GoogleError,
    GoogleOAuth,
    GrantRevoked,
    NotFound,
    ObservedItem,
    PageTokenInvalid,
    PreconditionFailed,
    PushNotSupported,
    SyncTokenExpired,
    SystemClock,
    Unauthorized,
    authorize_url,
    code_challenge,
    code_verifier,
    missing_scopes,
)

ALICE = "alice@example.com"
REDIRECT = "http://127.0.0.1:9/callback"
SCOPES = ["openid", "email", "https://www.googleapis.com/auth/calendar.events"]


class InstantClock(SystemClock):
    """The real time, but no waiting."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


class Tokens:
    """Alice's grant at the local Google."""

    def __init__(self, google: RunningGoogle) -> None:
        self._google = google
        self.current = str(google.tokens(ALICE)["access_token"])
        self.renewals = 0

    async def access_token(self) -> str:
        return self.current

    async def refreshed(self, stale: str) -> str:
        self.renewals += 1
        self.current = str(self._google.tokens(ALICE)["access_token"])
        return self.current


@dataclass
class Setting:
    google: RunningGoogle
    client: GoogleCalendar
    oauth: GoogleOAuth
    tokens: Tokens
    endpoints: Endpoints

    def fault(self, method: str, action: str, times: int = 1, **more: object) -> None:
        fault = {"method": method, "action": action, "times": times, **more}
        self.google.control("faults", {"faults": [fault]})

    async def insert(self, number: int, **more: object) -> ObservedItem:
        event = {
            "id": f"event{number:05d}",
            "summary": f"Nr. {number}",
            "start": {"dateTime": "2026-10-06T10:00:00+02:00", "timeZone": "Europe/Berlin"},
            "end": {"dateTime": "2026-10-06T11:00:00+02:00", "timeZone": "Europe/Berlin"},
        } | more
        return await self.client.insert_event(EventInsert(calendar_id="primary", event=event))

    async def listing(self, request: EventsList) -> tuple[dict[str, ObservedItem], str]:
        """Every page of a listing: the items by id, and the sync token at its end."""
        items: dict[str, ObservedItem] = {}
        while True:
            page = await self.client.events_page(request)
            assert page.unreadable == []
            items |= {item.event_id: item for item in page.items}
            if page.next_page_token is None:
                assert page.next_sync_token is not None
                return items, page.next_sync_token
            request = request.page(page.next_page_token)


@pytest.fixture
async def setting() -> AsyncIterator[Setting]:
    async with running(new_emulator(auto=True)) as google, AiohttpTransport() as transport:
        tokens, clock, dice = Tokens(google), InstantClock(), random.Random(1)
        endpoints = Endpoints(
            api_url=google.url,
            auth_url=google.url + "/o/oauth2/v2/auth",
            token_url=google.url + "/token",
            revoke_url=google.url + "/revoke",
            certs_url=google.url + "/oauth2/v3/certs",
            userinfo_url=google.url + "/v1/userinfo",
            issuers=("https://accounts.google.com", google.url),
        )
        client = GoogleCalendar(transport, tokens, clock, dice, endpoints)
        oauth = GoogleOAuth(transport, "demo-client", "demo-secret", clock, dice, endpoints)
        yield Setting(google, client, oauth, tokens, endpoints)


async def test_a_full_listing_and_what_changed_since(setting) -> None:
    for number in range(7):
        await setting.insert(number)
    first = EventsList(calendar_id="primary", max_results=3)
    items, token = await setting.listing(first)
    assert {f"event{number:05d}" for number in range(7)} <= set(items)
    assert items["event00000"].start_ms == 1_791_273_600_000
    assert items["event00000"].time_zone == "Europe/Berlin"
    await setting.client.delete_event(EventDelete(calendar_id="primary", event_id="event00001"))
    patch = EventPatch(calendar_id="primary", event_id="event00002", event={"summary": "new"})
    await setting.client.patch_event(patch)
    await setting.insert(8)
    changed, _ = await setting.listing(first.incremental(token))
    assert set(changed) == {"event00001", "event00002", "event00008"}
    assert changed["event00001"].is_cancelled
    assert json.loads(changed["event00002"].raw)["summary"] == "new"


async def test_nothing_changed_is_one_empty_page_with_a_token(setting) -> None:
    _, token = await setting.listing(EventsList(calendar_id="primary"))
    page = await setting.client.events_page(EventsList(calendar_id="primary").incremental(token))
    assert (page.items, page.next_page_token) == ([], None)
    assert page.next_sync_token


async def test_an_expired_sync_token_and_a_foreign_one_ask_for_a_full_listing(setting) -> None:
    _, token = await setting.listing(EventsList(calendar_id="primary"))
    setting.google.control("expire-sync-tokens", {})
    for stale in (token, "rubbish"):
        with pytest.raises(SyncTokenExpired):
            await setting.client.events_page(EventsList(calendar_id="primary").incremental(stale))


async def test_a_page_token_is_worth_nothing_with_another_request(setting) -> None:
    for number in range(3):
        await setting.insert(number)
    page = await setting.client.events_page(EventsList(calendar_id="primary", max_results=1))
    assert page.next_page_token is not None
    for other in (
        EventsList(calendar_id="primary", single_events=True, max_results=1).page(page.next_page_token),
        EventsList(calendar_id="primary").page("rubbish"),
    ):
        with pytest.raises(PageTokenInvalid):
            await setting.client.events_page(other)


async def test_a_series_its_exceptions_and_its_instances(setting) -> None:
    await setting.insert(1, recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    instances = await setting.client.instances_page(
        EventInstances(calendar_id="primary", event_id="event00001")
    )
    assert [item.original_start for item in instances.items] == [
        "20261006T080000Z",
        "20261007T080000Z",
        "20261008T080000Z",
    ]
    first, second, _ = instances.items
    await setting.client.delete_event(EventDelete(calendar_id="primary", event_id=first.event_id))
    moved = {"summary": "moved"}
    patch = EventPatch(calendar_id="primary", event_id=second.event_id, event=moved)
    await setting.client.patch_event(patch)
    items, _ = await setting.listing(EventsList(calendar_id="primary"))
    assert items["event00001"].is_recurring
    for item, status in ((first, "cancelled"), (second, "confirmed")):
        listed = items[item.event_id]
        assert (listed.series_id, listed.status) == ("event00001", status)
        assert listed.original_start == item.original_start


async def test_writes_are_conditional_and_ids_are_unique(setting) -> None:
    event = await setting.insert(1)
    with pytest.raises(Duplicate):
        await setting.insert(1)
    where = {"calendar_id": "primary", "event_id": "event00001"}
    patched = await setting.client.patch_event(
        EventPatch(**where, event={"summary": "a"}, if_match=event.etag)
    )
    with pytest.raises(PreconditionFailed):
        await setting.client.update_event(EventUpdate(**where, event=patched.raw, if_match=event.etag))
    await setting.client.update_event(EventUpdate(**where, event=patched.raw, if_match=patched.etag))
    await setting.client.delete_event(EventDelete(**where))
    with pytest.raises(AlreadyDeleted):
        await setting.client.delete_event(EventDelete(**where))
    assert (await setting.client.event(EventGet(**where))).is_cancelled
    with pytest.raises(NotFound):
        await setting.client.event(EventGet(calendar_id="primary", event_id="nothing"))


async def test_the_calendar_list_and_what_changed_of_it(setting) -> None:
    page = await setting.client.calendar_list_page(CalendarListList())
    assert [entry.calendar_id for entry in page.items if entry.is_primary] == [ALICE]
    assert page.next_sync_token is not None
    later = await setting.client.calendar_list_page(CalendarListList().incremental(page.next_sync_token))
    assert later.items == []
    entry = await setting.client.calendar_list_entry(CalendarListGet(calendar_id="primary"))
    assert (entry.calendar_id, entry.access_role) == (ALICE, "owner")


async def test_channels_are_opened_and_stopped(setting) -> None:
    watch = EventsWatch(calendar_id="primary", channel_id="chan", address="http://127.0.0.1:9/h", token="t")
    channel = await setting.client.watch_events(watch)
    assert channel.expiration_ms is not None
    stop = ChannelStop(channel_id="chan", resource_id=channel.resource_id)
    await setting.client.stop_channel(stop)
    setting.google.control("watchable", {"calendar_id": ALICE, "watchable": False})
    with pytest.raises(PushNotSupported):
        await setting.client.watch_events(
            EventsWatch(calendar_id="primary", channel_id="other", address="http://127.0.0.1:9/h")
        )


PASSING = [
    "return-500",
    "return-503",
    "return-429",
    "return-403:rateLimitExceeded",
    "reset",
    "truncate",
    "truncate-gzip",
    "corrupt-gzip",
    "html-502",
    "invalid-json",
    "empty-body",
]


@pytest.mark.parametrize("action", PASSING)
async def test_passing_trouble_is_not_noticed(setting, action) -> None:
    await setting.insert(1)
    setting.fault("events.list", action, times=2)
    items, _ = await setting.listing(EventsList(calendar_id="primary"))
    assert "event00001" in items
    assert setting.google.control("faults")["faults"][0]["hits"] == 2


async def test_a_dead_access_token_is_replaced_once(setting) -> None:
    setting.tokens.current = "ya29.dead"
    await setting.listing(EventsList(calendar_id="primary"))
    assert setting.tokens.renewals == 1
    setting.fault("events.list", "return-401:authError", times=9)
    with pytest.raises(Unauthorized):
        await setting.listing(EventsList(calendar_id="primary"))
    assert setting.tokens.renewals == 2


async def test_retry_after_reaches_the_caller_when_it_is_too_long(setting) -> None:
    setting.fault("events.list", "return-429", times=9, retry_after="1000")
    with pytest.raises(GoogleError) as caught:
        await setting.listing(EventsList(calendar_id="primary"))
    assert caught.value.retry_after_s == 1000.0


async def test_a_last_page_without_a_sync_token_is_handed_over(setting) -> None:
    await setting.insert(1)
    setting.fault("events.list", "drop-next-sync-token")
    page = await setting.client.events_page(EventsList(calendar_id="primary"))
    assert page.items
    assert (page.next_page_token, page.next_sync_token) == (None, None)


async def signed_in_code(setting: Setting, verifier: str) -> str:
    url = authorize_url(
        endpoints=setting.endpoints,
        client_id="demo-client",
        redirect_uri=REDIRECT,
        scopes=SCOPES,
        state="state",
        nonce="nonce",
        code_challenge=code_challenge(verifier),
        login_hint=ALICE,
        prompt="consent",
    )
    async with aiohttp.ClientSession() as browser, browser.get(url, allow_redirects=False) as response:
        query = parse_qs(urlsplit(response.headers["Location"]).query)
    assert query["state"] == ["state"]
    return query["code"][0]


async def test_signing_in_from_consent_to_revocation(setting) -> None:
    verifier = code_verifier(bytes(range(32)))
    code = await signed_in_code(setting, verifier)
    granted = await setting.oauth.exchange(code, redirect_uri=REDIRECT, code_verifier=verifier)
    assert missing_scopes(SCOPES, granted.scopes) == frozenset()
    assert granted.id_token is not None
    assert granted.refresh_token is not None
    identity = await setting.oauth.identity(granted.id_token, nonce="nonce")
    assert (identity.email, identity.email_verified) == (ALICE, True)
    assert (await setting.oauth.user_info(granted.access_token)).sub == identity.sub
    renewed = await setting.oauth.refresh(granted.refresh_token)
    assert renewed.refresh_token is None
    with pytest.raises(GrantRevoked):
        await setting.oauth.exchange(code, redirect_uri=REDIRECT, code_verifier=verifier)
    await setting.oauth.revoke(granted.refresh_token)
    await setting.oauth.revoke(granted.refresh_token)
    with pytest.raises(GrantRevoked):
        await setting.oauth.refresh(granted.refresh_token)


async def test_a_code_without_its_verifier_is_worthless(setting) -> None:
    code = await signed_in_code(setting, code_verifier(bytes(range(32))))
    other = code_verifier(bytes(range(1, 33)))
    with pytest.raises(GrantRevoked):
        await setting.oauth.exchange(code, redirect_uri=REDIRECT, code_verifier=other)
