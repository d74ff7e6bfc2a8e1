"""`Client`: calendars, syncing, events, changes and edits."""

import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from types import TracebackType
from typing import Any, Literal, Self, TypeVar
from urllib.parse import quote

from calferry.client.answers import (
    Calendar,
    Calendars,
    Change,
    Changed,
    ChangesPage,
    Conflict,
    Conflicts,
    Edited,
    Event,
    EventsPage,
    Progress,
    Queued,
    Reset,
    Status,
    Statuses,
    Synced,
    SyncFailed,
    SyncUpdate,
)
from calferry.client.errors import CursorExpired, Refused, Unreachable
from calferry.client.frames import Frame, FrameReader
from calferry.client.wire import ATTEMPTS, BUSY, LOST, Answer, Wire, decoded

A = TypeVar("A")
Scope = Literal["this", "following", "all"]
SendUpdates = Literal["all", "externalOnly", "none"]
OnConflict = Literal["fail", "ours", "theirs"]
SYNC_FRAMES: dict[str, type[SyncUpdate]] = {
    "progress": Progress,
    "events": Changed,
    "sync_error": SyncFailed,
    "complete": Synced,
}


class Client:
    """The service at `url`, as the person whom `token` belongs to. Use it as an asynchronous context manager.

    Reading and editing are repeated when a connection is lost or the service is busy: an edit carries an idempotency key,
    so it is made once. Every method raises `Refused` for what the service does not do, and `Unreachable` when it does not
    answer. `new_key` makes the keys.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout_s: float = 30.0,
        new_key: Callable[[], str] = lambda: secrets.token_hex(16),
        wire: Wire | None = None,
    ) -> None:
        self._wire = wire or Wire(url, token, timeout_s=timeout_s)
        self._new_key = new_key

    async def __aenter__(self) -> Self:
        await self._wire.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._wire.close()

    async def calendars(self) -> list[Calendar]:
        """The calendars of the connected accounts, mirrored or not."""
        return (await self._read("/calendar/calendars", Calendars)).calendars

    async def status(self) -> list[Status]:
        """Why each calendar is, or is not, up to date."""
        return (await self._read("/calendar/sync-status", Statuses)).calendars

    async def select(self, calendar_id: str, selected: bool = True) -> None:
        """Start or stop mirroring a calendar."""
        await self._wire.ask(
            "PATCH", f"/calendar/calendars/{quoted(calendar_id)}", body={"selected": selected}
        )

    async def sync(self, *calendar_ids: str) -> AsyncIterator[SyncUpdate]:
        """Sync these calendars now, 20 at most, and say how far it is: `Progress`, `Changed`, `SyncFailed`, and `Synced` at the
        end. A lost connection goes on where it was."""
        async for frame in self._frames(
            "/calendar/sync", {"calendar_ids": ",".join(calendar_ids)}, FrameReader()
        ):
            kind = SYNC_FRAMES.get(frame.event)
            if kind is not None:
                update = decoded(frame.data, kind)
                yield update
                if isinstance(update, Synced):
                    return

    async def events(
        self,
        *calendar_ids: str,
        time_min: str | None = None,
        time_max: str | None = None,
        single_events: bool = False,
        time_zone: str | None = None,
        query: str | None = None,
        show_deleted: bool = False,
    ) -> AsyncIterator[Event]:
        """The events that are stored, page by page; of every selected calendar where none is named.

        `time_min` and `time_max` are RFC 3339 instants or dates; with `single_events`, which needs both, series come as
        instances, in the order of their starts.
        """
        asked = {
            "calendar_ids": ",".join(calendar_ids) or None,
            "timeMin": time_min,
            "timeMax": time_max,
            "singleEvents": "true" if single_events else None,
            "timeZone": time_zone,
            "q": query,
            "showDeleted": "true" if show_deleted else None,
            "maxResults": "2500",
        }
        params = {name: value for name, value in asked.items() if value is not None}
        while True:
            page = await self._read("/calendar/events", EventsPage, params)
            for event in page.items:
                yield event
            if page.nextPageToken is None:
                return
            params["pageToken"] = page.nextPageToken

    async def event(self, calendar_id: str, event_id: str) -> Edited:
        """One event, or one occurrence of a series, with its etag."""
        return edited(await self._wire.ask("GET", event_path(calendar_id, event_id)))

    async def cursor(self) -> str:
        """Where the log of changes is now. Take it before the events are read: then no change is missed."""
        return (await self._read("/calendar/changes", ChangesPage)).cursor

    async def changes_since(self, cursor: str) -> AsyncIterator[Change]:
        """What has changed since a cursor, up to now. Raises CursorExpired."""
        while True:
            try:
                page = await self._read(
                    "/calendar/changes", ChangesPage, {"cursor": cursor, "maxResults": "2500"}
                )
            except Refused as refused:
                if refused.code == "cursor_expired":
                    raise CursorExpired(None) from refused
                raise
            for change in page.changes:
                yield change
            if not page.has_more:
                return
            cursor = page.cursor

    async def changes(self, cursor: str | None = None) -> AsyncIterator[Change]:
        """Every change from a cursor on, or from now on, as it happens; without an end. Lost connections are made again, and
        nothing is missed or told twice. Raises CursorExpired."""
        reader = FrameReader(last_id=cursor)
        async for frame in self._frames("/calendar/stream", {}, reader):
            if frame.event == "reset":
                raise CursorExpired(decoded(frame.data, Reset).cursor)
            if frame.event == "change":
                yield decoded(frame.data, Change)

    async def insert(
        self, calendar_id: str, event: Mapping[str, Any], *, send_updates: SendUpdates = "none"
    ) -> Edited:
        """Make an event."""
        return await self._edit("POST", events_path(calendar_id), {"sendUpdates": send_updates}, event)

    async def patch(
        self,
        calendar_id: str,
        event_id: str,
        changes: Mapping[str, Any],
        *,
        scope: Scope = "this",
        etag: str | None = None,
        on_conflict: OnConflict = "fail",
        send_updates: SendUpdates = "none",
    ) -> Edited:
        """Change what `changes` names; None removes. `etag`: only if the event is still that version."""
        params = {"scope": scope, "onConflict": on_conflict, "sendUpdates": send_updates}
        return await self._edit("PATCH", event_path(calendar_id, event_id), params, changes, etag)

    async def delete(
        self,
        calendar_id: str,
        event_id: str,
        *,
        scope: Scope = "this",
        etag: str | None = None,
        on_conflict: OnConflict = "fail",
        send_updates: SendUpdates = "none",
    ) -> Edited:
        """Delete an event, or occurrences of a series."""
        params = {"scope": scope, "onConflict": on_conflict, "sendUpdates": send_updates}
        return await self._edit("DELETE", event_path(calendar_id, event_id), params, None, etag)

    async def conflicts(self) -> list[Conflict]:
        """The conflicts that wait for a decision, newest first."""
        found: list[Conflict] = []
        params: dict[str, str] = {}
        while True:
            page = await self._read("/calendar/conflicts", Conflicts, params)
            found += page.conflicts
            if page.nextPageToken is None:
                return found
            params = {"pageToken": page.nextPageToken}

    async def resolve(self, conflict_id: str, keep: Literal["ours", "theirs"]) -> Conflict:
        """Decide a conflict: `ours` makes the edit again, on what is at Google now; `theirs` leaves that alone."""
        path = f"/calendar/conflicts/{quoted(conflict_id)}/resolve"
        answer = await self._wire.ask("POST", path, body={"keep": keep})
        return decoded(answer.body, Conflict)

    async def _edit(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        body: Mapping[str, Any] | None,
        etag: str | None = None,
    ) -> Edited:
        headers = {"Idempotency-Key": self._new_key()} | ({"If-Match": etag} if etag else {})
        return edited(await self._wire.ask(method, path, params=params, headers=headers, body=body))

    async def _read(self, path: str, kind: type[A], params: Mapping[str, str] | None = None) -> A:
        answer = await self._wire.ask("GET", path, params=params)
        return decoded(answer.body, kind)

    async def _frames(
        self, path: str, params: Mapping[str, str], reader: FrameReader
    ) -> AsyncIterator[Frame]:
        """Frames of a stream that is opened again, from the last id, whenever it ends early. Ends with a 204."""
        failed = 0
        while True:
            reader.begin_again()
            try:
                async with self._wire.stream(path, params, reader.last_id) as got:
                    if got.status == 204:
                        return
                    async for received in got.content.iter_any():
                        failed = 0
                        for frame in reader.feed(received):
                            yield frame
            except LOST as error:
                failed += 1
                if failed >= ATTEMPTS:
                    raise Unreachable(f"the stream {path} was lost: {error}") from error
            except Refused as refused:
                failed += 1
                if refused.status not in BUSY or failed >= ATTEMPTS:
                    raise
            await self._wire.rest(max(failed, 1))


def quoted(part: str) -> str:
    return quote(part, safe="")


def events_path(calendar_id: str) -> str:
    return f"/calendar/calendars/{quoted(calendar_id)}/events"


def event_path(calendar_id: str, event_id: str) -> str:
    return f"{events_path(calendar_id)}/{quoted(event_id)}"


def edited(answer: Answer) -> Edited:
    if answer.status == 204:
        return Edited(event=None)
    if answer.status == 202:
        queued = decoded(answer.body, Queued)
        return Edited(event=queued.event, intent_id=queued.intent.id)
    return Edited(event=decoded(answer.body, Event), etag=answer.headers.get("ETag"))
