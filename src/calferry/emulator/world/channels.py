"""Notification channels, and the notifications that writes put into the outbox."""

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from weakref import WeakValueDictionary

from calferry.emulator import errors
from calferry.emulator.world.dice import Dice

DEFAULT_TTL_S = 604_800
TTL_S_MAX = 2_592_000
USER_AGENT = "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)"


@dataclass(frozen=True, slots=True)
class WatchedResource:
    """What a channel listens to. `uri` is what notifications name it by; `owner` is set where the address
    is the same for everybody."""

    uri: str
    owner: str = ""

    @property
    def id(self) -> str:
        """The same for every channel on this resource: 27 letters of base64url."""
        digest = hashlib.sha1(f"{self.uri} {self.owner}".encode(), usedforsecurity=False).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


@dataclass(slots=True)
class Channel:
    """One watch. Times are unix seconds; with `event_types` other events stay unmentioned."""

    id: str
    resource: WatchedResource
    address: str
    token: str | None
    expires_at: float
    user: str
    client_id: str
    message_number: int = 1
    event_types: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Delivery:
    """One notification on its way: an HTTP POST with an empty body, not to be sent before `not_before`."""

    number: int
    channel_id: str
    url: str
    headers: dict[str, str]
    not_before: float
    attempt: int = 1
    body: bytes = b""


@dataclass(slots=True)
class PushWeather:
    """What happens to notifications: `normal`, `drop`, `delay` (by `delay_s`), `duplicate` or `reorder`.

    `times` limits it to that many notifications; None keeps it for good.
    """

    mode: str = "normal"
    delay_s: float = 0.0
    times: int | None = None

    def strike(self) -> str:
        """The mode that the next notification meets."""
        if self.times is None:
            return self.mode
        self.times -= 1
        mode = self.mode
        if self.times <= 0:
            self.mode, self.times = "normal", None
        return mode


PUSH_MODES = ("normal", "drop", "delay", "duplicate", "reorder")


@dataclass(slots=True)
class Channels:
    """Every open channel, every notification not yet taken, and those taken that somebody still has in hand."""

    dice: Dice
    open: dict[str, Channel] = field(default_factory=dict)
    outbox: list[Delivery] = field(default_factory=list)
    weather: PushWeather = field(default_factory=PushWeather)
    delivery_number: int = 0
    taken: WeakValueDictionary[int, Delivery] = field(default_factory=WeakValueDictionary)

    def start(self, channel: Channel, now: float) -> None:
        """Opens a channel and greets it with its `sync` message. Refuses an id that is in use."""
        if channel.id in self.open:
            message = f"Channel id {channel.id} not unique"
            raise errors.Refused(400, "global", "channelIdNotUnique", message)
        self.open[channel.id] = channel
        self._send(channel, "sync", now)

    def stop(self, channel_id: str, resource_id: str, user: str, client_id: str, now: float) -> None:
        """Closes a channel. Only the person and the client that opened it may."""
        channel = self.open.get(channel_id)
        known = channel is not None and channel.resource.id == resource_id and channel.expires_at > now
        if channel is None or not known or (channel.user, channel.client_id) != (user, client_id):
            project = client_id.partition("-")[0]
            raise errors.not_found(f"Channel '{channel_id}' not found for project '{project}'")
        del self.open[channel_id]

    def notify(self, resource: WatchedResource, now: float, event_type: str = "") -> None:
        """Tells every living channel on the resource that it has changed, through an event of this type."""
        for channel in list(self.open.values()):
            if channel.resource != resource:
                continue
            if channel.expires_at <= now:
                del self.open[channel.id]
                continue
            if event_type and channel.event_types and event_type not in channel.event_types:
                continue
            channel.message_number += self.dice.randrange(1, 2000)
            self._send(channel, "exists", now)

    def take(self) -> list[Delivery]:
        """Empties the outbox."""
        taken, self.outbox = self.outbox, []
        self.taken.update((delivery.number, delivery) for delivery in taken)
        return taken

    def is_ours(self, delivery: Delivery) -> bool:
        """Whether the notification was taken from here, and not before a reset or a restored snapshot."""
        return self.taken.get(delivery.number) is delivery

    def is_open(self, channel_id: str, now: float) -> bool:
        channel = self.open.get(channel_id)
        return channel is not None and channel.expires_at > now

    def _send(self, channel: Channel, state: str, now: float) -> None:
        mode = self.weather.strike()
        if mode == "drop":
            return
        not_before = now + (self.weather.delay_s if mode == "delay" else 0.0)
        for _ in range(2 if mode == "duplicate" else 1):
            self.delivery_number += 1
            delivery = Delivery(
                self.delivery_number, channel.id, channel.address, notification(channel, state), not_before
            )
            self.outbox.insert(0 if mode == "reorder" else len(self.outbox), delivery)


def notification(channel: Channel, state: str) -> dict[str, str]:
    """The headers of one message."""
    expiration = datetime.fromtimestamp(channel.expires_at, UTC)
    headers = {
        "Content-Type": "application/json; utf-8",
        "User-Agent": USER_AGENT,
        "X-Goog-Channel-ID": channel.id,
        "X-Goog-Channel-Expiration": f"{expiration:%a, %d %b %Y %H:%M:%S GMT}",
        "X-Goog-Message-Number": str(channel.message_number),
        "X-Goog-Resource-ID": channel.resource.id,
        "X-Goog-Resource-State": state,
        "X-Goog-Resource-URI": channel.resource.uri,
    }
    if channel.token is not None:
        headers["X-Goog-Channel-Token"] = channel.token
    return headers
