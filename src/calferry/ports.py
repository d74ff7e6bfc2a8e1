"""What the engine asks of the outside world. Each protocol is small; `bootstrap` joins the real ones."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from calferry.core.google_account import AccessToken, Grant, Identity
from calferry.core.google_calendar import CalendarListPage, ChannelRequest, OpenedChannel
from calferry.core.model import ListRequest, ObservedEvent, Page, Window
from calferry.core.subscription import Receipt

T = TypeVar("T")


class Clock(Protocol):
    """Time. Instants are UTC milliseconds since 1970; lease time never jumps (see `store.lease_clock`)."""

    def now_ms(self) -> int: ...

    def lease_ms(self) -> int:
        """Milliseconds of a clock that only moves forward while this machine is up."""
        ...

    def boot_id(self) -> str:
        """Names the run of the machine that `lease_ms` belongs to."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class Ids(Protocol):
    """Fresh names and secrets."""

    def new(self, prefix: str) -> str:
        """An id such as `cal_8f3k…`: the prefix, an underscore, 20 characters of a-z and 0-9."""
        ...

    def channel_id(self) -> str:
        """A fresh UUID, as Google recommends for channels."""
        ...

    def secret(self) -> str:
        """256 random bits, URL-safe."""
        ...


class Dice(Protocol):
    """Chance: jitter only."""

    def uniform(self, a: float, b: float, /) -> float: ...


class Store(Protocol):
    """Transactions. The work is an ordinary function of a SQLAlchemy connection: all of it commits, or nothing."""

    async def read(self, work: Callable[[Any], T], /) -> T: ...

    async def write(self, work: Callable[[Any], T], /) -> T: ...

    async def close(self) -> None: ...


class Vault(Protocol):
    """Secrets at rest. `context` binds a sealed value to its row; opening it elsewhere fails."""

    def seal(self, secret: str, context: str) -> bytes: ...

    def open(self, sealed: bytes, context: str) -> str: ...


class Signals(Protocol):
    """In-process wake-up calls. Losing every one of them loses no data, only time."""

    def wake(self, topic: str) -> None: ...

    async def wait(self, topic: str, timeout_s: float) -> bool:
        """Return True when the topic was woken, False when the time is over."""
        ...


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended. `covers`: the dirty number that it has made clean, None for one that is not done; `error`: the
    code of what ended it."""

    outcome: str
    covers: int | None = None
    error: str | None = None


class Observer(Protocol):
    """Told of what happens, to count and to trace it. Nothing depends on it: it decides nothing, never fails, never
    waits."""

    def run(
        self, kind: Literal["events", "calendar_list"], resource: str
    ) -> AbstractContextManager[Callable[[RunEnd], None]]:
        """Around one run, which tells how it ended."""
        ...

    def stream(self) -> AbstractContextManager[None]:
        """Around one open stream."""
        ...

    def notified(self, verdict: str) -> None:
        """A notification came, and this is what became of it."""
        ...

    def marked(self, resource: str, mark: int, received_ms: int) -> None:
        """A notification, received at that lease time, has left this mark."""
        ...


class Outbound(Protocol):
    """Messages to addresses that people give us: never to one inside our own network, whatever its name resolves to."""

    async def refusal(self, address: str) -> str | None:
        """Why nothing is sent there, as the rest of the sentence "the address …"; None where it may be."""
        ...

    async def post(self, address: str, headers: Mapping[str, str], body: bytes) -> Receipt:
        """Send once, following no redirect. Raises nothing: what went wrong is in the receipt."""
        ...


Spawn = Callable[[Awaitable[None]], None]


class CalendarSource(Protocol):
    """Google's side of one account. Every method raises `core.failure.SourceFailure` and nothing else of Google's."""

    async def events_page(self, google_id: str, request: ListRequest, page_token: str | None) -> Page: ...

    async def series(self, google_id: str, ical_uid: str) -> Page:
        """Every item that shares the UID, cancelled ones too, all pages joined."""
        ...

    async def instances(self, google_id: str, series_id: str, window: Window) -> Page:
        """Every instance of the series in the window, all pages joined."""
        ...

    async def event(self, google_id: str, event_id: str) -> ObservedEvent:
        """The event as it is now, also a deleted one that Google remembers."""
        ...

    async def insert_event(self, google_id: str, event: bytes, *, send_updates: str) -> ObservedEvent: ...

    async def patch_event(
        self, google_id: str, event_id: str, changes: bytes, *, if_match: str | None, send_updates: str
    ) -> ObservedEvent: ...

    async def delete_event(
        self, google_id: str, event_id: str, *, if_match: str | None, send_updates: str
    ) -> None: ...

    async def calendar_list_page(
        self, sync_token: str | None, page_token: str | None
    ) -> CalendarListPage: ...

    async def watch_events(self, google_id: str, channel: ChannelRequest) -> OpenedChannel: ...

    async def watch_calendar_list(self, channel: ChannelRequest) -> OpenedChannel: ...

    async def stop_channel(self, channel_id: str, resource_id: str) -> None: ...


class OAuth(Protocol):
    """Google's token endpoints. Raises `core.failure.SourceFailure`."""

    async def exchange(self, code: str, verifier: str, redirect_uri: str, nonce: str) -> Grant: ...

    async def refresh(self, refresh_token: str) -> AccessToken: ...

    async def revoke(self, token: str) -> None: ...

    async def identify(self, access_token: str) -> Identity: ...
