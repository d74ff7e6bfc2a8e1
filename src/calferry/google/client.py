"""What a program calls: every Google method by its request, and what takes several requests."""

from collections.abc import Iterable
from typing import Any, TypeVar, overload

from calferry.google.auth import TokenSource
from calferry.google.backoff import RetryBudget, RetryPolicy
from calferry.google.batch import PARTS_USUAL, Batch
from calferry.google.caller import Caller
from calferry.google.calls import Request
from calferry.google.endpoints import Endpoints
from calferry.google.exchange import Clock, Dice, Exchange
from calferry.google.free_busy import FreeBusy, FreeBusyQuery, joined
from calferry.google.listing import Listing, PagedRequest
from calferry.google.models import (
    CalendarListEntry,
    CalendarListPageObserved,
    Channel,
    EventsPageObserved,
    ObservedItem,
)
from calferry.google.parameters import require_quota_user
from calferry.google.quota import Quota
from calferry.google.requests import (
    CalendarListGet,
    CalendarListList,
    EventGet,
    EventInstances,
    EventsList,
)
from calferry.google.watches import CalendarListWatch, ChannelStop, EventsWatch
from calferry.google.wire import TIMEOUT_S, Transport
from calferry.google.writes import EventDelete, EventInsert, EventPatch, EventUpdate

T = TypeVar("T")


class GoogleCalendar:
    """Google Calendar as one account sees it. Cheap to make; share the transport, budget and quota.

    user: whose per-minute quota is spent. quota_user: whom Google is told to charge, for service accounts.
    timeout_s: for each try, all of it, connecting included. `send` takes any request of this library; some have a
    verb of their own. All raise GoogleError: after backoff and one renewal of the access token there was no success.
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
        quota_user: str | None = None,
        policy: RetryPolicy | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        if quota_user is not None:
            require_quota_user(quota_user)
        exchange = Exchange(clock, dice, retry_budget or RetryBudget(), policy or RetryPolicy(), timeout_s)
        self._caller = Caller(
            transport, tokens, clock, exchange, endpoints or Endpoints(), quota, user, quota_user
        )

    async def send(self, request: Request[T]) -> T:
        """The answer to one request."""
        return await self._caller.send(request)

    @overload
    def batch(self, *, parts_max: int = PARTS_USUAL) -> Batch[Any]: ...

    @overload
    def batch(self, requests: Iterable[Request[T]], *, parts_max: int = PARTS_USUAL) -> Batch[T]: ...

    def batch(self, requests: Iterable[Request[Any]] = (), *, parts_max: int = PARTS_USUAL) -> Batch[Any]:
        """Many requests in few round trips: `await client.batch(requests)`, or a block with `add`; see Batch."""
        return Batch(self._caller, requests, parts_max=parts_max)

    def listing(self, request: PagedRequest[T]) -> Listing[T]:
        """Every item of every page: `async for item in client.listing(AclList(calendar_id="primary"))`."""
        return Listing(self._caller, request)

    def events(
        self,
        calendar_id: str,
        *,
        single_events: bool = False,
        show_deleted: bool = False,
        time_min: str | None = None,
        time_max: str | None = None,
        q: str | None = None,
        order_by: str | None = None,
    ) -> Listing[ObservedItem]:
        """A calendar's events; what else there is to ask goes to `listing(EventsList(...))`.

        single_events: occurrences instead of series. Times are RFC 3339 with an offset.
        """
        return self.listing(
            EventsList(
                calendar_id=calendar_id,
                single_events=single_events,
                show_deleted=show_deleted,
                time_min=time_min,
                time_max=time_max,
                q=q,
                order_by=order_by,
            )
        )

    def changes(
        self, calendar_id: str, sync_token: str, *, single_events: bool = False
    ) -> Listing[ObservedItem]:
        """Events that changed since a listing whose next_sync_token this is, deleted ones as cancelled.

        single_events: as in that listing. After the last change next_sync_token is the next one to ask with. Raises
        SyncTokenExpired when only a new listing can tell.
        """
        first = EventsList(calendar_id=calendar_id, single_events=single_events, show_deleted=False)
        return Listing(self._caller, first.incremental(sync_token), is_sync_token_due=True)

    async def free_busy(self, query: FreeBusyQuery) -> FreeBusy:
        """When calendars are busy, in as many requests as that takes."""
        questions, answers = list(query.pieces()), list[FreeBusy]()
        while questions:
            question = questions.pop(0)
            answer = await self.send(question)
            answers.append(answer)
            left = question.unanswered(answer)
            questions.extend([] if left is None else left.pieces())
        return joined(answers)

    async def events_page(self, request: EventsList) -> EventsPageObserved:
        """One page of a calendar's events."""
        return await self.send(request)

    async def instances_page(self, request: EventInstances) -> EventsPageObserved:
        """One page of the occurrences of a series."""
        return await self.send(request)

    async def event(self, request: EventGet) -> ObservedItem:
        return await self.send(request)

    async def insert_event(self, request: EventInsert) -> ObservedItem:
        return await self.send(request)

    async def update_event(self, request: EventUpdate) -> ObservedItem:
        return await self.send(request)

    async def patch_event(self, request: EventPatch) -> ObservedItem:
        return await self.send(request)

    async def delete_event(self, request: EventDelete) -> None:
        await self.send(request)

    async def calendar_list_page(self, request: CalendarListList) -> CalendarListPageObserved:
        """One page of the account's calendar list."""
        return await self.send(request)

    async def calendar_list_entry(self, request: CalendarListGet) -> CalendarListEntry:
        return await self.send(request)

    async def watch_events(self, request: EventsWatch) -> Channel:
        """Open a channel for a calendar's events. The first notification may arrive before this returns."""
        return await self.send(request)

    async def watch_calendar_list(self, request: CalendarListWatch) -> Channel:
        return await self.send(request)

    async def stop_channel(self, request: ChannelStop) -> None:
        await self.send(request)
