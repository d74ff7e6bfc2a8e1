"""What must hold after every commit, whatever has gone wrong."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from calferry.core.limits import PASS_RESTARTS_BEFORE_ONE_GO, RUN_SPACING_MS
from tests.harness.ports import EPOCH_MS
from tests.simulation.disk import Disk
from tests.simulation.trace import Trace
from tests.simulation.world import BEGINNING, SimulatedGoogle, Window

T = TypeVar("T")

STATES = (
    "SELECT id, kind, status, sync_token, page_token, page_dirty_seq, dirty_seq, clean_seq, lease_owner, "
    "lease_until, lease_boot, fence, last_success_at, last_attempt_at, next_due_at, not_before_at, failures, "
    "account_id, guarded_at, pass_restarts FROM sync_states"
)
CALENDARS = (
    "SELECT c.id, c.google_id, c.user_id, c.projection_id, p.mode, p.window_start_at, p.window_end_at, a.email, "
    "c.removed_at, c.selected, c.access_role, c.time_zone FROM calendars c JOIN accounts a ON a.id = c.account_id "
    "LEFT JOIN projections p ON p.id = c.projection_id"
)
ROWS = "SELECT event_id, status, etag, raw, change_id, missing_since, series_id FROM events WHERE projection_id = ?"


ACCOUNTS = "SELECT id, email, status, refresh_token, access_token FROM accounts"
IN_FLIGHT_S = 60.0
RECENTLY_S = 130.0
NEWS_S = 60.0
DAY_MS = 86_400_000
SLICE_S = 4.5
"""Shorter than the time that any run is given."""


@dataclass(frozen=True, slots=True)
class State:
    """A row of `sync_states`."""

    id: str
    kind: str
    status: str
    sync_token: str | None
    page_token: str | None
    page_dirty_seq: int | None
    dirty_seq: int
    clean_seq: int
    lease_owner: str | None
    lease_until: int | None
    lease_boot: str | None
    fence: int
    last_success_at: int | None
    last_attempt_at: int | None
    next_due_at: int | None
    not_before_at: int | None
    failures: int
    account_id: str
    guarded_at: int | None
    pass_restarts: int

    @property
    def is_waiting(self) -> bool:
        """Whether marks wait for a run that nothing holds up."""
        return (
            self.dirty_seq > self.clean_seq
            and self.status == "idle"
            and self.lease_owner is None
            and self.not_before_at is None
        )


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A calendar with the projection that readers see."""

    id: str
    google_id: str
    user_id: int
    projection_id: int | None
    mode: str | None
    window_start_at: int | None
    window_end_at: int | None
    email: str
    removed_at: int | None
    selected: int
    access_role: str
    time_zone: str | None

    @property
    def window(self) -> Window | None:
        if self.window_start_at is None or self.window_end_at is None:
            return None
        return self.window_start_at, self.window_end_at


@dataclass(frozen=True, slots=True)
class Row:
    """An event row."""

    event_id: str
    status: str
    etag: str | None
    raw: str
    change_id: int
    missing_since: int | None
    series_id: str | None

    @property
    def is_live(self) -> bool:
        return self.status != "cancelled"

    @property
    def number(self) -> int | None:
        """The change number of the version; None for a row that readers do not see."""
        if not self.is_live or self.etag is None:
            return None
        return int(self.etag.strip('"')) // 2


@dataclass(frozen=True, slots=True)
class Account:
    """A connected account; its secrets as they lie in the store."""

    id: str
    email: str
    status: str
    refresh_token: bytes | None
    access_token: bytes | None


@dataclass(slots=True)
class Known:
    """What the checks remember of a calendar."""

    floor: int = BEGINNING
    """The change number that the newest completed sync covered."""
    logged: set[str] = field(default_factory=set)
    """Live events, as a reader of the change log would believe."""
    told: int = 0
    """How many lines of the change log were about it."""
    marks: dict[int, int] = field(default_factory=dict)
    """World's change number when each mark was made."""
    resumed: int | None = None
    """The fence of the run that goes on with a stored page."""
    holder: str | None = None
    """Who took the lease last."""
    skew_ms: int = 0
    """How wrong the clock was then."""
    taken_at: float = 0.0
    """When that was (virtual seconds)."""
    restarts: int = 0
    """How often the pass had been started again by then."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A new line of the change log."""

    user_id: int
    number: int
    calendar_id: str
    event_id: str | None
    kind: str


