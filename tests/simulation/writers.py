"""Our side's people: what they change through the service, drawn by chance."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from calferry.core.failure import SourceFailure
from calferry.core.intent import OnConflict
from calferry.store import intents
from calferry.sync.accept_edit import Accepted, accept
from calferry.sync.edit import Edit, EditRefused, Scope
from calferry.sync.lease import terms
from calferry.web.sent_edits import deliver
from tests.simulation.disk import is_store_down
from tests.simulation.edits import Editor
from tests.simulation.invariants import Mirrored, Row
from tests.simulation.outbox import Asked, Json, Outbox, asking, parsed
from tests.simulation.processes import Crash, Machine, Process

ASKED_AGAIN = 4
POLICIES: tuple[OnConflict, ...] = ("fail", "fail", "ours", "theirs")
SCOPES: tuple[Scope, ...] = ("this", "following", "following", "all")
OWN_ID = "ownid"


class Writers:
    """Everybody who edits through the service. `rate` is how often they do instead of somebody at Google."""

    def __init__(self, machine: Machine, outbox: Outbox, editor: Editor, dice: random.Random) -> None:
        self.machine = machine
        self.outbox = outbox
        self.checks = outbox.checks
        self.trace = outbox.trace
        self.editor = editor
        self.dice = dice
        self.rate = dice.choice((0.0, 0.0, 0.0, 0.3, 0.6))
        self.count = 0
        self.asking: list[asyncio.Task[None]] = []

    def act(self) -> asyncio.Task[None] | None:
        """Somebody does something; None where nobody can."""
        calendars = [calendar for calendar in self.checks.calendars.values() if calendar.projection_id]
        if not calendars:
            return None
        calendar = self.dice.choice(calendars)
        verb: Callable[..., Any] = self.dice.choices(list(VERBS), list(VERBS.values()))[0]
        self.trace.hit(f"write {verb.__name__}")
        self.trace.note(f"write {verb.__name__} {calendar.google_id}")
        edits = verb(self, calendar)
        if not edits:
            return None
        self.asking.append(asyncio.create_task(self.ask_for(edits)))
        return self.asking[-1]

    def is_anybody_waiting(self) -> bool:
        """Whether somebody has not been answered yet."""
        return any(not task.done() for task in self.asking)

    async def ask_for(self, edits: list[Edit]) -> None:
        """One edit after the other, faster than Google can be told."""
        for edit in edits:
            await self.ask(self.with_manners(edit))

    def with_manners(self, edit: Edit) -> Asked:
        if edit.kind != "insert" and self.dice.random() < 0.05:
            edit = replace(edit, if_match=self.dice.choice(('"1"', "*", '"pending-1"')))
        edit = replace(
            edit,
            on_conflict=self.dice.choice(POLICIES),
            send_updates=self.dice.choice(("none", "all", "externalOnly")),
        )
        self.count += 1
        return Asked(edit, f"key {self.count}" if self.dice.random() < 0.6 else None)

    async def ask(self, asked: Asked) -> None:
        """Ask, and ask again under the same key where nobody learned what became of it."""
        repeats = self.dice.random() < 0.2
        for _ in range(ASKED_AGAIN):
            process = self.machine.any()
            if process is None:
                await self.machine.pause(3.0)
                continue
            ids = await self.answered(process, asked)
            if ids is not None:
                self.outbox.check_key(asked, ids)
                process.spawn(self.deliver(process, asked.edit.user_id, ids), "edit")
                if not repeats:
                    return
                repeats = False
                self.trace.hit("write the same again")
            if asked.key is None:
                return
            await self.machine.pause(self.dice.random() * 3.0)

    async def answered(self, process: Process, asked: Asked) -> tuple[str, ...] | None:
        """What it led to; None where that is not known, or it was refused."""
        try:
            accepted: Accepted = await process.spawn(self.accept(process, asked), "accept")
        except EditRefused as refused:
            self.trace.hit(f"write refused {refused.code}")
            return None
        except SourceFailure:
            self.trace.hit("write refused by Google")
            return None
        except BaseException as error:
            if not isinstance(error, Crash) and not process.is_dead and not is_store_down(error):
                raise
            if is_ending():
                raise
            self.trace.hit("write with no answer")
            return None
        return accepted.intent_ids

    async def accept(self, process: Process, asked: Asked) -> Accepted:
        asking.set(asked)
        return await accept(process.engine, asked.edit, asked.key)

    async def deliver(self, process: Process, user_id: int, ids: tuple[str, ...]) -> None:
        await deliver(process.web, user_id, ids, asyncio.Event())

    # What they want

    def rows(self, calendar: Mirrored) -> list[Row]:
        rows = self.checks.rows.get(calendar.projection_id or 0, {})
        return [row for row in rows.values() if row.is_live]

    def some_id(self, calendar: Mirrored) -> str | None:
        """An event that the person sees; one lately edited more often than others."""
        own = [
            row.event_id
            for row in self.outbox.rows.values()
            if row.calendar_id == calendar.id and row.kind != "delete"
        ]
        if own and self.dice.random() < 0.35:
            return self.dice.choice(own[-4:])
        rows = self.rows(calendar)
        return self.dice.choice(rows).event_id if rows else None

    def some_occurrence(self, calendar: Mirrored) -> str | None:
        """An occurrence, stored or not, or a series."""
        there = self.outbox.google.world.calendars[calendar.google_id]
        found = self.editor.occurrence(there) if self.dice.random() < 0.8 else None
        return found or self.some_id(calendar)

    def title(self) -> str:
        self.count += 1
        return f"ours {self.count}"

    def on(self, calendar: Mirrored, kind: Any, event_id: str | None, **body: Any) -> list[Edit]:
        if event_id is None and kind != "insert":
            return []
        return [Edit(calendar.user_id, calendar.id, kind, event_id, body)]

    def insert(self, calendar: Mirrored) -> list[Edit]:
        return self.on(calendar, "insert", None, summary=self.title(), **self.editor.times())

    def insert_series(self, calendar: Mirrored) -> list[Edit]:
        body = {"summary": self.title(), "recurrence": [self.editor.rule()], **self.editor.times()}
        return self.on(calendar, "insert", None, **body)

    def insert_own_id(self, calendar: Mirrored) -> list[Edit]:
        """A person chooses the id; sometimes one that is taken."""
        event_id = f"{OWN_ID}{self.dice.randrange(20):02}"
        return self.on(calendar, "insert", None, id=event_id, summary=self.title(), **self.editor.times())

    def insert_with_guests(self, calendar: Mirrored) -> list[Edit]:
        body = {"summary": self.title(), "attendees": self.guests([]), **self.editor.times()}
        return self.on(calendar, "insert", None, **body)

    def guests(self, known: list[Json]) -> list[Json]:
        number = self.dice.randrange(4)
        return [*({"email": guest["email"]} for guest in known), {"email": f"guest{number}@example.net"}]

    def rename(self, calendar: Mirrored) -> list[Edit]:
        return self.on(calendar, "patch", self.some_id(calendar), summary=self.title())

    def relocate(self, calendar: Mirrored) -> list[Edit]:
        name = self.dice.choice(("location", "description"))
        value = self.dice.choice((None, self.title(), self.title()))
        return self.on(calendar, "patch", self.some_id(calendar), **{name: value})

    def move(self, calendar: Mirrored) -> list[Edit]:
        return self.on(calendar, "patch", self.some_id(calendar), **self.editor.times())

    def invite(self, calendar: Mirrored) -> list[Edit]:
        event_id = self.some_id(calendar)
        row = self.checks.rows.get(calendar.projection_id or 0, {}).get(event_id or "")
        known = parsed(row.raw).get("attendees", []) if row is not None else []
        return self.on(calendar, "patch", event_id, attendees=self.guests(known))

    def put(self, calendar: Mirrored) -> list[Edit]:
        """The event as another program would write it: without what that does not know."""
        rows = [row for row in self.rows(calendar) if row.series_id is None]
        if not rows:
            return []
        row = self.dice.choice(rows)
        seen = parsed(row.raw)
        body = {name: seen[name] for name in ("start", "end", "recurrence") if name in seen}
        return self.on(calendar, "update", row.event_id, summary=self.title(), **body)

    def delete(self, calendar: Mirrored) -> list[Edit]:
        return self.on(calendar, "delete", self.some_id(calendar))

    def of_series(self, calendar: Mirrored) -> list[Edit]:
        """An edit of one occurrence, of the rest, or of all."""
        event_id, scope = self.some_occurrence(calendar), self.dice.choice(SCOPES)
        self.trace.hit(f"write scope {scope}")
        if self.dice.random() < 0.25:
            found = self.on(calendar, "delete", event_id)
        elif self.dice.random() < 0.25:
            found = self.on(calendar, "patch", event_id, **self.editor.times())
        else:
            found = self.on(calendar, "patch", event_id, summary=self.title())
        return [replace(edit, scope=scope) for edit in found]

    def quickly(self, calendar: Mirrored) -> list[Edit]:
        """Several edits of one event in succession."""
        event_id = self.some_occurrence(calendar)
        edits: list[Edit] = []
        for _ in range(self.dice.randrange(2, 5)):
            name = self.dice.choice(("summary", "summary", "location", "description"))
            edits += self.on(calendar, "patch", event_id, **{name: self.title()})
        return edits + (self.on(calendar, "delete", event_id) if self.dice.random() < 0.2 else [])

    def unseen(self, calendar: Mirrored) -> list[Edit]:
        """Two edits in succession, of which the second is about what somebody at Google has just changed."""
        event_id = self.some_id(calendar)
        if event_id is None:
            return []
        first, second = self.dice.sample(("summary", "location", "description"), 2)
        self.editor.come_first(calendar.google_id, event_id, second)
        names = self.dice.choice(((first, second), (second, first), (first, first, second)))
        return [
            edit for name in names for edit in self.on(calendar, "patch", event_id, **{name: self.title()})
        ]

    def cancel(self, _: Mirrored) -> list[Edit]:
        """Somebody takes an edit back."""
        process = self.machine.any()
        pending = [row for row in self.outbox.rows.values() if row.status == "pending"]
        if process is not None and pending:
            row = self.dice.choice(pending)
            process.spawn(self.take_back(process, row.user_id, row.id), "cancel")
        return []

    async def take_back(self, process: Process, user_id: int, intent_id: str) -> None:
        lease, now_ms = terms(process.engine), process.engine.clock.now_ms()

        def work(connection: Connection) -> None:
            intent = intents.load(connection, user_id, intent_id)
            if intent is not None and intents.cancel(connection, user_id, intent_id, lease, now_ms):
                intents.rebase(connection, intent, intent.base_raw, intent.base_etag)

        try:
            await process.engine.store.write(work)
        except Exception as error:
            if not is_store_down(error):
                raise

    def reuse_key(self, calendar: Mirrored) -> list[Edit]:
        """Another request under a key that is known."""
        process, keys = self.machine.any(), list(self.outbox.by_key)
        if process is not None and keys:
            user_id, key = self.dice.choice(keys)
            edit = Edit(
                user_id, calendar.id, "insert", None, {"summary": self.title(), **self.editor.times()}
            )
            process.spawn(self.refused(process, Asked(edit, key)), "key reused")
        return []

    async def refused(self, process: Process, asked: Asked) -> None:
        first = self.outbox.by_key[asked.edit.user_id, asked.key or ""]
        await self.answered(process, asked)
        if asked.ids and first[0] in self.outbox.rows:
            self.outbox.violated("INV-12", f"another request under {asked.key} was accepted")


def is_ending() -> bool:
    """Whether the task that asks is itself to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


VERBS: dict[Callable[..., list[Edit]], int] = {
    Writers.insert: 6,
    Writers.insert_series: 3,
    Writers.insert_own_id: 3,
    Writers.insert_with_guests: 2,
    Writers.rename: 8,
    Writers.relocate: 5,
    Writers.move: 4,
    Writers.invite: 3,
    Writers.put: 5,
    Writers.delete: 6,
    Writers.of_series: 16,
    Writers.quickly: 5,
    Writers.unseen: 5,
    Writers.cancel: 2,
    Writers.reuse_key: 1,
}
