"""`ports.CalendarSource` over the client library, for one account."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from calferry import google
from calferry.core.failure import Cause, SourceFailure
from calferry.core.google_calendar import CalendarListEntry, CalendarListPage, ChannelRequest, OpenedChannel
from calferry.core.limits import PAGES_PER_PASS_MAX, SERIES_PAGE_SIZE
from calferry.core.model import Envelope, ListRequest, ObservedEvent, Page, Window
from calferry.sync.google_failures import google_failures

# Without these Google takes no notice of meetings and attachments: hard to tell from having lost them.
NOTHING_IGNORED: Any = {"conference_data_version": 1, "supports_attachments": True}
R = TypeVar("R", google.EventsList, google.EventInstances)


class GoogleSource:
    """Google's side of one account. Items of pages are the client library's own, never copied."""

    def __init__(self, client: google.GoogleCalendar, edits: google.GoogleCalendar | None = None) -> None:
        """`edits` asks for what somebody waits for: an edit that fails is tried again later, by whoever sends it."""
        self._client = client
        self._edits = edits or client

    async def events_page(self, google_id: str, request: ListRequest, page_token: str | None) -> Page:
        with google_failures():
            return page_from(await self._client.events_page(events_list(google_id, request, page_token)))

    async def series(self, google_id: str, ical_uid: str) -> Page:
        request = google.EventsList(calendar_id=google_id, i_cal_uid=ical_uid, max_results=SERIES_PAGE_SIZE)
        return await all_pages(self._client.events_page, request)

    async def instances(self, google_id: str, series_id: str, window: Window) -> Page:
        request = google.EventInstances(
            calendar_id=google_id,
            event_id=series_id,
            time_min=rfc3339(window.start_at),
            time_max=rfc3339(window.end_at),
        )
        return await all_pages(self._client.instances_page, request)

    async def event(self, google_id: str, event_id: str) -> ObservedEvent:
        with google_failures():
            return await self._edits.event(google.EventGet(calendar_id=google_id, event_id=event_id))

    async def insert_event(self, google_id: str, event: bytes, *, send_updates: str) -> ObservedEvent:
        request = google.EventInsert(
            calendar_id=google_id, event=event, send_updates=send_updates, **NOTHING_IGNORED
        )
        with google_failures():
            return await self._edits.insert_event(request)

    async def patch_event(
        self, google_id: str, event_id: str, changes: bytes, *, if_match: str | None, send_updates: str
    ) -> ObservedEvent:
        request = google.EventPatch(
            calendar_id=google_id,
            event_id=event_id,
            event=changes,
            if_match=if_match,
            send_updates=send_updates,
            **NOTHING_IGNORED,
        )
        with google_failures():
            return await self._edits.patch_event(request)

    async def delete_event(
        self, google_id: str, event_id: str, *, if_match: str | None, send_updates: str
    ) -> None:
        request = google.EventDelete(
            calendar_id=google_id, event_id=event_id, if_match=if_match, send_updates=send_updates
        )
        with google_failures():
            await self._edits.delete_event(request)

    async def calendar_list_page(self, sync_token: str | None, page_token: str | None) -> CalendarListPage:
        request = google.CalendarListList(sync_token=sync_token, page_token=page_token)
        with google_failures():
            listed = await self._client.calendar_list_page(request)
        entries = [entry_from(entry) for entry in listed.items]
        return CalendarListPage(entries, listed.next_page_token, listed.next_sync_token)

    async def watch_events(self, google_id: str, channel: ChannelRequest) -> OpenedChannel:
        request = google.EventsWatch(
            calendar_id=google_id,
            channel_id=channel.channel_id,
            address=channel.address,
            token=channel.token,
            ttl_s=channel.life_s,
        )
        with google_failures():
            return opened_from(await self._client.watch_events(request))

    async def watch_calendar_list(self, channel: ChannelRequest) -> OpenedChannel:
        request = google.CalendarListWatch(
            channel_id=channel.channel_id,
            address=channel.address,
            token=channel.token,
            ttl_s=channel.life_s,
        )
        with google_failures():
            return opened_from(await self._client.watch_calendar_list(request))

    async def stop_channel(self, channel_id: str, resource_id: str) -> None:
        with google_failures():
            await self._client.stop_channel(
                google.ChannelStop(channel_id=channel_id, resource_id=resource_id)
            )


def events_list(google_id: str, request: ListRequest, page_token: str | None) -> google.EventsList:
    """The question of a pass in Google's parameters. A sync token forbids naming the window again."""
    window = request.window if request.full else None
    return google.EventsList(
        calendar_id=google_id,
        sync_token=request.sync_token,
        page_token=page_token,
        single_events=request.mode == "instances",
        show_deleted=True,
        max_results=request.page_size,
        time_min=None if window is None else rfc3339(window.start_at),
        time_max=None if window is None else rfc3339(window.end_at),
    )


def page_from(observed: google.EventsPageObserved) -> Page:
    """The same items under the engine's envelope."""
    reminders = observed.default_reminders
    return Page(
        items=observed.items,
        unreadable=observed.unreadable,
        next_page_token=observed.next_page_token,
        next_sync_token=observed.next_sync_token,
        envelope=Envelope(
            access_role=observed.access_role,
            time_zone=observed.time_zone,
            summary=observed.summary,
            default_reminders=None if reminders is None else reminders.decode("utf-8", "replace"),
        ),
    )


async def all_pages(ask: Callable[[R], Awaitable[google.EventsPageObserved]], request: R) -> Page:
    """Every page of a short listing as one. Raises SourceFailure, also for a listing that does not end."""
    with google_failures():
        whole = page_from(await ask(request))
        for _ in range(PAGES_PER_PASS_MAX):
            if whole.next_page_token is None:
                return whole
            whole = joined(whole, page_from(await ask(request.page(whole.next_page_token))))
    raise SourceFailure(Cause.BAD_ANSWER, "Google's listing did not end.")


def joined(whole: Page, page: Page) -> Page:
    items, unreadable = [*whole.items, *page.items], [*whole.unreadable, *page.unreadable]
    return replace(page, items=items, unreadable=unreadable, in_pieces=True)


def opened_from(channel: google.Channel) -> OpenedChannel:
    """Raises SourceFailure for a channel without an end: it could not be renewed in time."""
    if channel.expiration_ms is None:
        raise SourceFailure(Cause.BAD_ANSWER, "Google opened a channel without saying until when.")
    return OpenedChannel(channel.resource_id, channel.resource_uri, channel.expiration_ms)


def entry_from(entry: google.CalendarListEntry) -> CalendarListEntry:
    """One entry of the calendar list; the person's own name for a calendar wins over its own."""
    return CalendarListEntry(
        google_id=entry.calendar_id,
        summary=entry.summary_override or entry.summary or entry.calendar_id,
        time_zone=entry.time_zone,
        access_role=entry.access_role or "none",
        is_primary=entry.is_primary,
        is_hidden=entry.is_hidden,
        is_deleted=entry.is_deleted,
        raw=entry.raw.decode("utf-8", "replace"),
    )


def rfc3339(at_ms: int) -> str:
    """UTC milliseconds as Google reads instants."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
