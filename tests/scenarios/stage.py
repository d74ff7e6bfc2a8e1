"""A stage for scenarios: one service, one local Google, and looks at both; times are virtual."""

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

from sqlalchemy import select, update

from calferry import google
from calferry.duties.flush_intents import flush_intents
from calferry.duties.poll_stale import due_now
from calferry.jobs.scheduler import run_due
from calferry.store import event_reads
from calferry.store.tables import (
    accounts,
    calendars,
    changes,
    channels,
    conflicts,
    events,
    intents,
    quarantine,
    sync_states,
)
from calferry.sync.accept_edit import accept
from calferry.sync.calendar_list import refresh_calendar_list
from calferry.sync.edit import Edit
from calferry.sync.overlay import event_of as event_shown
from calferry.sync.push_messages import receive
from calferry.sync.report import Report
from calferry.sync.run_calendar import run_calendar
from calferry.sync.verify import verify_calendar
from tests.harness.ports import EPOCH_MS, VirtualClock
from tests.harness.service import WEBHOOK, LocalGoogle, Service
from tests.harness.virtual_loop import run_virtually

Json = dict[str, Any]
ALICE = "alice@example.com"
DAY_MS = 86_400_000
MONDAY = "2026-09-28"
SEND_EVERY_S = 5.0


