"""What an agent may do: calls of the service's client, shaped for a model. The docstrings are what the model reads."""

from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from pydantic import Field

import calferry
from calferry.cli.busy_times import busy
from calferry.client import Edited, Refused
from calferry.client.service import Scope, SendUpdates

Json = dict[str, Any]
CalendarId = Annotated[str, Field(description="`id` of a calendar, from list_calendars")]
CalendarIds = Annotated[
    list[str] | None, Field(description="ids of calendars; without them all that are mirrored")
]
EventId = Annotated[str, Field(description="`id` of an event, or of one occurrence of a series")]
From = Annotated[str, Field(description="begin of the window: RFC 3339 with an offset")]
Until = Annotated[str, Field(description="end of the window: RFC 3339 with an offset")]
IfMatch = Annotated[
    str | None,
    Field(description="`etag` of the version that the person saw or confirmed; without it the present one"),
]
HowFar = Annotated[Scope, Field(description="of a series: this occurrence, this and following, or all")]
Mails = Annotated[SendUpdates, Field(description="which guests Google mails")]

CHANGED_HERE = (
    "Nothing was changed: the event is another version now. Show the person both; once they confirm, call again with"
    " if_match set to `etag`."
)
CHANGED_AT_GOOGLE = (
    "Nothing of theirs was overwritten: somebody else changed the event at Google. Show the person both; then call"
    " resolve_conflict with `conflict_id`."
)


class BadArgument(Exception):
    """A sentence about an argument that cannot be used."""


class AgentTools:
    """The tools, for an open client."""

    def __init__(self, client: calferry.Client) -> None:
        self._client = client

    async def list_calendars(self) -> Json:
        """The person's calendars; `selected` ones are mirrored, `health` says how well."""
        return {"calendars": [msgspec.to_builtins(one) for one in await self._client.calendars()]}

    async def list_events(
        self,
        time_min: From,
        time_max: Until,
        calendar_ids: CalendarIds = None,
        query: Annotated[str | None, Field(description="only events with these words")] = None,
        time_zone: Annotated[str | None, Field(description="IANA zone to write times in")] = None,
        max_events: Annotated[int, Field(ge=1, le=1000)] = 100,
    ) -> Json:
        """Events of a window in the order of their starts, each occurrence of a series by itself. `more`: there are others."""
        window_of(time_min, time_max)
        found: list[Json] = []
        events = self._client.events(
            *calendar_ids or (),
            time_min=time_min,
            time_max=time_max,
            single_events=True,
            query=query,
            time_zone=time_zone,
        )
        async for event in events:
            if len(found) == max_events:
                return {"events": found, "more": True}
            found.append(event)
        return {"events": found, "more": False}

    async def free_busy(self, time_min: From, time_max: Until, calendar_ids: CalendarIds = None) -> Json:
        """When each calendar is busy, and nothing else about its events."""
        window = window_of(time_min, time_max)
        known = {one.id: one for one in await self._client.calendars()}
        wanted = calendar_ids or [one.id for one in known.values() if one.selected]
        spans: Json = {}
        for calendar_id in wanted:
            if calendar_id not in known:
                raise BadArgument(f"There is no calendar {calendar_id}; list_calendars names them.")
            zone = ZoneInfo(known[calendar_id].time_zone or "UTC")
            events = self._client.events(
                calendar_id, time_min=time_min, time_max=time_max, single_events=True
            )
            times = busy([event async for event in events], window, zone)
            spans[calendar_id] = [{"start": utc(start), "end": utc(end)} for start, end in times]
        return {"busy": spans}

    async def create_event(
        self,
        calendar_id: CalendarId,
        event: Annotated[Json, Field(description="Google's event resource: summary, start, end, …")],
        send_updates: Mails = "none",
    ) -> Json:
        """Make an event."""
        return made(await self._client.insert(calendar_id, event, send_updates=send_updates))

    async def update_event(
        self,
        calendar_id: CalendarId,
        event_id: EventId,
        changes: Annotated[Json, Field(description="the fields to change, in Google's JSON; null removes")],
        if_match: IfMatch = None,
        scope: HowFar = "this",
        send_updates: Mails = "none",
    ) -> Json:
        """Change an event. `conflict` in the answer: it was not changed, and the person has to decide."""
        etag = if_match or await self._etag(calendar_id, event_id)
        edit = self._client.patch(
            calendar_id, event_id, changes, etag=etag, scope=scope, send_updates=send_updates
        )
        return await self._outcome(edit, calendar_id, event_id, changes)

    async def delete_event(
        self,
        calendar_id: CalendarId,
        event_id: EventId,
        if_match: IfMatch = None,
        scope: HowFar = "this",
        send_updates: Mails = "none",
    ) -> Json:
        """Delete an event. `conflict` in the answer: it was not deleted, and the person has to decide."""
        etag = if_match or await self._etag(calendar_id, event_id)
        edit = self._client.delete(calendar_id, event_id, etag=etag, scope=scope, send_updates=send_updates)
        return await self._outcome(edit, calendar_id, event_id, None)

    async def resolve_conflict(
        self,
        conflict_id: Annotated[str, Field(description="from an edit that answered `conflict`")],
        keep: Annotated[
            Literal["ours", "theirs"], Field(description="ours: make the edit after all; theirs: leave it")
        ],
    ) -> Json:
        """Decide a conflict as the person said."""
        return {"conflict": msgspec.to_builtins(await self._client.resolve(conflict_id, keep))}

    async def _etag(self, calendar_id: str, event_id: str) -> str | None:
        return (await self._client.event(calendar_id, event_id)).etag

    async def _outcome(
        self, edit: Awaitable[Edited], calendar_id: str, event_id: str, ours: Json | None
    ) -> Json:
        try:
            return made(await edit)
        except Refused as refused:
            return await self._conflict(refused, calendar_id, event_id, ours)

    async def _conflict(self, refused: Refused, calendar_id: str, event_id: str, ours: Json | None) -> Json:
        """Both versions. Raises the refusal again where it is none of another version."""
        if refused.code == "precondition_failed":
            now = await self._client.event(calendar_id, event_id)
            both = {"ours": ours, "theirs": now.event, "etag": now.etag}
            return {"conflict": {**both, "what_now": CHANGED_HERE}}
        if refused.code != "conflict" or refused.conflict_id is None:
            raise refused
        found = [one for one in await self._client.conflicts() if one.id == refused.conflict_id]
        both = {"ours": found[0].ours, "theirs": found[0].theirs} if found else {"ours": ours}
        return {"conflict": {**both, "conflict_id": refused.conflict_id, "what_now": CHANGED_AT_GOOGLE}}


def made(edited: Edited) -> Json:
    """`pending`: accepted, and on its way to Google."""
    return {"event": edited.event, "etag": edited.etag, "pending": edited.is_pending}


def window_of(time_min: str, time_max: str) -> tuple[datetime, datetime]:
    """Raises BadArgument."""
    return instant("time_min", time_min), instant("time_max", time_max)


def instant(name: str, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise BadArgument(f"{name} must be an instant such as 2026-01-31T08:00:00+01:00, not {text}.")
    return found


def utc(when: datetime) -> str:
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")
