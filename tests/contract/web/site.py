"""The real service over HTTP, in a thread of its own, with the local Google as Google and a clock that can be moved."""

import asyncio
import base64
import contextlib
import json
import ssl
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import httpx
import uvloop
from sqlalchemy import Connection

from calferry.bootstrap.access_log import AccessLog
from calferry.bootstrap.background import Background
from calferry.bootstrap.engine import new_watch, opened_engine
from calferry.bootstrap.http_server import listen, serving
from calferry.bootstrap.metrics import Metrics
from calferry.bootstrap.service import ConsentAddress, working
from calferry.bootstrap.spans import Spans
from calferry.bootstrap.system import SystemClock
from calferry.core.google_account import Grant, Identity
from calferry.emulator.server import RunningGoogle
from calferry.settings import SCOPES, Settings, load_settings
from calferry.store import api_tokens, migrate
from calferry.store.sqlite import SqliteStore
from calferry.sync.accounts import connect
from calferry.sync.engine import Engine
from calferry.sync.listing import list_calendars
from calferry.web.app import create_app
from tests.harness import databases

T = TypeVar("T")

WITHIN_S = 30.0
MIRROR = "calferry.sqlite3"
# Made once: reading every authority's certificate takes longer than a request.
TRUSTED = ssl.create_default_context()
CRON_SECRET = "cron-secret-of-the-contract-tests-0001"
OLDER_CRON_SECRET = "cron-secret-of-the-contract-tests-0000"


@cache
def migrated_file() -> bytes:
    """A database of this version without a row, which is quicker to copy than to make."""
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / MIRROR)
        with store.writing.begin() as connection:
            migrate.upgrade(connection)
        store.writing.dispose()
        return (Path(folder) / MIRROR).read_bytes()


class MovableClock(SystemClock):
    """The machine's clock, which a test may move on, or stop where it counts what is left of a wait."""

    def __init__(self) -> None:
        self.ahead_ms = 0
        self.stopped_ms: int | None = None

    def now_ms(self) -> int:
        return (self.stopped_ms or super().now_ms()) + self.ahead_ms

    def stop(self) -> None:
        self.stopped_ms = super().now_ms()

    def advance(self, seconds: float) -> None:
        self.ahead_ms += int(seconds * 1000)


@dataclass
class Person:
    """A signed-in person with a bearer token."""

    user_id: int
    account_id: str
    token: str
    http: httpx.Client
    site: "Site"
    calendars: dict[str, str] = field(default_factory=dict)
    """Our ids by Google's."""

    @property
    def calendar_id(self) -> str:
        return next(iter(self.calendars.values()))


@dataclass
class Site:
    url: str
    settings: Settings
    engine: Engine
    clock: MovableClock
    google: RunningGoogle
    app: Any
    loop: asyncio.AbstractEventLoop
    clients: list[httpx.Client] = field(default_factory=list)
    lasting: list[httpx.Client] = field(default_factory=list)
    made: dict[Callable[["Site"], Any], Any] = field(default_factory=dict)

    def once(self, prepare: Callable[["Site"], T]) -> T:
        """What `prepare` makes, made once however often it is asked for; its clients last as long as the site."""
        if prepare not in self.made:
            others, self.clients = self.clients, []
            self.made[prepare] = prepare(self)
            self.lasting += self.clients
            self.clients = others
        made: T = self.made[prepare]
        return made

    def close_clients(self) -> None:
        """Those that are not made once."""
        while self.clients:
            self.clients.pop().close()

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run a coroutine in the service's loop."""

        async def awaited() -> T:
            return await work()

        return asyncio.run_coroutine_threadsafe(awaited(), self.loop).result(WITHIN_S)

    def read(self, work: Callable[[Connection], T]) -> T:
        return self.run(lambda: self.engine.store.read(work))

    def write(self, work: Callable[[Connection], T]) -> T:
        return self.run(lambda: self.engine.store.write(work))

    def client(self, token: str | None = None, **options: Any) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        client = httpx.Client(
            base_url=self.url, headers=headers, timeout=WITHIN_S, trust_env=False, verify=TRUSTED, **options
        )
        self.clients.append(client)
        return client

    def person(self, email: str = "alice@example.com", *scopes: str) -> Person:
        """Bring an account in with a grant of the local Google, and list its calendars."""
        asked = list(scopes or SCOPES)
        granted = self.google.tokens(email, *asked)
        grant = Grant(
            Identity(f"sub-{email}", email, True), email, frozenset(asked), granted["refresh_token"]
        )
        token = self.engine.ids.secret()

        async def bring() -> tuple[int, str]:
            connected = await connect(self.engine, grant)
            report = await list_calendars(self.engine, connected.account_id, or_by_others=True)
            assert report.error is None
            await self.engine.store.write(
                lambda conn: api_tokens.create(
                    conn,
                    connected.user_id,
                    token_id=self.engine.ids.new("tok"),
                    name="test",
                    token=token,
                    now_ms=self.engine.clock.now_ms(),
                )
            )
            return connected.user_id, connected.account_id

        user_id, account_id = self.run(bring)
        person = Person(user_id, account_id, token, self.client(token), self)
        listed = person.http.get("/calendar/calendars").json()["calendars"]
        person.calendars = {calendar["google_id"]: calendar["id"] for calendar in listed}
        return person

    def google_client(self, email: str) -> httpx.Client:
        """Google's own API, as that person."""
        token = self.google.tokens(email)["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        client = httpx.Client(
            base_url=f"{self.google.url}/calendar/v3",
            headers=headers,
            timeout=WITHIN_S,
            trust_env=False,
            verify=TRUSTED,
        )
        self.clients.append(client)
        return client

    def google_requests(self, part: str = "") -> list[dict[str, Any]]:
        requests = self.google.control("requests")["requests"]
        return [request for request in requests if part in request["path"]]