class Stage:
    """Alice's account, mirrored. `user` is who acts at Google, `calendar_id` the calendar looked at."""

    def __init__(
        self, *, seed: Json | None = None, webhook: str | None = WEBHOOK, seed_number: int = 1
    ) -> None:
        self.clock = VirtualClock()
        self.dice = random.Random(seed_number)
        self.google = LocalGoogle(self.clock, self.dice, seed)
        self.service = Service(self.google, self.clock, self.dice, webhook=webhook)
        self.engine = self.service.engine
        self.account_id = ""
        self.calendar_id = ""
        self.google_id = ALICE
        self.requests_seen = 0
        self.writes_seen = 0
        self.changes_seen = 0

    async def connect(self, user: str = ALICE, calendar: str = "", *, selected: bool = True) -> None:
        """Sign in and select the calendar; what was asked and logged so far is forgotten."""
        self.account_id = await self.service.sign_in(user)
        await self.look_at(calendar or user)
        if selected:
            await self.change(calendars, self.calendar_id, selected=True)
        self.asked()
        await self.logged()

    async def look_at(self, google_id: str) -> str:
        self.google_id = google_id
        found = select(calendars.c.id).where(
            calendars.c.google_id == google_id, calendars.c.account_id == self.account_id
        )
        self.calendar_id = str((await self.rows(found))[0].id)
        return self.calendar_id

    def call(self, method: str, path: str, body: Any = None, user: str = ALICE) -> Any:
        return self.google.call(method, f"/calendar/v3/{path}", body, user=user)

    def control(self, name: str, body: Json | None = None) -> Any:
        return self.google.call("POST", f"/_emulator/{name}", body or {})

    def events_path(self, event_id: str = "") -> str:
        return f"calendars/{self.google_id}/events" + (f"/{event_id}" if event_id else "")

    def add(self, event: str | Json, user: str = ALICE) -> Json:
        """Somebody makes an event: a name is enough, `day` counts from a Monday."""
        return dict(self.call("POST", self.events_path(), event_of(event), user))

    def add_many(self, count: int, prefix: str = "event") -> list[str]:
        return [self.add({"id": f"{prefix}{n:05d}", "day": n % 300})["id"] for n in range(count)]

    def patch(self, event_id: str, body: Json) -> Json:
        return dict(self.call("PATCH", self.events_path(event_id), body))

    def delete(self, event_id: str) -> None:
        self.call("DELETE", self.events_path(event_id))

    def plant(self, *planted: Json) -> None:
        """Events exactly as given, whatever Google's own rules for new ones."""
        self.control("seed", {"events": {self.google_id: [event_of(one) for one in planted]}})

    def at_google(self, event_id: str) -> Json:
        return dict(self.call("GET", self.events_path(event_id)))

    def names_at_google(self) -> list[str]:
        """Summaries of the calendar's living events."""
        items = self.call("GET", self.events_path())["items"]
        return sorted(item.get("summary", "") for item in items)

    def faults(self, *faults: Json) -> None:
        self.google.faults(*faults)

    async def edit(
        self,
        kind: Any,
        event_id: str | None = None,
        body: Json | None = None,
        *,
        key: Any = None,
        **terms: Any,
    ) -> list[str]:
        """A person's edit is accepted here; ids of its intents. Raises `EditRefused`."""
        user_id = (await self.account()).user_id
        told = event_of(body or {}) if kind == "insert" else body or {}
        edit = Edit(user_id, self.calendar_id, kind, event_id, told, **terms)
        return list((await accept(self.engine, edit, key)).intent_ids)

    async def send(self, seconds: float = 0, service: Service | None = None) -> list[str]:
        """Send what is due, now and for that long; what became of all edits so far, oldest first."""
        engine, step_s = (service or self.service).engine, max(SEND_EVERY_S, seconds / 100)
        for _ in range(1 + int(seconds / step_s)):
            await flush_intents(engine)
            await self.clock.sleep(step_s if seconds else 0)
        return [row.status for row in await self.intent_rows()]

    async def edited(
        self, kind: str, event_id: str | None = None, body: Json | None = None, **terms: Any
    ) -> str:
        """An edit is accepted and sent; what became of its last intent."""
        await self.edit(kind, event_id, body, **terms)
        return (await self.send())[-1]

    async def intent_rows(self) -> list[Any]:
        return await self.rows(select(intents).order_by(intents.c.number))

    async def conflict_rows(self) -> list[Any]:
        return await self.rows(select(conflicts).order_by(conflicts.c.created_at))

    async def shown(self, event_id: str) -> Any:
        """The event as readers see it, None where they see none."""
        user_id = (await self.account()).user_id

        def look(connection: Any) -> Any:
            readable = event_reads.readable_one(connection, user_id, self.calendar_id)
            return None if readable is None else event_shown(connection, readable, event_id)

        found = await self.service.store.read(look)
        return None if found is None or found.status == "cancelled" else found

    def another(self, name: str = "another") -> Service:
        """A second process on the same database."""
        return Service(self.google, self.clock, self.dice, store=self.service.store, owner=name)

    def grant_role(self, role: str, user: str, google_id: str) -> None:
        """Change somebody's role without what the local Google does to sync tokens on its own."""
        calendar = self.google.emulator.world.calendars[google_id]
        calendar.acl[f"user:{user}"] = role

    async def run(self, **terms: Any) -> Report:
        """One run, at least a second after the last."""
        await self.clock.sleep(1)
        return await run_calendar(self.engine, self.calendar_id, **terms)

    async def done(self, **terms: Any) -> Report:
        report = await self.run(**terms)
        assert report.outcome == "done", report
        return report

    async def refresh_list(self, *, full: bool = False) -> Any:
        await self.clock.sleep(1)
        return await refresh_calendar_list(self.engine, self.account_id, full=full)

    async def scan(self, seconds: float = 0) -> int:
        """Run whatever is due, as the scheduler would, for that long; returns how many runs there were."""
        ends_at, runs = self.clock.now_ms() + int(seconds * 1000), 0
        while True:
            found = await due_now(self.engine, per_account=5)
            for item in found.items:
                await run_due(self.engine, item)
                runs += 1
            left_s = (ends_at - self.clock.now_ms()) / 1000
            if left_s <= 0:
                return runs
            wait_s = left_s if found.next_s is None else max(found.next_s, 2.0)
            await self.clock.sleep(min(2.0 if found.items else wait_s, left_s))

    async def deliver(self) -> int:
        return await self.service.deliver()

    async def push(self, state: str = "exists", **overrides: Any) -> str:
        """Post a message of the newest channel, altered; returns what was thought of it."""
        row = (await self.channel_rows())[-1]
        opened = self.google.emulator.world.channels.open.get(row.id)
        fields = {
            "channel_id": row.id,
            "resource_id": row.resource_id or "",
            "resource_state": state,
            "channel_token": opened.token if opened else None,
        }
        if "token" in overrides:
            overrides["channel_token"] = overrides.pop("token")
        return await receive(self.engine, google.Notification(**{**fields, **overrides}))

    def open_channels(self) -> list[str]:
        """Channels that Google would deliver to."""
        now = self.google.emulator.now()
        found = self.google.emulator.world.channels.open.values()
        return [channel.id for channel in found if channel.expires_at > now]

    async def rows(self, statement: Any) -> list[Any]:
        return await self.service.rows(statement)

    async def change(self, table: Any, row_id: str, **values: Any) -> None:
        statement = update(table).where(table.c.id == row_id).values(values)
        await self.service.store.write(lambda tx: tx.execute(statement))

    async def state(self, state_id: str = "") -> Any:
        found = select(sync_states).where(sync_states.c.id == (state_id or self.calendar_id))
        return (await self.rows(found))[0]

    async def calendar(self, calendar_id: str = "") -> Any:
        found = select(calendars).where(calendars.c.id == (calendar_id or self.calendar_id))
        return (await self.rows(found))[0]

    async def account(self) -> Any:
        return (await self.rows(select(accounts).where(accounts.c.id == self.account_id)))[0]

    async def event_rows(self) -> dict[str, Any]:
        """Rows that readers see, by event id."""
        calendar = await self.calendar()
        found = select(events).where(events.c.projection_id == calendar.projection_id)
        return {row.event_id: row for row in await self.rows(found)}

    async def live(self) -> list[str]:
        return sorted(i for i, row in (await self.event_rows()).items() if row.status != "cancelled")

    async def quarantined(self) -> list[Any]:
        return await self.rows(
            select(quarantine).where(quarantine.c.calendar_id == self.calendar_id).order_by(quarantine.c.id)
        )

    async def channel_rows(self, *states: str) -> list[Any]:
        found = (
            select(channels).where(channels.c.resource == self.calendar_id).order_by(channels.c.created_at)
        )
        return [row for row in await self.rows(found) if not states or row.state in states]

    async def logged(self) -> list[str]:
        """Entries of the change log since the last look, as `kind event`."""
        found = (
            select(changes).where(changes.c.id > self.changes_seen).order_by(changes.c.user_id, changes.c.id)
        )
        entries = await self.rows(found)
        self.changes_seen = max([self.changes_seen, *(row.id for row in entries)])
        return [f"{row.kind} {row.event_id or row.calendar_id}" for row in entries]

    def asked(self) -> list[Json]:
        """Requests of the service since the last look."""
        everything = self.google.requests()
        fresh = [one for one in everything[self.requests_seen :] if one["api_method"] in WATCHED]
        self.requests_seen = len(everything)
        return fresh

    def written(self) -> list[Json]:
        """Writes of events by the service since the last look: those of others do not name `sendUpdates`."""
        everything = self.google.requests()
        fresh = [one for one in everything[self.writes_seen :] if "sendUpdates" in one["query"]]
        self.writes_seen = len(everything)
        return fresh

    def asked_methods(self) -> dict[str, int]:
        return dict(Counter(one["api_method"] for one in self.asked()))

    async def assert_equal(self) -> None:
        """The mirror is what Google has; the look itself is not counted among the requests."""
        seen = self.requests_seen
        before = len(self.google.requests())
        verification = await verify_calendar(self.engine, self.calendar_id)
        assert verification.equal, verification
        self.requests_seen = seen + len(self.google.requests()) - before if seen == before else seen


