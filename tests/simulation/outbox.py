"""What must hold of edits on their way to Google, after every commit and at every request that writes."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from calferry.core.event_values import same
from calferry.core.event_window import zone_of
from calferry.core.intent import Intent
from calferry.core.merge import left_of
from calferry.emulator import Request, Response
from calferry.emulator.world.calendar import Calendar, at_least
from calferry.emulator.world.event import Event
from calferry.store.event_reads import readable_one
from calferry.sync.edit import Edit
from calferry.sync.overlay import Shown, event_of
from calferry.sync.send_intent import Delivery
from calferry.sync.settle_intent import Outcome
from tests.simulation.invariants import Commit, Invariants, Mirrored
from tests.simulation.world import SimulatedGoogle

ROW = (
    "SELECT id, number, user_id, account_id, calendar_id, event_id, line_id, kind, changes, base_raw, on_conflict, "
    "after_id, status, fence, error_code, error_reason, answer, done_mark, idempotency_key, error_message "
    "FROM intents WHERE id = ?"
)
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
NOT_EVENTS = frozenset({"watch", "import", "quickAdd"})
OF_THE_VERSION = frozenset({"etag", "updated", "sequence", "htmlLink"})
WHEN = frozenset({"start", "end", "recurrence"})
TOLD_BY_PUT = frozenset(
    {
        "summary",
        "description",
        "location",
        "status",
        "transparency",
        "visibility",
        "start",
        "end",
        "recurrence",
    }
)
"""What a PUT says by not naming it, too."""
MADE_IDS = 26
"""How long the ids are that are made for people who choose none."""

Json = dict[str, Any]
Place = tuple[str, str]
"""Our id of a calendar, or Google's, and the id of an event."""

sending: ContextVar[Intent | None] = ContextVar("sending", default=None)


@dataclass(slots=True)
class Asked:
    """What a person asks for. `ids`: the intents that came of it, as stored."""

    edit: Edit
    key: str | None
    ids: list[str] = field(default_factory=list)


asking: ContextVar[Asked | None] = ContextVar("asking", default=None)


