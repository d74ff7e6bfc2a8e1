"""The course of one run: a storm of edits, faults and crashes, then quiet."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from calferry import google
from calferry.core.model import AccountId, Mode
from calferry.duties.poll_stale import sync_calendars
from calferry.store import channels, retention
from calferry.sync.accounts import connect, disconnect
from calferry.sync.calendar_list import refresh_calendar_list
from calferry.sync.change_mode import change_mode
from calferry.sync.watch import open_channel
from tests.harness.ports import EPOCH_MS
from tests.simulation.disk import StoreDown, is_store_down, the_disk
from tests.simulation.edits import Editor
from tests.simulation.endings import Ending
from tests.simulation.faults import Weather
from tests.simulation.invariants import Invariants
from tests.simulation.outbox import Outbox
from tests.simulation.processes import UNTOUCHED_STEPS, Crash, Machine, Process, is_crash
from tests.simulation.readers import Reader
from tests.simulation.trace import Trace
from tests.simulation.world import SimulatedGoogle
from tests.simulation.writers import Writers

DEADLINE_S = 420.0
LOOK_AGAIN_S = 4.0
REQUESTS_MAX = 6_000
DAY_MS = 86_400_000
STEPS_TO_LIVE = 400
GUARDED = (
    "SELECT s.guarded_at IS NULL AND ? <= CASE WHEN s.pass_projection_id = c.projection_id THEN s.pass_live ELSE "
    "(SELECT count(*) FROM events e WHERE e.projection_id = c.projection_id AND e.status != 'cancelled') END "
    "FROM sync_states s JOIN calendars c ON c.id = s.id JOIN accounts a ON a.id = c.account_id "
    "WHERE c.google_id = ? AND a.email = ?"
)
"""Whether so many live rows stand against the pass: those of its projection, or of the one it is to replace."""
SERIES_MEDDLED_WITH = 0.4
"""How often a change between two pages is one of a series: what an earlier page told of its occurrences may be over then."""
REMEMBERED_S = 6.0
"""In which time a living process that is not held up writes what it remembers."""


class Simulation:
    """The run of one seed. `guard`: how many live rows make the sweep guard look."""

    def __init__(self, seed: str, trace: Trace, guard: int) -> None:
        self.trace = trace
        self.dice = random.Random(f"{seed}/driver")
        self.disk = the_disk()
        self.disk.format()
        self.google = SimulatedGoogle(random.Random(f"{seed}/world"), trace)
        self.editor = Editor(self.google, random.Random(f"{seed}/edits"))
        self.weather = Weather(self.google, trace, random.Random(f"{seed}/weather"))
        self.checks = Invariants(self.disk, self.google, trace)
        self.checks.damaged, self.checks.lies = self.weather.damaged, self.weather.lies
        self.weather.is_guarded = self.is_guarded
        self.weather.is_list_sound = self.is_list_sound
        self.weather.meddle = self.meddle
        self.outbox = Outbox(self.checks, self.google)
        self.checks.follow_edits = self.outbox.after_commit
        self.weather.carry, self.weather.slip_in = self.outbox.carry, self.editor.slip_in
        self.machine = Machine(seed, self.disk, self.weather, self.checks, trace)
        self.writers = Writers(self.machine, self.outbox, self.editor, random.Random(f"{seed}/writers"))
        self.ending = Ending(self.disk, self.google, self.weather, self.checks)
        self.ending.answered = self.machine.answered
        self.ending.edits = self.outbox.differences
        self.checks.is_well = self.machine.is_well
        self.checks.is_awake = self.machine.is_awake
        self.guard = guard
        self.skews = self.dice.random() < 0.2
        self.checks.is_clock_true = not self.skews
        self.leaves = self.dice.random() < 0.2
        self.machine.has_scheduler = self.dice.random() < 0.85
        self.expands = self.dice.random() < 0.15
        """Whether people of this run like their calendars expanded."""
        self.others: list[asyncio.Task[None]] = []
        """Readers, and what follows from incidents."""
        self.waiting = 0
        """How many people wait for the service to do what they asked; it may be a process that stands still."""

    async def run(self) -> None:
        self.editor.fill(self.dice.choice((2, 8, 25)))
        self.google.refresh()
        self.machine.start()
        for email in self.google.world.people:
            await self.sign_in(email)
        await self.storm()
        await self.quiet()
        await self.end()

    async def end(self) -> None:
        """Nothing goes on after the run."""
        for process in list(self.machine.living.values()):
            process.end()
        for other in self.others:
            other.cancel()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        if rest:
            await asyncio.wait(rest, timeout=60.0)

    def is_over(self) -> bool:
        if self.google.api_requests() > REQUESTS_MAX:
            self.trace.violated("INV-6", f"more than {REQUESTS_MAX} requests")
        return self.trace.violation is not None

    def is_guarded(self, google_id: str, email: str) -> bool:
        """Whether that person's full listing under way would have to be confirmed before it removes anything."""
        found = self.disk.raw.execute(GUARDED, (self.guard, google_id, email)).fetchall()
        return bool(found) and all(row[0] for row in found)

    def meddle(self, google_id: str) -> None:
        """Somebody edits a calendar between two pages of it."""
        calendar = self.google.world.calendars.get(google_id)
        if calendar is not None and not calendar.deleted:
            self.trace.hit("meddle")
            self.editor.edit_calendar(calendar, series=self.dice.random() < SERIES_MEDDLED_WITH)

    def is_list_sound(self) -> bool:
        statement = "SELECT count(*) FROM calendars WHERE missing_since IS NOT NULL"
        return not self.disk.raw.execute(statement).fetchone()[0]

    def storm_process(self) -> None:
        self.machine.start(
            self.dice.randrange(1, STEPS_TO_LIVE) if self.dice.random() < 0.8 else UNTOUCHED_STEPS
        )

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Somebody waits; nothing is at rest before everybody has been answered."""
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1

    async def sign_in(self, email: str) -> None:
        """The person connects the account, until a process lives long enough to store it."""
        with self.asking():
            await self.sign_in_at_last(email)

    async def sign_in_at_last(self, email: str) -> None:
        while True:
            process = self.machine.any() or self.machine.start()
            self.ending.gone.discard(email)
            try:
                await process.spawn(connect(process.engine, self.google.grant(email)), "connect")
                self.ending.gone.discard(email)
                return
            except StoreDown:
                await self.machine.pause(3.0)
            except (Crash, asyncio.CancelledError):
                if not process.is_dead or is_cancelled():
                    raise

    async def storm(self) -> None:
        """Edits, faults and crashes for a while."""
        self.weather.brew()
        processes = self.dice.choice((1, 1, 2, 3))
        lasts_s = self.dice.uniform(40.0, 120.0)
        ends_at = self.machine.time() + lasts_s
        pace_s = self.dice.choice((0.7, 2.0, 5.0))
        incidents = self.incidents(lasts_s)
        for process in self.machine.living.values():
            process.crash_at = self.dice.randrange(1, STEPS_TO_LIVE)
        while self.machine.time() < ends_at and not self.is_over():
            if len(self.machine.living) < processes and self.dice.random() < 0.5:
                self.storm_process()
            while incidents and incidents[0][0] <= self.machine.time():
                await incidents.pop(0)[2]()
            if self.dice.random() < 0.15:
                self.ask()
            elif self.writers.dice.random() < self.writers.rate:
                self.write()
            else:
                self.editor.edit()
            if not self.machine.has_scheduler:
                await self.do_without_scheduler()
            if self.expands:
                await self.change_mode("instances")
            self.deliver(self.dice.random())
            await asyncio.sleep(self.dice.expovariate(1 / pace_s))

    def write(self) -> None:
        """One of our people does something."""
        task = self.writers.act()
        if task is not None:
            self.others.append(task)

    async def do_without_scheduler(self) -> None:
        """Calendar lists are read when somebody looks at them, calendars when cron calls; pages die meanwhile."""
        process = self.machine.any()
        if process and self.dice.random() < 0.3:
            for account_id in self.checks.accounts:
                work = refresh_calendar_list(process.engine, AccountId(account_id))
                process.spawn(work, "calendar list")
        await self.cron()
        if self.dice.random() < 0.3:
            self.editor.expire_pages(self.dice.choice(self.editor.calendars()))

    def incidents(self, lasts_s: float) -> list[tuple[float, int, Callable[[], Awaitable[None]]]]:
        """What befalls the service as a whole, and when."""
        kinds = [self.freeze, self.fall_silent, self.revoke, self.reconnect, self.cron, self.retire]
        kinds += [self.lose_store]
        kinds += [self.change_mode] * 2
        kinds += [self.skew] * 3 if self.skews else []
        kinds += [self.leave] * 3 if self.leaves else []
        drawn = [self.dice.choice(kinds) for _ in range(self.dice.randrange(8))]
        now = self.machine.time()
        return sorted((now + self.dice.uniform(0.0, lasts_s), n, kind) for n, kind in enumerate(drawn))

    def later(self, seconds: float, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Something that follows from an incident."""

        async def wait() -> None:
            await asyncio.sleep(seconds)
            await act()

        self.others.append(asyncio.create_task(wait()))

    def ask(self) -> None:
        """A program asks for a sync of some of a user's calendars and follows it."""
        users = sorted({calendar.user_id for calendar in self.checks.calendars.values()})
        if not users:
            return
        user_id = self.dice.choice(users)
        ids = sorted(key for key, calendar in self.checks.calendars.items() if calendar.user_id == user_id)
        chosen = tuple(calendar_id for calendar_id in ids if self.dice.random() < 0.6)
        if chosen:
            reader = Reader(self.machine, self.checks, self.trace, user_id, chosen)
            self.others.append(asyncio.create_task(reader.read()))

    async def fall_silent(self) -> None:
        """Google cannot be reached for a while."""
        self.weather.is_down = True
        self.later(self.dice.uniform(1.0, 25.0), self.recover)

    async def recover(self) -> None:
        self.weather.is_down = False

    async def freeze(self) -> None:
        """A process stops for longer than a lease lasts, and wakes up believing that nothing happened."""
        process = self.machine.any()
        if process:
            process.frozen_until = self.machine.time() + self.dice.choice((3.0, 35.0, 50.0))
            self.trace.note(f"{process.name} freezes")
            self.trace.hit("freeze")

    async def revoke(self) -> None:
        """A person takes the grant back."""
        email = self.dice.choice(list(self.google.world.people))
        self.trace.hit("revoke")
        self.take_grant_back(email)
        self.later(self.dice.uniform(0.5, 40.0), self.come_back)

    def take_grant_back(self, email: str) -> None:
        self.trace.note(f"{email} revokes")
        self.google.call("POST", "/_emulator/revoke", {"email": email})
        self.google.edit_tokens.clear()
        self.google.revoked_at[email] = self.machine.time()

    async def reconnect(self) -> None:
        """A person takes the grant back and gives another one at once."""
        email = self.dice.choice(list(self.google.world.people))
        self.trace.hit("reconnect")
        self.take_grant_back(email)
        self.ask()
        self.later(self.dice.uniform(0.0, 8.0), partial(self.sign_in_unless_gone, email))

    async def sign_in_unless_gone(self, email: str) -> None:
        statuses = {account.status for account in self.checks.accounts.values() if account.email == email}
        if email not in self.ending.gone and "closing" not in statuses:
            await self.sign_in(email)

    async def lose_store(self) -> None:
        """The store does not answer for a while."""
        self.trace.note("store down")
        self.machine.is_store_down = True
        self.later(self.dice.uniform(0.5, 12.0), self.find_store)

    async def find_store(self) -> None:
        self.trace.note("store up")
        self.machine.is_store_down, self.machine.store_down_at = False, self.machine.time()

    async def come_back(self) -> None:
        """People whose account does not work connect it again."""
        for email in self.google.world.people:
            statuses = {account.status for account in self.checks.accounts.values() if account.email == email}
            if statuses != {"active"} and "closing" not in statuses:
                self.trace.hit("sign in again")
                await self.sign_in(email)

    async def skew(self) -> None:
        """The machine's clock jumps by a day, or back."""
        self.machine.skew_ms = self.dice.choice((-DAY_MS, 0, DAY_MS))
        self.trace.note(f"clock off by {self.machine.skew_ms}")
        self.trace.hit("skew")

    async def cron(self) -> None:
        process = self.machine.any()
        if process:
            self.trace.hit("cron")
            process.spawn(self.sync_all(process), "cron")

    async def retire(self) -> None:
        """Somebody leaves or deletes a calendar as channels are being opened; what has left the lists has been gone for a
        month; then it comes back."""
        process = self.machine.any()
        if process:
            self.open_slowly(process)
            await self.machine.pause(1.0)
        if not self.editor.leave_list():
            self.editor.delete_calendar()
        if process:
            for account_id in self.checks.accounts:
                process.spawn(refresh_calendar_list(process.engine, AccountId(account_id)), "calendar list")
        self.later(self.dice.uniform(2.0, 10.0), self.erase_removed)

    def open_slowly(self, process: Process) -> None:
        """Channels of calendars that may go are renewed, which takes Google long."""
        for calendar in self.ending.mirrored():
            if calendar.google_id != calendar.email:
                self.weather.slow_watches += 1
                process.spawn(self.renew_channel(process, calendar.id), "watch")

    async def renew_channel(self, process: Process, calendar_id: str) -> None:
        now_ms = process.engine.clock.now_ms()
        live = await process.engine.store.read(lambda tx: channels.live_of(tx, calendar_id, now_ms))
        await open_channel(process.engine, calendar_id, None if live is None else live.id)

    async def erase_removed(self) -> None:
        process = self.machine.any()
        if process:
            now_ms = process.engine.clock.now_ms()
            work = partial(retention.retire_removed_calendars, removed_before_ms=now_ms, now_ms=now_ms)
            process.spawn(process.engine.store.write(work), "retire")
            self.later(2.0, self.list_again)

    async def list_again(self) -> None:
        """People put calendars that they may still see back into their lists."""
        for email, person in self.google.world.people.items():
            for calendar_id, entry in list(person.entries.items()):
                if entry.deleted and not self.google.world.calendars[calendar_id].deleted:
                    self.google.edit(email, "POST", "/users/me/calendarList", {"id": calendar_id})

    async def change_mode(self, mode: Mode | None = None) -> None:
        """A calendar is to be mirrored in that mode from now on, or in any."""
        process, calendars = self.machine.any(), sorted(self.checks.calendars)
        if process and calendars:
            self.trace.hit("mode")
            wanted: Mode = mode or self.dice.choice(("instances", "instances", "series"))
            self.trace.note(f"mode {wanted}")
            work = self.change_mode_unless_gone(process, self.dice.choice(calendars), wanted)
            process.spawn(work, "change mode")

    async def change_mode_unless_gone(self, process: Process, calendar_id: str, mode: Mode) -> None:
        """The calendar may be erased before the person is answered, who is told so then."""
        try:
            with self.asking():
                await change_mode(process.engine, calendar_id, mode)
        except LookupError as error:
            if type(error) is not LookupError or calendar_id in self.checks.calendars:
                raise
            self.trace.hit("mode of a calendar that went")

    async def sync_all(self, process: Process) -> None:
        report = await sync_calendars(process.engine)
        if report.total != report.successful + report.incomplete + report.failed or report.incomplete < 0:
            self.trace.violated("INV-34", str(report))

    async def leave(self) -> None:
        """A person disconnects the account."""
        process = self.machine.any()
        accounts = sorted(self.checks.accounts)
        if process and accounts:
            account = self.checks.accounts[self.dice.choice(accounts)]
            self.trace.note(f"{account.email} disconnects")
            self.trace.hit("disconnect")
            self.ending.gone.add(account.email)
            self.others.append(asyncio.create_task(self.disconnect(account.id)))
            if self.dice.random() < 0.5:
                self.later(self.dice.uniform(0.5, 20.0), self.come_back)

    async def disconnect(self, account_id: str) -> None:
        """The person asks again until it is done."""
        with self.asking():
            await self.disconnect_at_last(account_id)

    async def disconnect_at_last(self, account_id: str) -> None:
        while account_id in self.checks.accounts:
            process = self.machine.any()
            try:
                if process is not None:
                    await process.spawn(disconnect(process.engine, account_id), "disconnect")
                    return
            except StoreDown:
                pass
            except (Crash, asyncio.CancelledError):
                if process is None or not process.is_dead or is_cancelled():
                    raise
            await self.machine.pause(3.0)

    def deliver(self, chance: float) -> None:
        """The notifications that wait: delivered, delivered twice, late, in another order, or lost."""
        waiting = self.google.emulator.take_deliveries()
        if chance > 0.8:
            self.dice.shuffle(waiting)
        for delivery in waiting:
            process = self.machine.any()
            if process is None or chance < 0.3:
                self.trace.hit("push lost")
                continue
            self.trace.hit("push")
            process.spawn(self.push(process, delivery, 30.0 if chance < 0.4 else 0.0), "push")
            if chance > 0.9:
                self.trace.hit("push twice")
                process.spawn(self.push(process, delivery, self.dice.random()), "push")

    async def push(self, process: Process, delivery: Any, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        notification = google.read_notification(delivery.headers)
        assert notification is not None
        calendar_id = self.heard_by(notification)
        before, marks = process.pushes.counters.late, self.marks_of(calendar_id)
        await process.pushes.take(notification)
        if calendar_id is None:
            return
        if process.pushes.counters.late == before:
            self.check_marked(calendar_id, marks)
        else:
            self.trace.hit("push while the store is slow")
            self.later(REMEMBERED_S, partial(self.check_remembered, process, calendar_id, marks))

    def heard_by(self, notification: google.Notification) -> str | None:
        """The calendar that this message must mark: its channel is open and the message is right."""
        found = self.disk.raw.execute(
            "SELECT resource FROM channels WHERE id = ? AND state = 'active' AND resource_id = ?",
            (notification.channel_id, notification.resource_id),
        ).fetchone()
        calendar = self.checks.calendars.get(found[0]) if found else None
        is_news = notification.resource_state == "exists"
        if calendar is None or not is_news or calendar.removed_at is not None or self.skews:
            return None
        statuses = [each.status for each in self.checks.accounts.values() if each.email == calendar.email]
        return calendar.id if statuses == ["active"] else None

    def marks_of(self, calendar_id: str | None) -> int:
        state = self.checks.states.get(calendar_id or "")
        return state.dirty_seq if state else -1

    def check_marked(self, calendar_id: str, before: int) -> None:
        """What was acknowledged has left a mark, unless the calendar or its account went meanwhile."""
        calendar = self.checks.calendars.get(calendar_id)
        accounts = [
            each for each in self.checks.accounts.values() if calendar and each.email == calendar.email
        ]
        is_there = calendar is not None and calendar.removed_at is None
        is_kept = is_there and [each.status for each in accounts] == ["active"]
        if is_kept and self.marks_of(calendar_id) <= before:
            self.trace.violated("INV-20", f"a notification for {calendar_id} has left no mark")

    async def check_remembered(self, process: Process, calendar_id: str, before: int) -> None:
        """A process that lives writes what it heard as soon as the store is there again."""
        while self.machine.time() - self.machine.store_down_at < REMEMBERED_S or self.machine.is_store_down:
            await self.machine.pause(REMEMBERED_S)
        if self.machine.is_awake(process.name):
            self.check_marked(calendar_id, before)

    async def quiet(self) -> None:
        """Nothing goes wrong any more: everything must come right before the deadline."""
        self.trace.note("quiet")
        self.weather.calm()
        if self.machine.is_store_down:
            await self.find_store()
        for process in self.machine.living.values():
            process.crash_at = UNTOUCHED_STEPS
            process.frozen_until = min(process.frozen_until, self.machine.time())
        self.machine.has_scheduler = True
        if not self.machine.living:
            self.machine.start()
        await self.settle_clock()
        ends_at = self.machine.time() + DEADLINE_S
        problem = "nothing was looked at"
        while self.machine.time() < ends_at and not self.is_over():
            self.google.emulator.take_deliveries()
            await self.come_back_unless_gone()
            self.select_every_calendar()
            self.forget_other_clocks()
            waiting = self.waiting or self.writers.is_anybody_waiting()
            problem = "somebody still waits" if waiting else self.ending.difference()
            if not problem:
                await self.check_every_calendar()
                self.ending.check_channels()
                return
            await asyncio.sleep(LOOK_AGAIN_S)
        self.trace.violated("INV-1", problem)

    async def settle_clock(self) -> None:
        """Back to the true time; what waits for a time of the other clock is late by a day, which is allowed."""
        if self.skews:
            self.machine.skew_ms = 0
            process = self.machine.any()
            assert process is not None
            await process.spawn(process.engine.store.write(make_due), "a day passes")

    async def come_back_unless_gone(self) -> None:
        for email in self.google.world.people:
            statuses = {account.status for account in self.checks.accounts.values() if account.email == email}
            if statuses not in ({"active"}, {"closing"}) and email not in self.ending.gone:
                await self.sign_in(email)

    def forget_other_clocks(self) -> None:
        """Who was frozen while the clock was wrong may write times of it much later."""
        if self.skews:
            tomorrow_ms = EPOCH_MS + int(self.machine.time() * 1000) + DAY_MS // 2
            for column in ("next_due_at", "not_before_at"):
                self.set_by_hand(f"UPDATE sync_states SET {column} = 0 WHERE {column} > ?", tomorrow_ms)

    def select_every_calendar(self) -> None:
        self.set_by_hand(
            "UPDATE sync_states SET next_due_at = 0 WHERE status = 'idle' AND next_due_at IS NULL"
        )
        self.set_by_hand("UPDATE calendars SET selected = 1 WHERE NOT selected")

    def set_by_hand(self, statement: str, *values: Any) -> None:
        """What the run itself changes is not to be taken for the doing of the next transaction."""
        self.disk.raw.execute(statement, values)
        self.checks.read_states()

    async def check_every_calendar(self) -> None:
        process = self.machine.any()
        assert process is not None
        for calendar in self.ending.mirrored():
            await process.spawn(self.ending.check_calendar(process, calendar), "last checks")


def is_cancelled() -> bool:
    """Whether the task that asks is itself to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def make_due(connection: Any) -> None:
    connection.exec_driver_sql("UPDATE sync_states SET next_due_at = 0 WHERE next_due_at IS NOT NULL")
    connection.exec_driver_sql("UPDATE sync_states SET guarded_at = 0 WHERE guarded_at IS NOT NULL")


def noted(trace: Trace) -> Any:
    """An exception handler for the loop: only crashes may end a task unnoticed."""

    def note(_: Any, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not is_crash(error) and not is_store_down(error):
            trace.violated("no surprises", f"{context.get('message')}: {error!r}")

    return note