WATCHED = frozenset(
    {
        "events.list",
        "events.instances",
        "events.watch",
        "channels.stop",
        "calendarList.list",
        "token",
        "revoke",
    }
)


def event_of(event: str | Json) -> Json:
    """Google's JSON of an event told in short: `{"id", "day", "date", "weekly"…}`."""
    told = {"id": event} if isinstance(event, str) else dict(event)
    day = int(told.pop("day", 0))
    if "start" not in told and told.get("status") != "cancelled":
        month, date = divmod(day, 28)
        year, month = divmod(9 + month, 12)
        stamp = f"{2026 + year}-{month + 1:02d}-{date + 1:02d}"
        told |= {
            "start": {"dateTime": f"{stamp}T10:00:00", "timeZone": "Europe/Berlin"},
            "end": {"dateTime": f"{stamp}T11:00:00", "timeZone": "Europe/Berlin"},
        }
    told.setdefault("summary", told.get("id", "event"))
    return told


Alter = Callable[[google.WireRequest, google.WireResponse], google.WireResponse]


class AlteringTransport:
    """Answers changed on their way; `alter` sees requests whose method the local Google names so."""

    def __init__(self, inner: google.Transport, alter: Alter) -> None:
        self.inner = inner
        self.alter = alter

    async def send(self, request: google.WireRequest) -> google.WireResponse:
        return self.alter(request, await self.inner.send(request))


def replacing(*pairs: tuple[bytes, bytes]) -> Alter:
    """Changes bytes of the bodies of successful event listings."""

    def alter(request: google.WireRequest, response: google.WireResponse) -> google.WireResponse:
        body = response.body
        if "/events?" in request.url and response.status == 200:
            for old, new in pairs:
                body = body.replace(old, new)
        return google.WireResponse(response.status, response.headers, body)

    return alter


def staged(
    *, page_size: int | None = None, connected: bool = True, **options: Any
) -> Callable[[Callable[[Stage], Awaitable[None]]], Callable[[], None]]:
    """A test of a coroutine that gets a stage. `page_size`: events a page, in both modes."""

    def decorate(act: Callable[[Stage], Awaitable[None]]) -> Callable[[], None]:
        async def play() -> None:
            stage = Stage(**options)
            if connected:
                await stage.connect()
            await act(stage)

        def test() -> None:
            with ExitStack() as limits:
                set_page_size(limits, page_size)
                run_virtually(play())

        test.__name__, test.__doc__, test.__module__ = act.__name__, act.__doc__, act.__module__
        return test

    return decorate


def set_page_size(limits: ExitStack, page_size: int | None) -> None:
    if page_size is not None:
        for name in ("SERIES_PAGE_SIZE", "INSTANCES_PAGE_SIZE"):
            limits.enter_context(patch(f"calferry.core.sync_state.{name}", page_size))


def day_ms(days: float) -> int:
    return EPOCH_MS + int(days * DAY_MS)


Columns = Mapping[str, Any]
