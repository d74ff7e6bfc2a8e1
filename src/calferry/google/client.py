"""The verbs: one Google method each. Joins requests, token, quota, transport and backoff."""

from collections.abc import Callable
from typing import TypeVar

from calferry.google.auth import TokenSource
from calferry.google.backoff import RetryBudget, RetryPolicy
from calferry.google.calendar_list import read_calendar_list_entry, read_calendar_list_page, read_channel
from calferry.google.calls import JSON_TYPE, Call
from calferry.google.classification import classify
from calferry.google.endpoints import Endpoints
from calferry.google.errors import Unauthorized
from calferry.google.exchange import Clock, Dice, Exchange
from calferry.google.models import (
    CalendarListEntry,
    CalendarListPageObserved,
    Channel,
    EventsPageObserved,
    ObservedItem,
)
from calferry.google.pages import read_event, read_events_page
from calferry.google.quota import Quota
from calferry.google.requests import (
    CalendarListGet,
    CalendarListList,
    EventGet,
    EventInstances,
    EventsList,
)
from calferry.google.watches import CalendarListWatch, ChannelStop, EventsWatch
from calferry.google.wire import TIMEOUT_S, USER_AGENT, Transport, WireRequest, WireResponse
from calferry.google.writes import EventDelete, EventInsert, EventPatch, EventUpdate

T = TypeVar("T")
OK = 200
UNAUTHORIZED = 401


class GoogleCalendar:
    """Google Calendar as one account sees it. Cheap to make; share the transport, budget and quota.

    user: whose per-minute quota is spent. timeout_s: for each try, all of it, connecting included.
    Every verb raises GoogleError: after backoff and one renewal of the access token there was no success.
    """

    def __init__(
        self,
        transport: Transport,
        tokens: TokenSource,
        clock: Clock,
        dice: Dice,
        endpoints: Endpoints | None = None,
        retry_budget: RetryBudget | None = None,
        quota: Quota | None = None,
        *,
        user: str = "",
        policy: RetryPolicy | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._transport = transport
        self._tokens = tokens
        self._clock = clock
        self._url = (endpoints or Endpoints()).calendar_url
        self._quota = quota
        self._user = user
        self._exchange = Exchange(
            clock, dice, retry_budget or RetryBudget(), policy or RetryPolicy(), timeout_s
        )

    async def events_page(self, request: EventsList) -> EventsPageObserved:
        """One page of a calendar's events."""
        is_token_due = request.earns_sync_token
        return await self._get(request.call(), lambda body: read_events_page(body, is_token_due=is_token_due))

    async def instances_page(self, request: EventInstances) -> EventsPageObserved:
        """One page of the occurrences of a series."""
        return await self._get(request.call(), lambda body: read_events_page(body, is_token_due=False))

    async def event(self, request: EventGet) -> ObservedItem:
        return await self._get(request.call(), read_event)

    async def insert_event(self, request: EventInsert) -> ObservedItem:
        return await self._get(request.call(), read_event)

    async def update_event(self, request: EventUpdate) -> ObservedItem:
        return await self._get(request.call(), read_event)

    async def patch_event(self, request: EventPatch) -> ObservedItem:
        return await self._get(request.call(), read_event)

    async def delete_event(self, request: EventDelete) -> None:
        await self._do(request.call())

    async def calendar_list_page(self, request: CalendarListList) -> CalendarListPageObserved:
        """One page of the account's calendar list."""
        return await self._get(request.call(), read_calendar_list_page)

    async def calendar_list_entry(self, request: CalendarListGet) -> CalendarListEntry:
        return await self._get(request.call(), read_calendar_list_entry)

    async def watch_events(self, request: EventsWatch) -> Channel:
        """Open a channel for a calendar's events. The first notification may arrive before this returns."""
        return await self._get(request.call(), read_channel)

    async def watch_calendar_list(self, request: CalendarListWatch) -> Channel:
        return await self._get(request.call(), read_channel)

    async def stop_channel(self, request: ChannelStop) -> None:
        await self._do(request.call())

    async def _get(self, call: Call, read: Callable[[bytes], T]) -> T:
        async def attempt(time_left_s: Callable[[], float]) -> T:
            response = await self._answer(call, time_left_s)
            if response.status != OK:
                raise self._error(call, response)
            return read(response.body)

        return await self._exchange.run(attempt, is_repeatable=call.is_repeatable)

    async def _do(self, call: Call) -> None:
        async def attempt(time_left_s: Callable[[], float]) -> None:
            response = await self._answer(call, time_left_s)
            if not OK <= response.status < 300:
                raise self._error(call, response)

        await self._exchange.run(attempt, is_repeatable=call.is_repeatable)

    async def _answer(self, call: Call, time_left_s: Callable[[], float]) -> WireResponse:
        """One answer, after at most one renewal of a refused access token."""
        if self._quota is not None:
            await self._quota.acquire(self._user, call.units, time_left_s())
        token = await self._tokens.access_token()
        response = await self._transport.send(self._request(call, token, time_left_s()))
        if response.status == UNAUTHORIZED and isinstance(self._error(call, response), Unauthorized):
            token = await self._tokens.refreshed(token)
            response = await self._transport.send(self._request(call, token, time_left_s()))
        return response

    def _request(self, call: Call, token: str, timeout_s: float) -> WireRequest:
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": USER_AGENT,
        }
        if call.body is not None:
            headers["Content-Type"] = JSON_TYPE
        if call.if_match is not None:
            headers["If-Match"] = call.if_match
        return WireRequest(call.method, self._url + call.target(), headers, call.body, timeout_s)

    def _error(self, call: Call, response: WireResponse) -> Exception:
        return classify(
            response.status,
            response.body,
            response.headers,
            now=self._clock.now(),
            has_sync_token=call.has("syncToken"),
            has_page_token=call.has("pageToken"),
        )