@dataclass(slots=True)
class Commit:
    """One transaction: who made it, and what it changed."""

    owner: str
    states: dict[str, State]
    """As they were before."""
    calendars: dict[str, Mirrored]
    """As they were before."""
    entries: list[Entry]
    rows: dict[tuple[int, str], Row | None] = field(default_factory=dict)
    """Rows that were written, as they were before, by projection and event id."""
    deleted: set[tuple[int, str]] = field(default_factory=set)
    """Rows that only were deleted."""


class Invariants:
    """Compares the store with the world after every commit."""

    def __init__(self, disk: Disk, google: SimulatedGoogle, trace: Trace) -> None:
        self.disk = disk
        self.google = google
        self.trace = trace
        self.damaged: dict[str, set[str]] = {}
        """Events that were sent damaged, by Google's calendar id."""
        self.lies: set[str] = set()
        """Sync tokens that Google gave with a listing that was not true."""
        self.states: dict[str, State] = {}
        self.calendars: dict[str, Mirrored] = {}
        self.accounts: dict[str, Account] = {}
        self.erased_at: dict[str, list[float]] = defaultdict(list)
        self.made: dict[str, dict[Any, Any]] = {}
        """What was read last, by statement and row."""
        self.dead_tokens: dict[str, float] = {}
        """Access tokens of dead grants, and since when."""
        self.accepted: dict[int, tuple[float, int]] = {}
        self.projections: dict[int, str] = {}
        self.rows: dict[int, dict[str, Row]] = {}
        self.known: dict[str, Known] = {}
        self.heads: dict[int, int] = {}
        self.is_clock_true = True
        """Whether the machine's clock never jumps in this run."""
        self.is_well: Callable[[str], bool] = lambda _: False
        self.is_awake: Callable[[str], bool] = lambda _: False
        """Whether the process of that name lives, and was not held up for as long as a lease lasts."""
        self.follow_edits: Callable[[Commit], None] = lambda _: None
        """Looks at what the transaction did to edits of ours."""
        self.told_at: dict[tuple[int, int], float] = {}
        """When each entry of the change log was written (virtual seconds), by user and number."""
        self.has_forgotten_news = False
        """Whether a purge under another clock has removed what was told less than a minute before."""
        self.commits = 0
        self.writer = ""
        """Whose transaction is being looked at."""

    def all(self, statement: str, *values: Any) -> list[Any]:
        return self.disk.raw.execute(statement, values).fetchall()

    def after_commit(self, owner: str, skew_ms: int) -> None:
        """Look at what the transaction of that process did."""
        self.commits += 1
        if not self.disk.has_changed():
            return
        self.writer = owner
        commit = Commit(owner, self.states, self.calendars, self.new_entries())
        self.read_states()
        self.find_projections()
        self.check_accounts()
        self.take_over(commit)
        if not self.is_clock_true:
            self.note_forgetting(commit)
        for state in self.states.values():
            self.known.setdefault(state.id, Known())
            old = commit.states.get(state.id)
            if old is not None and old != state:
                self.check_state(old, state, skew_ms)
            elif old is None:
                self.note_marks(state, 0)
        self.check_writer(commit)
        self.replay(commit)
        for calendar in self.calendars.values():
            self.check_calendar(calendar, commit)
        self.follow_edits(commit)
        self.disk.take_note()

    def read_states(self) -> None:
        """Take the states and the calendars as they are now."""
        self.states = self.read(State, STATES)
        self.calendars = self.read(Mirrored, CALENDARS)

    def read(self, kind: Callable[..., T], statement: str) -> dict[str, T]:
        """Rows by id, in their order. What has not changed is not made anew."""
        before = self.made.get(statement, {})
        now = {row: before.get(row) or kind(*row) for row in self.all(statement)}
        self.made[statement] = now
        return {row[0]: value for row, value in now.items()}

    def violated(self, invariant: str, message: str) -> None:
        self.trace.violated(invariant, message)

    def new_entries(self) -> list[Entry]:
        """Lines added to the change log; their numbers go on without a gap."""
        entries: list[Entry] = []
        for user_id, head in self.all("SELECT id, change_head FROM users"):
            last = self.heads.get(user_id, 0)
            if head == last:
                continue
            statement = "SELECT user_id, id, calendar_id, event_id, kind FROM changes WHERE user_id = ? AND id > ? ORDER BY id"
            found = [Entry(*row) for row in self.all(statement, user_id, last)]
            if [entry.number for entry in found] != list(range(last + 1, head + 1)):
                self.violated("change log", f"user {user_id}: {last} to {head}, but {len(found)} entries")
            self.heads[user_id] = head
            entries += found
        return entries

    def find_projections(self) -> None:
        """Numbers of projections that are gone are given out again."""
        statement = "SELECT id, calendar_id, window_start_at, window_end_at FROM projections"
        found = {row[0]: row for row in self.all(statement)}
        for number, calendar_id, start_at, end_at in found.values():
            if self.projections.get(number) != calendar_id:
                window = None if start_at is None else (start_at, end_at)
                self.google.view(self.calendars[calendar_id].google_id, window)
        self.projections = {number: row[1] for number, row in found.items()}

    def take_over(self, commit: Commit) -> None:
        """Read again the event rows that the transaction wrote."""
        for projection_id, event_id, verb in self.disk.touched():
            key = (projection_id, event_id)
            rows = self.rows.setdefault(projection_id, {})
            found = self.all(f"{ROWS} AND event_id = ?", projection_id, event_id)
            commit.rows.setdefault(key, rows.get(event_id))
            (commit.deleted.add if verb == "delete" else commit.deleted.discard)(key)
            if found:
                rows[event_id] = Row(*found[0])
            else:
                rows.pop(event_id, None)

    def note_forgetting(self, commit: Commit) -> None:
        """The log and tombstones are kept for far longer than any stream lasts, unless the clock jumps further."""
        now = asyncio.get_running_loop().time()
        self.told_at |= {(entry.user_id, entry.number): now for entry in commit.entries}
        forgotten: list[tuple[int, int]] = [*self.all("SELECT id, change_floor FROM users")]
        for projection_id, event_id in commit.deleted:
            row = commit.rows[projection_id, event_id]
            calendar = self.calendars.get(self.projections.get(projection_id, ""))
            if calendar is not None and row is not None and not row.is_live:
                forgotten.append((calendar.user_id, row.change_id))
        if any(now - self.told_at.get(key, -NEWS_S) < NEWS_S for key in forgotten):
            self.has_forgotten_news = True

    def check_accounts(self) -> None:
        """A grant is held for dead only when Google has ended it, and is not used any more then."""
        old, self.accounts = self.accounts, self.read(Account, ACCOUNTS)
        for account_id in old.keys() - self.accounts.keys():
            self.erased_at[old[account_id].email].append(asyncio.get_running_loop().time())
        for account in self.accounts.values():
            before = old.get(account.id)
            if account.status != "needs_reauth" or (before is not None and before.status == "needs_reauth"):
                continue
            self.trace.hit("grant found dead")
            if plain(account.refresh_token) in self.google.world.oauth.refresh_tokens:
                self.violated("INV-22", f"{account.email} must sign in again, although the grant is alive")
            if account.access_token:
                self.dead_tokens[plain(account.access_token)] = asyncio.get_running_loop().time()

    def check_grant(self, token: str) -> None:
        """Asked before every request to Google: nothing is asked for under a dead grant."""
        since = self.dead_tokens.get(token)
        if since is not None and asyncio.get_running_loop().time() - since > IN_FLIGHT_S:
            self.violated("INV-22", "a request under a grant that is known to be dead")

    def check_cooldown(self, user_id: int, now_ms: float, skew_ms: int, cooldown_ms: int) -> None:
        last_ms, last_skew_ms = self.accepted.get(user_id, (-1e9, skew_ms))
        if now_ms - last_ms < cooldown_ms - 1 and last_skew_ms == skew_ms:
            self.violated("INV-32", f"two requests of user {user_id} within {now_ms - last_ms:.0f} ms")
        self.accepted[user_id] = (now_ms, skew_ms)

    def excused(self, google_id: str) -> set[str]:
        """Events of which no true version need be there."""
        spoilt = self.damaged.get(google_id, set()) | self.google.spoilt.get(google_id, set())
        return spoilt | self.google.untold(google_id)

    def shown(self, calendar_id: str) -> dict[str, int]:
        """Live events that readers of the calendar see now, with their versions."""
        calendar = self.calendars.get(calendar_id)
        rows = self.rows.get(calendar.projection_id or 0, {}) if calendar else {}
        return {event_id: row.number for event_id, row in rows.items() if row.number is not None}

    def check_copy(self, calendar_id: str, copy: dict[str, int], position: int) -> None:
        """A reader's copy holds every change up to that position."""
        calendar = self.calendars.get(calendar_id)
        state = self.states.get(calendar_id)
        if calendar is None or state is None or not self.is_trusted(state) or self.has_forgotten_news:
            return
        view = self.google.view(calendar.google_id, calendar.window)
        rows, role = self.rows.get(calendar.projection_id or 0, {}), calendar.access_role
        excused = self.excused(calendar.google_id)
        for event_id in sorted({*view.history, *copy}):
            allowed, row = view.since(event_id, position), rows.get(event_id)
            is_missing = row is not None and row.missing_since is not None
            same = any(view.says_the_same(event_id, copy.get(event_id), number, role) for number in allowed)
            if not same and event_id not in excused and not is_missing:
                self.violated("INV-29", f"{event_id}: reader has {copy.get(event_id)}, may have {allowed}")

    def check_state(self, old: State, new: State, skew_ms: int) -> None:
        known = self.known[new.id]
        self.note_marks(new, old.dirty_seq)
        if new.fence < old.fence:
            self.violated("INV-17", f"{new.id}: the fence went from {old.fence} back to {new.fence}")
        if new.fence > old.fence and new.lease_owner is not None:
            self.check_taking(old, new, known, skew_ms)
        has_paused = is_paused(old, new) and old.lease_owner == self.writer
        if has_paused and known.restarts >= PASS_RESTARTS_BEFORE_ONE_GO:
            self.check_pause(new, known)
        if old.page_token is not None and new.page_token is None and not has_finished(old, new):
            known.resumed = None
        if has_finished(old, new) and known.resumed == new.fence and new.dirty_seq <= new.clean_seq:
            self.violated("INV-5", f"{new.id}: a resumed pass is not followed by another one")
        if new.clean_seq != old.clean_seq:
            self.check_clean(old, new, known)
        self.check_due(old, new)

    def is_trusted(self, state: State) -> bool:
        """Whether what the token covers was told truly; a listing held for suspicious has yet to be repeated."""
        return state.guarded_at is None and state.sync_token not in self.lies

    def check_due(self, old: State, new: State) -> None:
        """A mark makes its calendar due, but puts an end to no backoff."""
        marked = new.dirty_seq == old.dirty_seq + 1 and (new.fence, new.failures) == (old.fence, old.failures)
        if marked and new.clean_seq == old.clean_seq and new.not_before_at != old.not_before_at:
            self.violated("INV-18", f"{new.id}: a mark moved the end of a backoff")
        now_ms = EPOCH_MS + int(asyncio.get_running_loop().time() * 1000)
        late = new.next_due_at is None or new.next_due_at > now_ms + 3 * RUN_SPACING_MS
        if new.is_waiting and late and self.is_clock_true:
            self.violated("INV-18", f"{new.id}: marked, and not due before {new.next_due_at}")

    def check_pause(self, new: State, known: Known) -> None:
        """A listing whose pages died twice is only cut short when time is up, as it is after a freeze.

        By a clock that jumps it may be up at any moment.
        """
        now_s = asyncio.get_running_loop().time()
        statement = "SELECT count(*) FROM sync_requests WHERE completed_at IS NULL AND deadline_at < ?"
        over = self.all(statement, EPOCH_MS + int(now_s * 1000) + 1000)[0][0]
        is_certain = self.is_clock_true and self.is_awake(self.writer)
        if now_s - known.taken_at < SLICE_S and not over and is_certain:
            self.violated("one go", f"{new.id} was cut short after {now_s - known.taken_at:.1f} s")

    def note_marks(self, state: State, before: int) -> None:
        for mark in range(before + 1, state.dirty_seq + 1):
            self.known[state.id].marks[mark] = self.google.world.log.last

    def check_taking(self, old: State, new: State, known: Known, skew_ms: int) -> None:
        """A run begins: nobody else runs the resource, and the last run began a second ago at least."""
        now_ms = int(asyncio.get_running_loop().time() * 1000)
        is_over = old.lease_until is not None and old.lease_until <= now_ms
        if (
            old.lease_owner is not None
            and old.lease_owner != new.lease_owner
            and self.is_well(old.lease_owner)
        ):
            self.violated("INV-17", f"{new.lease_owner} took {new.id} from {old.lease_owner}, who is well")
        if old.lease_owner is not None and not is_over and old.lease_boot == new.lease_boot:
            self.violated("INV-17", f"{new.lease_owner} took {new.id} from {old.lease_owner}")
        since = (new.last_attempt_at or 0) - (old.last_attempt_at or 0)
        if -DAY_MS // 2 < since < RUN_SPACING_MS and skew_ms == known.skew_ms:
            self.violated("INV-19", f"{new.id}: two runs within {since} ms")
        known.holder, known.skew_ms = new.lease_owner, skew_ms
        known.taken_at, known.restarts = asyncio.get_running_loop().time(), new.pass_restarts
        known.resumed = new.fence if new.page_token is not None else None

    def check_clean(self, old: State, new: State, known: Known) -> None:
        """What was marked before the first page was asked for has been seen."""
        if new.clean_seq > new.dirty_seq or new.clean_seq < old.clean_seq:
            self.violated(
                "INV-5", f"{new.id}: clean {old.clean_seq} to {new.clean_seq}, dirty {new.dirty_seq}"
            )
        calendar = self.calendars.get(new.id)
        if calendar is None or new.sync_token is None or not self.is_trusted(new):
            return
        position = self.google.position(calendar.google_id, calendar.email, new.sync_token)
        marked = known.marks.get(new.clean_seq, BEGINNING)
        if position < marked:
            self.violated(
                "INV-5", f"{new.id}: clean {new.clean_seq} was marked at {marked}, seen up to {position}"
            )

    def check_writer(self, commit: Commit) -> None:
        """Event rows are written under the lease of their calendar alone."""
        for projection_id, event_id in commit.rows.keys() - commit.deleted:
            holder = self.known[self.projections[projection_id]].holder
            if holder != commit.owner:
                self.violated("INV-17", f"{commit.owner} wrote {event_id}, but {holder} runs the calendar")

    def replay(self, commit: Commit) -> None:
        """Follow the change log as a reader does; every entry agrees with its row."""
        newest: dict[tuple[str, str], Entry] = {}
        for entry in commit.entries:
            self.known.setdefault(entry.calendar_id, Known()).told += 1
            if entry.event_id is not None:
                newest[entry.calendar_id, entry.event_id] = entry
            else:
                self.replay_calendar(entry)
        for (calendar_id, event_id), entry in newest.items():
            calendar = self.calendars.get(calendar_id)
            logged = self.known.setdefault(calendar_id, Known()).logged
            (logged.discard if entry.kind == "cancelled" else logged.add)(event_id)
            if calendar is None or calendar.projection_id is None:
                continue
            row = self.rows.get(calendar.projection_id, {}).get(event_id)
            if entry.kind != "cancelled" and (row is None or row.change_id != entry.number):
                kept = row and row.change_id
                self.violated("change log", f"{event_id}: entry {entry.number} ({entry.kind}), row {kept}")

    def replay_calendar(self, entry: Entry) -> None:
        """A calendar that has gone takes its events along; one that comes is read as it stands."""
        logged = self.known.setdefault(entry.calendar_id, Known()).logged
        logged.clear()
        calendar = self.calendars.get(entry.calendar_id)
        if entry.kind == "calendar_added" and calendar is not None:
            logged.update(self.shown(calendar.id))

    def check_removal(self, calendar: Mirrored, commit: Commit) -> None:
        """A calendar is only taken for gone when Google does not list it, or did not a while ago."""
        before = commit.calendars.get(calendar.id)
        if before is None or before.removed_at is not None or calendar.removed_at is None:
            return
        self.trace.hit("calendar removed")
        if self.google.is_listed_for(calendar.email, calendar.google_id, RECENTLY_S):
            self.violated(
                "INV-3", f"{calendar.google_id} was removed, but {calendar.email} has it in the list"
            )

    def check_calendar(self, calendar: Mirrored, commit: Commit) -> None:
        self.check_removal(calendar, commit)
        if calendar.projection_id is None:
            self.known.setdefault(calendar.id, Known()).floor = BEGINNING
            return
        old, state = commit.states.get(calendar.id), self.states.get(calendar.id)
        before = commit.calendars.get(calendar.id)
        switched = before is None or before.projection_id != calendar.projection_id
        known = self.known[calendar.id]
        whole = switched
        token = state.sync_token if state else None
        if state and token and self.is_trusted(state) and (old is None or token != old.sync_token):
            position = self.google.position(calendar.google_id, calendar.email, token)
            whole, known.floor = True, max(known.floor, position)
        written = [event_id for number, event_id in commit.rows if number == calendar.projection_id]
        if not written and not whole:
            return
        rows = self.rows.get(calendar.projection_id, {})
        self.check_log(calendar, commit, written, rows, switched=switched)
        for event_id in written:
            self.check_step(
                calendar, commit, event_id, is_finish=state is not None and has_finished(old, state)
            )
        view = self.google.view(calendar.google_id, calendar.window)
        self.check_rows(calendar, known, rows, sorted({*view.history, *rows}) if whole else written)

    def check_log(
        self, calendar: Mirrored, commit: Commit, written: list[str], rows: dict[str, Row], *, switched: bool
    ) -> None:
        """Who follows the log has exactly what the rows say."""
        live = {event_id for event_id, row in rows.items() if row.is_live}
        logged = self.known[calendar.id].logged
        if live != logged and calendar.removed_at is None:
            self.violated(
                "change log", f"{calendar.id}: rows without log {live - logged}, and back {logged - live}"
            )
        if switched:
            return
        told = {entry.event_id for entry in commit.entries if entry.calendar_id == calendar.id}
        for event_id in written:
            before, now = commit.rows[calendar.projection_id or 0, event_id], rows.get(event_id)
            if before is None or now is None or not (before.is_live and now.is_live):
                continue
            is_news = before.raw != now.raw and content(before.raw) != content(now.raw)
            if is_news and event_id not in told:
                self.violated("change log", f"{event_id} changed without an entry")
            if event_id in told and not is_news:
                self.violated("INV-14", f"{event_id} has not changed, and the log has an entry")

    def check_step(self, calendar: Mirrored, commit: Commit, event_id: str, *, is_finish: bool) -> None:
        """No row goes back in time, and none is swept before the end of a listing."""
        number = calendar.projection_id or 0
        before, now = commit.rows[number, event_id], self.rows[number].get(event_id)
        if before is not None and before.is_live and (now is None or not now.is_live):
            self.check_loss(calendar, event_id)
        if before is None or now is None:
            return
        if before.number is not None and now.number is not None and now.number < before.number:
            self.violated("INV-8", f"{event_id}: version {before.number} replaced by {now.number}")
        is_swept = before.is_live and not now.is_live and '"etag"' not in now.raw
        if is_swept and before.series_id is None and calendar.mode == "series" and not is_finish:
            self.violated("INV-4", f"{event_id} was swept before the listing was complete")

    def check_loss(self, calendar: Mirrored, event_id: str) -> None:
        """Nothing that has always been there is taken from readers, not even what was sent damaged."""
        view, known = self.google.view(calendar.google_id, calendar.window), self.known[calendar.id]
        if None not in view.since(event_id, known.floor):
            self.violated("INV-3", f"{calendar.id} {event_id} is live, and was taken away")

    def check_rows(self, calendar: Mirrored, known: Known, rows: dict[str, Row], ids: Iterable[str]) -> None:
        """Every row shows what it showed at the newest sync token, or something newer."""
        view = self.google.view(calendar.google_id, calendar.window)
        excused = self.excused(calendar.google_id)
        for event_id in ids:
            row = rows.get(event_id)
            shown = row.number if row else None
            allowed = view.since(event_id, known.floor)
            if shown in allowed or event_id in excused:
                continue
            if row is not None and row.missing_since is not None and None in allowed:
                continue
            name = "INV-3" if shown is None else "INV-2"
            self.violated(name, f"{calendar.id} {event_id}: shows {shown}, {known.floor} allows {allowed}")


def content(raw: str) -> Any:
    """What an event says, apart from its version."""
    return {name: value for name, value in json.loads(raw).items() if name not in ("etag", "updated")}


def plain(sealed: bytes | None) -> str:
    """A secret of the harness's vault, which seals nothing."""
    return "" if sealed is None else sealed.decode().partition("|")[2]


def is_paused(old: State, new: State) -> bool:
    """Whether a run stopped between two pages, without a failure."""
    is_free = old.lease_owner is not None and new.lease_owner is None and new.fence == old.fence
    return (
        is_free and new.page_token is not None and new.failures == old.failures and new.not_before_at is None
    )


def has_finished(old: State | None, new: State) -> bool:
    """Whether the transaction stored the end of a pass."""
    return old is None or old.last_success_at != new.last_success_at
