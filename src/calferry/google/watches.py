"""Requests that open and stop notification channels. Guide: /workspace/calendar/api/guides/push on Google's site."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from calferry.google.calendar_list import read_channel
from calferry.google.calls import Call, Unanswered, path_of, require_id
from calferry.google.models import Channel

WEEK_S = 604_800
CHANNEL_ID_LENGTH_MAX = 64
CHANNEL_TOKEN_LENGTH_MAX = 256


def _channel_body(channel_id: str, address: str, token: str | None, ttl_s: int) -> bytes:
    if not 0 < len(channel_id) <= CHANNEL_ID_LENGTH_MAX:
        raise ValueError(f"channel_id must have 1 to {CHANNEL_ID_LENGTH_MAX} characters")
    if token is not None and len(token) > CHANNEL_TOKEN_LENGTH_MAX:
        raise ValueError(f"token must have at most {CHANNEL_TOKEN_LENGTH_MAX} characters")
    body: dict[str, Any] = {"id": channel_id, "type": "web_hook", "address": address}
    if token is not None:
        body["token"] = token
    body["params"] = {"ttl": str(ttl_s)}
    return msgspec.json.encode(body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What every watch says. channel_id: unique in the project for ever. ttl_s: asked for, Google may give less."""

    channel_id: str
    address: str
    token: str | None = field(default=None, repr=False)
    ttl_s: int = WEEK_S

    def read(self, body: bytes) -> Channel:
        return read_channel(body)

    def _call(self, name: str, *path: str, query: tuple[tuple[str, str], ...] = ()) -> Call:
        body = _channel_body(self.channel_id, self.address, self.token, self.ttl_s)
        return Call(name, "POST", path_of(*path, "watch"), query, body, is_repeatable=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsWatch(Watch):
    """events.watch: a calendar's events. event_types: only of these; none for all."""

    calendar_id: str
    event_types: tuple[str, ...] = ()

    def call(self) -> Call:
        require_id(self.calendar_id, "calendar_id")
        query = tuple(("eventTypes", event_type) for event_type in self.event_types)
        return self._call("events.watch", "calendars", self.calendar_id, "events", query=query)


@dataclass(frozen=True, slots=True, kw_only=True)
class AclWatch(Watch):
    """acl.watch: who may see and change a calendar."""

    calendar_id: str

    def call(self) -> Call:
        require_id(self.calendar_id, "calendar_id")
        return self._call("acl.watch", "calendars", self.calendar_id, "acl")


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarListWatch(Watch):
    """calendarList.watch: the person's list of calendars."""

    def call(self) -> Call:
        return self._call("calendarList.watch", "users", "me", "calendarList")


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsWatch(Watch):
    """settings.watch: the person's settings."""

    def call(self) -> Call:
        return self._call("settings.watch", "users", "me", "settings")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelStop(Unanswered):
    """channels.stop. Only the person and client that opened a channel may stop it; a dead one is a NotFound."""

    channel_id: str
    resource_id: str

    def call(self) -> Call:
        body = msgspec.json.encode({"id": self.channel_id, "resourceId": self.resource_id})
        return Call("channels.stop", "POST", "/channels/stop", body=body, is_answered=False)