class Watched(Delivery):
    """The shipped delivery, which says for which intent its requests are."""

    async def go(self) -> Outcome:
        sending.set(self.intent)
        try:
            return await super().go()
        finally:
            sending.set(None)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of `intents`."""

    id: str
    number: int
    user_id: int
    account_id: str
    calendar_id: str
    event_id: str
    line_id: str
    kind: str
    changes: str | None
    base_raw: str | None
    on_conflict: str
    after_id: str | None
    status: str
    fence: int
    error_code: str | None
    error_reason: str | None
    answer: str | None
    done_mark: int | None
    idempotency_key: str | None
    error_message: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """What was accepted: `seen` is the event as the person saw it, `pulled` as the mirror had it."""

    edit: Edit | None
    seen: Json
    pulled: Json
    changes: Json
    is_true: bool
    """Whether the mirror had not been told lies."""
    since: int
    """The newest change that cannot have been hidden below edits of ours on their way."""
    below: tuple[Json, ...]
    """The event as it is once those edits fail, each of which was made on what was seen then."""


@dataclass(frozen=True, slots=True)
class Write:
    """A change of ours at Google. `after` is the number of its version."""

    calendar_id: str
    intent_id: str
    number: int
    event_id: str
    after: int


class Outbox:
    """Follows every edit of ours from its acceptance to its end."""

    def __init__(self, checks: Invariants, google: SimulatedGoogle) -> None:
        self.checks = checks
        self.disk = checks.disk
        self.google = google
        self.trace = checks.trace
        self.rows: dict[str, Row] = {}
        self.known: dict[str, Known] = {}
        self.by_key: dict[tuple[int, str], list[str]] = {}
        self.writes: defaultdict[str, list[Write]] = defaultdict(list)
        self.lines: dict[Place, int] = {}
        """The newest intent of each line that Google has done."""
        self.ours: defaultdict[tuple[str, str, str], list[Any]] = defaultdict(list)
        """Values that edits of ours gave, by Google's calendar, event and field."""
        self.titles: dict[str, str] = {}
        """Ids of the events made, by title."""
        self.roles: dict[str, str] = {}
        """What the service knew of the role when it took an intent."""
        self.floors: dict[str, tuple[Place, int]] = {}
        """Versions that readers have been told of, by the intent that made them, until the rows say it too."""
        self.refused: set[str] = set()
        """Intents that Google has called forbidden, perhaps after it had done them."""
        self.late: set[str] = set()
        """Intents given up by others while a request was held up on its way."""

    def violated(self, invariant: str, message: str) -> None:
        self.checks.violated(invariant, message)

    # At Google

    def carry(self, request: Request, handle: Callable[[Request], Response]) -> Response:
        """A request that changes events, looked at on its way to Google and back."""
        tail = request.path.split("/")[5:]
        is_event = request.method in WRITES and tail[:1] == ["events"] and len(tail) <= 2
        if not is_event or tail[-1] in NOT_EVENTS:
            return handle(request)
        intent = sending.get()
        calendar = self.google.world.calendars.get(unquote(request.path.split("/")[4]))
        self.check_request(request, intent)
        if intent is None or calendar is None:
            return handle(request)
        event_id, last = unquote(tail[1]) if len(tail) == 2 else "", self.google.world.log.last
        before = self.find(calendar, event_id)
        response = handle(request)
        self.trace.hit(f"answer {request.method} {response.status}")
        if response.status == 403:
            self.refused.add(intent.id)
        made = calendar.shelf.since(last)
        after = (made[-1] if made else None) if not event_id else self.find(calendar, event_id)
        if after is not None and after.number > last:
            self.google.refresh()
            self.note_write(request, intent, calendar, before, after)
        return response

    def find(self, calendar: Calendar, event_id: str) -> Event | None:
        found = calendar.shelf.find(event_id, calendar.id, calendar.time_zone)
        return None if found is None else calendar.shelf.as_seen(found)

    def check_request(self, request: Request, intent: Intent | None) -> None:
        if intent is None:
            self.violated("INV-13", f"{request.method} {request.path} for no edit")
            return
        given = request.headers.get("If-Match", "")
        if request.method == "PUT" or (request.method != "POST" and not given.startswith('"')):
            self.violated("INV-13", f"{request.method} of {intent.event_id} under {given or 'no etag'}")
        if not at_least(self.roles.get(intent.id, "owner"), "writer"):
            self.violated("INV-16", f"{request.method} to a calendar of role {self.roles[intent.id]}")
        first = self.rows.get(intent.after_id or "")
        if first is not None and first.status != "done":
            self.violated("INV-15", f"{intent.id} is sent, and what it follows is {first.status}")

    def note_write(
        self, request: Request, intent: Intent, calendar: Calendar, before: Event | None, after: Event
    ) -> None:
        """Google has done something of ours."""
        earlier, row = self.writes[intent.id], self.rows.get(intent.id)
        write = Write(intent.calendar_id, intent.id, intent.number, after.id, after.number)
        self.trace.hit(f"written {request.method}")
        self.trace.note(f"{intent.id} {intent.number} writes {after.id} {after.number}")
        if row is not None and row.status != "pending":
            if row.fence == intent.fence or row.status == "cancelled":
                self.violated("INV-15", f"{intent.id} is {row.status}, and is written")
            self.late.add(intent.id)
        if intent.kind == "insert":
            self.check_insert(intent, after, earlier)
        elif earlier and before is not None and before.number == earlier[-1].after:
            self.violated("INV-14", f"{intent.id} writes {after.id} again, which nobody has touched")
        line = (intent.calendar_id, intent.line_id)
        if self.lines.get(line, 0) > intent.number and intent.id not in self.late:
            self.violated("INV-15", f"{intent.number} is written after {self.lines[line]} of {line}")
        self.lines[line] = max(self.lines.get(line, 0), intent.number)
        if request.method == "PATCH":
            self.check_patch(intent, calendar, {} if before is None else before.resource, after.resource)
        for name, value in after.resource.items():
            if before is None or before.resource.get(name) != value:
                self.ours[calendar.id, after.id, name].append(value)
        for name in before.resource.keys() - after.resource.keys() if before is not None else ():
            self.ours[calendar.id, after.id, name].append(None)
        earlier.append(write)

    def check_insert(self, intent: Intent, made: Event, earlier: list[Write]) -> None:
        if earlier:
            self.violated("INV-12", f"{intent.id} made {earlier[0].event_id} and {made.id}")
        known = self.known.get(intent.id)
        title = made.resource.get("summary", "")
        if known is None or known.edit is None or known.edit.kind != "insert":
            return
        if self.titles.setdefault(title, made.id) != made.id:
            self.violated("INV-12", f"{title!r} is {self.titles[title]} and {made.id}")

    def check_patch(self, intent: Intent, calendar: Calendar, before: Json, after: Json) -> None:
        """Only what was asked for changes, and nobody else's edit is overwritten."""
        known = self.known.get(intent.id)
        if known is None:
            return
        changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        changed -= OF_THE_VERSION
        guests = [emails(each.get("attendees")) for each in (before, after, known.seen)]
        if guests[0] == guests[1]:
            changed.discard("attendees")
        if beyond := changed - asked_for(known):
            self.violated("INV-13", f"{intent.id} changes {sorted(beyond)} unasked")
        lost = guests[0] - guests[1] - guests[2]
        if lost and not self.ours[calendar.id, intent.event_id, "attendees"]:
            self.violated("INV-13", f"{intent.id} uninvites {sorted(lost)}, who were invited meanwhile")
        if intent.on_conflict == "ours":
            return
        zone = zone_of(calendar.time_zone)
        before_us = (known.seen, known.pulled or parsed(intent.base_raw), *known.below)
        for name in sorted(changed - {"attendees"}):
            theirs = before.get(name)
            # An occurrence has what we gave its series, too.
            given = [
                value
                for event_id in (intent.event_id, intent.line_id)
                for value in self.ours[calendar.id, event_id, name]
            ]
            is_known = any(same(name, theirs, of.get(name), zone) for of in before_us)
            if not is_known and theirs not in given:
                self.violated("INV-13", f"{intent.id} overwrites {name} {theirs!r} of somebody else")

    # On the disk

    def after_commit(self, commit: Commit) -> None:
        """Look at the intents that the transaction touched, and at what readers see now."""
        touched = self.disk.touched_intents()
        for intent_id in touched:
            found = self.disk.raw.execute(ROW, (intent_id,)).fetchone()
            old, new = self.rows.get(intent_id), None if found is None else Row(*found)
            if new is None:
                self.rows.pop(intent_id, None)
                if old is not None:
                    self.check_loss(old)
                continue
            self.rows[intent_id] = new
            if old is None:
                self.note_new(new)
                continue
            if new.fence != old.fence:
                self.roles[new.id] = self.checks.calendars[new.calendar_id].access_role
            if new.status != old.status:
                self.check_settled(old, new)
            elif old.status != "pending" and lasting(old) != lasting(new):
                self.violated("INV-15", f"{new.id} is {old.status}, and is changed")
        self.check_floors(commit, {self.rows[key].line_id for key in touched if key in self.rows})
        for calendar_id, event_id in self.written(commit) if self.rows else ():
            self.check_pending(calendar_id, event_id)

    def note_new(self, row: Row) -> None:
        asked = asking.get()
        edit = asked.edit if asked is not None else None
        self.known[row.id] = self.what_was_seen(row, edit)
        self.trace.note(f"{row.id} {row.number} {row.kind} {row.event_id}")
        if row.status != "pending":
            self.violated("INV-15", f"{row.id} begins as {row.status}")
        if asked is None:
            return
        self.trace.hit(f"accepted {row.kind}")
        asked.ids.append(row.id)
        if row.idempotency_key is not None:
            self.by_key[row.user_id, row.idempotency_key] = asked.ids
        calendar = self.checks.calendars[row.calendar_id]
        if not at_least(calendar.access_role, "writer"):
            self.violated("INV-16", f"an edit of {calendar.google_id} as {calendar.access_role} is accepted")
        self.check_pending(row.calendar_id, row.event_id)

    def what_was_seen(self, row: Row, edit: Edit | None) -> Known:
        projection_id = self.checks.calendars[row.calendar_id].projection_id
        found = self.checks.rows.get(projection_id or 0, {}).get(row.event_id)
        seen, state = parsed(row.base_raw), self.checks.states[row.calendar_id]
        is_true = self.checks.is_trusted(state) and (found is None or found.missing_since is None)
        place = (row.calendar_id, row.event_id)
        hiding = [
            self.known[each.id]
            for each in self.rows.values()
            if (each.calendar_id, each.event_id) == place and each.status == "pending" and each.id != row.id
        ]
        since = min([number_of(json.dumps(seen)) or 0, *(each.since for each in hiding)])
        below = tuple(version for each in hiding for version in (each.seen, *each.below))
        pulled = parsed(found.raw) if found else {}
        return Known(edit, seen, pulled, parsed(row.changes), is_true, since, below)

    def check_loss(self, row: Row) -> None:
        account = self.checks.accounts.get(row.account_id)
        is_kept = row.calendar_id in self.checks.calendars
        if row.status == "pending" and is_kept and account is not None and account.status != "closing":
            self.violated("INV-15", f"{row.id} is pending, and has vanished")

    def check_settled(self, old: Row, new: Row) -> None:
        if old.status != "pending":
            self.violated("INV-15", f"{new.id} goes from {old.status} to {new.status}")
        self.trace.hit(f"edit {new.status}")
        self.trace.note(f"{new.id} is {new.status} {new.error_reason or ''}")
        if new.status == "done":
            self.check_done(new)
        else:
            self.check_not_done(new)

    def check_done(self, row: Row) -> None:
        """Google has done it, or says it already."""
        calendar = self.google.world.calendars[self.checks.calendars[row.calendar_id].google_id]
        writes, found = self.writes[row.id], self.find(calendar, row.event_id)
        says = f"{row.id} is done, and"
        clashed = self.disk.raw.execute("SELECT outcome FROM conflicts WHERE intent_id = ?", (row.id,))
        is_theirs = ("theirs",) in clashed.fetchall()
        if row.kind == "insert":
            if not writes and len(row.event_id) == MADE_IDS:
                self.violated("INV-15", f"{says} Google has never made {row.event_id}")
            number = number_of(row.answer)
        elif row.kind == "patch":
            answer = parsed(row.answer)
            known = self.known[row.id].changes
            if not is_theirs and not writes and left_of(known, answer, zone_of(calendar.time_zone)):
                self.violated("INV-15", f"{says} Google has neither done it nor says it: {row.changes}")
            number = number_of(row.answer)
        else:
            is_reachable = self.can_read(row)
            if not writes and not is_theirs and is_reachable and self.has_always_lived(calendar, row, found):
                self.violated("INV-15", f"{says} {row.event_id} has never been deleted")
            number = number_of(row.answer) if is_theirs else writes[-1].after if writes else None
        if number is not None and row.done_mark is not None:
            self.floors[row.id] = ((row.calendar_id, row.event_id), number)

    def has_always_lived(self, calendar: Calendar, row: Row, found: Event | None) -> bool:
        """Whether nobody has deleted the event since the edit was made; readers of the past cannot be asked."""
        seen = number_of(self.known[row.id].seen.get("etag"))
        return found is not None and not found.is_cancelled and found.number == seen

    def can_read(self, row: Row) -> bool:
        calendar = self.checks.calendars.get(row.calendar_id)
        if calendar is None or self.google.world.calendars[calendar.google_id].deleted:
            return False
        return at_least(self.google.role(calendar.google_id, calendar.email), "writer")

    def has_left(self, row: Row) -> bool:
        """Whether the calendar has gone from the list: nobody looks in it for what an attempt without an answer has done."""
        return self.checks.calendars[row.calendar_id].removed_at is not None

    def check_not_done(self, row: Row) -> None:
        """It has not been done, says why, and what readers see is Google's again."""
        if row.status == "conflict":
            statement = "SELECT count(*) FROM conflicts WHERE intent_id = ?"
            if not self.disk.raw.execute(statement, (row.id,)).fetchone()[0]:
                self.violated("INV-13", f"the conflict of {row.id} is not recorded")
            self.check_conflict(row)
        # An answer that cannot be read has a status, but no reason of Google's.
        if row.status == "failed" and not (row.error_code and row.error_message):
            self.violated("INV-15", f"{row.id} failed without a reason")
        if row.status == "failed":
            self.trace.hit(f"edit failed {row.error_reason}")
            is_reachable = self.can_read(row) and not self.has_left(row)
            if row.kind == "delete" and row.error_code in ("404", "410") and is_reachable:
                self.violated("INV-15", f"{row.id} failed ({row.error_reason}), and {row.event_id} is gone")
        writes = self.writes[row.id]
        is_excused = row.id in self.refused or not self.can_read(row) or self.has_left(row)
        if writes and not is_excused and not self.is_touched_since(row, writes[-1]):
            self.violated("INV-15", f"{row.id} is {row.status} ({row.error_reason}), and Google has done it")
        self.check_undone(row)
        self.check_bases(row)
        self.check_uncovered(row)

    def check_conflict(self, row: Row) -> None:
        """Edits of a person do not meet each other; those of series and their occurrences may look as if they did."""
        google_id = self.checks.calendars[row.calendar_id].google_id
        known, event_id = self.known[row.id], row.event_id
        calendar = self.google.world.calendars[google_id]
        stored = calendar.shelf.stored(event_id)
        if row.line_id != event_id or stored is None or stored.is_series or not self.can_read(row):
            return
        ours = {
            write.after
            for writes in self.writes.values()
            for write in writes
            if (write.calendar_id, write.event_id) == (row.calendar_id, event_id)
        }
        others = {
            number for key, number in self.google.resources.get(google_id, {}) if key == event_id
        } - ours
        is_damaged = event_id in self.checks.excused(google_id) or not known.is_true
        if not is_damaged and not any(number > known.since for number in {*others, stored.number} - ours):
            self.violated("row 14", f"{row.id} meets nobody but ourselves, and is a conflict")

    def is_touched_since(self, row: Row, write: Write) -> bool:
        """Whether somebody else has changed the event, or the series it belongs to, since that write of ours."""
        calendar = self.google.world.calendars[self.checks.calendars[row.calendar_id].google_id]
        found = [calendar.shelf.stored(event_id) for event_id in (row.event_id, row.line_id)]
        return any(event is None or event.number > write.after for event in found) or (
            row.event_id != row.line_id and found[1] is not None and found[1].is_cancelled
        )

    def check_undone(self, row: Row) -> None:
        """The first half of an edit goes when the second is not done."""
        first, calendar = self.rows.get(row.after_id or ""), self.checks.calendars.get(row.calendar_id)
        if first is None or first.status != "done" or first.kind != "insert":
            return
        if calendar is None or not self.is_in_reach(calendar):
            return
        self.trace.hit("half an edit")
        own = [
            each for each in self.rows.values() if each.event_id == first.event_id and each.kind == "delete"
        ]
        if (
            not own
            and not self.disk.raw.execute(
                "SELECT 1 FROM intents WHERE event_id = ? AND kind = 'delete'", (first.event_id,)
            ).fetchone()
        ):
            self.violated("INV-15", f"{row.id} is {row.status}, and {first.event_id} stays")

    def check_bases(self, row: Row) -> None:
        """What waits behind an edit that is not done is not made on it."""
        title = parsed(row.changes).get("summary")
        statement = "SELECT base_raw FROM intents WHERE status = 'pending' AND calendar_id = ? AND event_id = ? AND number > ?"
        behind = self.disk.raw.execute(statement, (row.calendar_id, row.event_id, row.number)).fetchall()
        if title is not None and any(parsed(base).get("summary") == title for (base,) in behind):
            self.violated("row 14", f"{row.id} is {row.status}, and edits behind it are made on {title!r}")

    def check_uncovered(self, row: Row) -> None:
        """What is laid over the row goes with the edit."""
        if any(each.status in ("pending", "done") for each in self.of_line(row)):
            return
        shown = self.shown(row.calendar_id, row.event_id)
        if shown is not None and shown.pending is not None:
            self.violated("row 1", f"{row.id} is {row.status}, and {row.event_id} is shown as edited")

    def of_line(self, row: Row) -> list[Row]:
        place = (row.calendar_id, row.line_id)
        lines = (row.line_id, row.event_id.partition("_")[0])
        return [
            each
            for each in self.rows.values()
            if each.id != row.id and ((each.calendar_id, each.line_id) == place or each.event_id in lines)
        ]

    def shown(self, calendar_id: str, event_id: str) -> Shown | None:
        """The event as readers see it now."""
        calendar = self.checks.calendars.get(calendar_id)
        if calendar is None:
            return None

        def look(connection: Any) -> Shown | None:
            readable = readable_one(connection, calendar.user_id, calendar_id)
            return None if readable is None else event_of(connection, readable, event_id)

        return self.disk.transact(look)

    def written(self, commit: Commit) -> list[Place]:
        """Events of which rows were written, and that edits wait for."""
        projections = self.checks.projections
        places = {(projections.get(number, ""), event_id) for number, event_id in commit.rows}
        waiting = {(row.calendar_id, row.event_id) for row in self.rows.values() if row.status == "pending"}
        return sorted(places & waiting)

    def check_pending(self, calendar_id: str, event_id: str) -> None:
        """An edit is seen as soon as it is accepted, in what it names."""
        calendar = self.checks.calendars[calendar_id]
        own = [
            row for row in self.rows.values() if (row.calendar_id, row.event_id) == (calendar_id, event_id)
        ]
        pending = sorted((row for row in own if row.status == "pending"), key=lambda row: row.number)
        if not pending or calendar.mode != "series" or calendar.projection_id is None:
            return
        newest = pending[-1]
        if self.writes[newest.id]:
            return
        shown = self.shown(calendar_id, event_id)
        self.trace.hit("pending edit seen")
        is_live = shown is not None and shown.status != "cancelled"
        if newest.kind == "delete":
            if is_live:
                self.violated("row 1", f"{event_id} is shown, and {newest.id} deletes it")
            return
        if not is_live and newest.kind == "insert":
            self.violated("row 1", f"{event_id} is not shown, and {newest.id} makes it")
        if shown is None or not is_live or event_id in self.checks.excused(calendar.google_id):
            return
        title = parsed(newest.changes).get("summary")
        if title is not None and parsed(shown.raw).get("summary") != title:
            self.violated("row 1", f"{event_id} is not shown as {title!r}, which {newest.id} makes of it")

    def check_floors(self, commit: Commit, touched: set[str]) -> None:
        """Readers never see less than Google has answered."""
        for intent_id, (place, number) in list(self.floors.items()):
            calendar, row = self.checks.calendars.get(place[0]), self.rows.get(intent_id)
            state = self.checks.states.get(place[0])
            account = None if row is None else self.checks.accounts.get(row.account_id)
            is_over = account is None or account.status == "closing"
            if is_over or calendar is None or row is None or state is None or calendar.removed_at is not None:
                del self.floors[intent_id]
                continue
            is_concerned = row.line_id in touched or self.concerns(commit, calendar, row)
            if not is_concerned or not self.checks.is_trusted(state):
                continue
            if not self.is_to_go(row) and self.is_in_reach(calendar):
                self.check_floor(calendar, place[1], number)
            if row.done_mark is None or row.done_mark <= state.clean_seq:
                del self.floors[intent_id]

    def is_in_reach(self, calendar: Mirrored) -> bool:
        """Whether Google still lets the person see the calendar; if not, what is in it counts as gone."""
        is_gone = self.google.world.calendars[calendar.google_id].deleted
        return not is_gone and at_least(
            self.google.role(calendar.google_id, calendar.email), "freeBusyReader"
        )

    def is_to_go(self, row: Row) -> bool:
        """Whether an edit on its way may take the event out of sight, or the series that it belongs to."""
        pending = [each for each in self.of_line(row) if each.status == "pending"]
        return any(each.kind == "delete" or each.event_id != row.event_id for each in pending)

    def concerns(self, commit: Commit, calendar: Mirrored, row: Row) -> bool:
        """Whether the transaction can have changed what readers see of the event."""
        old, state = commit.states.get(calendar.id), self.checks.states[calendar.id]
        if old is None or old.clean_seq != state.clean_seq or commit.calendars.get(calendar.id) != calendar:
            return True
        places = ((calendar.projection_id or 0, event_id) for event_id in (row.event_id, row.line_id))
        return any(place in commit.rows for place in places)

    def check_floor(self, calendar: Mirrored, event_id: str, number: int) -> None:
        if calendar.projection_id is None or event_id in self.checks.excused(calendar.google_id):
            return
        view = self.google.view(calendar.google_id, calendar.window)
        allowed = view.since(event_id, number)
        shown = self.shown(calendar.id, event_id)
        self.trace.hit("answer seen")
        if shown is None or shown.status == "cancelled":
            if None not in allowed and calendar.mode == "series":
                self.violated("row 11", f"{event_id} is not shown, which was answered as {number}")
            return
        version = number_of(shown.raw)
        is_over_nothing = shown.pending is not None and event_id not in self.checks.shown(calendar.id)
        may_be_old = None in allowed and (not shown.stored or is_over_nothing)
        if version is not None and version < number and not may_be_old:
            self.violated("row 11", f"{event_id} is shown as {version}, which was answered as {number}")

    # At the end

    def differences(self) -> Iterator[str]:
        """Edits that are still on their way, or laid over the rows."""
        spoilt = {event_id for ids in self.google.spoilt.values() for event_id in ids}
        waiting = [
            row for row in self.rows.values() if row.status == "pending" and row.event_id not in spoilt
        ]
        if waiting:
            yield f"{len(waiting)} edits are pending: {waiting[0]}"
        statement = (
            "SELECT i.id FROM intents i JOIN sync_states s ON s.id = i.calendar_id JOIN calendars c "
            "ON c.id = i.calendar_id WHERE i.done_mark > s.clean_seq AND c.removed_at IS NULL"
        )
        if over := self.disk.raw.execute(statement).fetchall():
            yield f"{over[0][0]} is laid over its row"

    def check_key(self, asked: Asked, ids: tuple[str, ...]) -> None:
        """The same key leads to the same intents."""
        if asked.key is not None and ids:
            first = self.by_key.get((asked.edit.user_id, asked.key))
            if first is None or tuple(first) != ids:
                self.violated("INV-12", f"{asked.key} led to {first}, and now to {ids}")


def lasting(row: Row) -> tuple[Any, ...]:
    """What never changes once an intent is settled."""
    return row.id, row.number, row.status, row.answer, row.changes, row.error_reason


def asked_for(known: Known) -> set[str]:
    """Fields that the edit is about."""
    edit = known.edit
    if edit is None or edit.scope != "this":
        return {*known.changes, *(WHEN if WHEN & known.changes.keys() else ())}
    named = set(edit.body) | (TOLD_BY_PUT if edit.kind == "update" else set())
    return named | (WHEN if WHEN & named else set()) | ({"reminders"} if "reminders" in named else set())


def emails(attendees: Any) -> set[str]:
    return {str(guest.get("email")).casefold() for guest in attendees or ()}


def parsed(raw: str | None) -> Json:
    found: Json = json.loads(raw) if raw else {}
    return found


def number_of(raw: str | None) -> int | None:
    """The change number of a version: of its etag, or of the event that names it."""
    if raw is None:
        return None
    tag = parsed(raw).get("etag") if raw.startswith("{") else raw
    text = tag.strip('"') if isinstance(tag, str) else ""
    return int(text) // 2 if text.isdigit() else None