def settings_for(url: str, google: RunningGoogle, data: Path, **given: Any) -> Settings:
    defaults: dict[str, Any] = {
        "keys": base64.b64encode(bytes(range(32))).decode(),
        "base_url": url,
        "google_client_id": "demo-client",
        "google_client_secret": "demo-secret",
        "allowed_emails": "alice@example.com,bob@example.com",
        "data": data,
        "cron_secret": f"{CRON_SECRET},{OLDER_CRON_SECRET}",
        "google_api_url": google.url,
        "google_auth_url": f"{google.url}/o/oauth2/v2/auth",
        "google_token_url": f"{google.url}/token",
        "google_revoke_url": f"{google.url}/revoke",
        "google_certs_url": f"{google.url}/oauth2/v3/certs",
        "google_userinfo_url": f"{google.url}/oauth2/v3/userinfo",
    }
    return load_settings(env_file=None, **(defaults | given))


def database_in(data: Path) -> dict[str, str]:
    """The setting of a fresh PostgreSQL database, or none where it is a file in `data`, which is made unless it is there."""
    if databases.is_postgres():
        return {"database_url": databases.emptied_database()}
    if not (data / MIRROR).exists():
        data.mkdir(parents=True, exist_ok=True)
        (data / MIRROR).write_bytes(migrated_file())
    return {}


@contextlib.contextmanager
def running_site(
    google: RunningGoogle,
    data: Path,
    *,
    push: bool = False,
    worker: bool = False,
    change: Callable[[Engine], Engine] = lambda engine: engine,
    spans: Spans | None = None,
    **given: Any,
) -> Iterator[Site]:
    """Serve until the block ends. `push`: with a webhook address; `worker`: with the scheduler at work."""
    listener = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    if push:
        given["webhook_base_url"] = url
    settings = settings_for(url, google, data, **(database_in(data) | given))
    ready, failure = threading.Event(), []
    site: list[Site] = []
    stop: list[Callable[[], object]] = []

    async def main() -> None:
        clock, over = MovableClock(), asyncio.Event()
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(over.set))
        background, watch = Background(), new_watch(spans)
        async with opened_engine(settings, watch=watch) as opened:
            engine = change(replace(opened, clock=clock))
            app = create_app(
                engine,
                settings,
                spawn=background.spawn,
                authorize_url=ConsentAddress(settings),
                render_metrics=Metrics(watch.figures, engine.store, clock, fresh_s=0.0).render,
            )
            jobs = working(engine, settings) if worker else contextlib.nullcontext()
            async with serving(AccessLog(app, watch), listener), jobs:
                site.append(Site(url, settings, engine, clock, google, app, loop))
                ready.set()
                await over.wait()
            await background.close()

    def run() -> None:
        try:
            uvloop.run(main())
        except BaseException as error:  # noqa: BLE001 - told to the thread that waits
            failure.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="site", daemon=True)
    thread.start()
    assert ready.wait(WITHIN_S)
    if failure:
        listener.close()
        raise failure[0]
    try:
        yield site[0]
    finally:
        for client in [*site[0].clients, *site[0].lasting]:
            client.close()
        stop[0]()
        thread.join(WITHIN_S)
        if failure:
            raise failure[0]


@dataclass(frozen=True)
class Frame:
    """One event of a stream, as the WHATWG algorithm reads it."""

    event: str
    data: str
    id: str | None

    @property
    def body(self) -> Any:
        return json.loads(self.data)


@dataclass
class Stream:
    """A whole stream, read to its end."""

    status: int
    headers: httpx.Headers
    text: str
    frames: list[Frame]

    def of(self, event: str) -> list[Any]:
        return [frame.body for frame in self.frames if frame.event == event]

    def words(self) -> list[str]:
        return [frame.event for frame in self.frames]

    def events(self) -> list[Any]:
        return [event for body in self.of("events") for event in body["events"]]


def read_frames(text: str) -> list[Frame]:
    """https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation"""
    frames: list[Frame] = []
    last_id: str | None = None
    event, data = "", []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if not line:
            if data:
                frames.append(Frame(event or "message", "\n".join(data), last_id))
            event, data = "", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            event = value
        elif name == "data":
            data.append(value)
        elif name == "id" and "\0" not in value:
            last_id = value
    return frames


def sync(
    client: httpx.Client, *calendar_ids: str, last_event_id: str | None = None, **headers: str
) -> Stream:
    """GET /calendar/sync, read to the end."""
    if last_event_id is not None:
        headers["Last-Event-ID"] = last_event_id
    address = "/calendar/sync?calendar_ids=" + ",".join(calendar_ids)
    with client.stream("GET", address, headers=headers) as response:
        text = response.read().decode()
        return Stream(response.status_code, response.headers, text, read_frames(text))
