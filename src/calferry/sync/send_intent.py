"""Sending one intent to Google: once, whatever happens between the question and the answer.

An insert carries an id of ours, so that it can be looked for; a patch and a deletion carry the version they were made
on, so that they are refused where somebody else came first, or we did ourselves.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Literal

import msgspec
from sqlalchemy import Connection

from calferry.core import intent_state, merge, write_rules
from calferry.core.event_json import Json, parsed
from calferry.core.event_window import milliseconds, zone_of
from calferry.core.failure import Cause, LeaseLost, SourceFailure
from calferry.core.intent import Intent
from calferry.core.intent_state import Setback
from calferry.core.limits import MERGES_PER_ATTEMPT_MAX
from calferry.core.model import ObservedEvent, Window
from calferry.core.recurrence.lines import read_stamp
from calferry.core.recurrence.occurrence import parted
from calferry.ports import CalendarSource
from calferry.store import calendars, intents
from calferry.store.calendars import MirroredCalendar
from calferry.sync import lease
from calferry.sync.engine import Engine
from calferry.sync.heartbeat import Renew, beating
from calferry.sync.intent_ids import event_id_for
from calferry.sync.settle_intent import Clash, Done, Failed, Later, Outcome, settle

DAY_MS = 86_400_000
CLOCKS_APART_MS = 60_000
STORM = Setback("later", 0, "412", "conditionNotMet", "The event keeps changing at Google.")


async def send_intent(engine: Engine, intent_id: str) -> bool:
    """Send it if it may be sent now and nobody else is at it; True unless that was so."""

    def take(connection: Connection) -> tuple[Intent, MirroredCalendar] | None:
        intent = intents.take(connection, intent_id, lease.terms(engine), engine.clock.now_ms())
        calendar = None if intent is None else calendars.load(connection, intent.calendar_id)
        return None if intent is None or calendar is None else (intent, calendar)

    taken = await engine.store.write(take)
    if taken is None:
        return False
    intent, calendar = taken
    hold = partial(keep, engine, intent)
    try:
        async with beating(engine.clock, intent.id, hold):
            outcome = await Delivery(engine.source(calendar.account_id), intent, calendar, hold).go()
        await settle(engine, intent, outcome)
    except LeaseLost:
        return False
    return True


async def keep(engine: Engine, intent: Intent) -> None:
    await engine.store.write(lambda tx: intents.keep(tx, intent, lease.terms(engine)))


@dataclass(frozen=True, slots=True)
class Version:
    """What an edit is made on."""

    event: Json
    etag: str | None


class Delivery:
    """One attempt. `hold` raises `LeaseLost` once another process has taken the intent over."""

    def __init__(
        self, source: CalendarSource, intent: Intent, calendar: MirroredCalendar, hold: Renew
    ) -> None:
        self.source = source
        self.hold = hold
        self.intent = intent
        self.event_id = intent.event_id
        self.google_id = calendar.google_id
        self.zone = zone_of(calendar.envelope.time_zone)
        self.role = calendar.envelope.access_role
        self.clash: Clash | None = None
        self.uncertain = intent.uncertain
        self.refusal: SourceFailure | None = None

    async def go(self) -> Outcome:
        refusal = None if self.role is None else write_rules.role_refusal(self.role)
        if refusal is not None:
            return Failed(Setback("refused", 0, "403", refusal.code, refusal.detail))
        try:
            if self.intent.kind == "insert":
                return await self.insert()
            if self.intent.kind == "patch":
                return await self.patch()
            return await self.delete()
        except SourceFailure as failure:
            return self.outcome_of(failure)

    def outcome_of(self, failure: SourceFailure) -> Outcome:
        setback = intent_state.after(failure, self.intent.kind, self.intent.attempts - 1)
        if setback.next == "refused":
            return Failed(setback)
        return Later(replace(setback, uncertain=setback.uncertain or self.uncertain))

    def step_after(self, failure: SourceFailure) -> intent_state.Next:
        """What follows when Google does not take a write. What may have been done before is looked for at once."""
        self.uncertain = self.uncertain or failure.follows_unclear
        step = intent_state.next_step(failure.cause, self.intent.kind)
        self.refusal = failure if step == "refused" and self.uncertain else None
        return "changed" if self.refusal else step

    async def read(self) -> ObservedEvent | None:
        """The event as it is at Google, perhaps deleted; None where Google knows nothing of it."""
        try:
            return await self.source.event(self.google_id, self.event_id)
        except SourceFailure as failure:
            if failure.cause not in (Cause.NOT_FOUND, Cause.ALREADY_DELETED):
                raise
        return await self.read() if await self.goes_by_another_id() else None

    async def read_held(self) -> ObservedEvent | None:
        """What was read while the intent was ours holds no later edit of ours, which would be overwritten. Raises `LeaseLost`."""
        found = await self.read()
        await self.hold()
        return found

    async def goes_by_another_id(self) -> bool:
        """Whether Google has the occurrence, but names it otherwise; from now on so do we.

        Ids of occurrences are made here as Google used to make them; it does not promise that it still does.
        """
        part = parted(self.event_id)
        if part is None or self.event_id != self.intent.event_id:
            return False
        series_id, stamp = part
        at = read_stamp(stamp).wall * 1000
        try:
            page = await self.source.instances(
                self.google_id, series_id, Window(at - DAY_MS, at + 2 * DAY_MS)
            )
        except SourceFailure as failure:
            if failure.cause not in (Cause.NOT_FOUND, Cause.ALREADY_DELETED):
                raise
            return False
        named = [item.event_id for item in page.items if item.original_start == stamp]
        self.event_id = next(iter(named), self.event_id)
        return self.event_id != self.intent.event_id

    async def insert(self) -> Outcome:
        """An attempt whose outcome nobody knows may have made the event: look for it first."""
        if self.intent.uncertain and (found := await self.read()):
            return self.found_there(found)
        try:
            event = (self.intent.changes or "{}").encode()
            return Done(
                await self.source.insert_event(self.google_id, event, send_updates=self.intent.send_updates)
            )
        except SourceFailure as failure:
            if self.step_after(failure) != "taken" and self.refusal is None:
                raise
            found = await self.read()
            if found is None and self.refusal is not None:
                raise
            return Failed(TAKEN) if found is None else self.found_there(found)

    def found_there(self, found: ObservedEvent) -> Outcome:
        return Done(found) if self.is_ours(found) else Failed(TAKEN)

    def is_ours(self, found: ObservedEvent) -> bool:
        """Nobody else makes an id of ours. An event of an id that a person chose is ours if it says what that person said, or
        was made while nobody knew what became of our own attempt."""
        if self.intent.event_id == event_id_for(self.intent.id):
            return True
        said = parsed(found.raw)
        if self.uncertain and created_at(said) >= self.intent.created_at - CLOCKS_APART_MS:
            return True
        wanted = parsed(self.intent.changes)
        return found.status != "cancelled" and not merge.left_of(wanted, said, self.zone)

    async def patch(self) -> Outcome:
        """Send what is to change, merged with what others have changed meanwhile."""
        changes = parsed(self.intent.changes)
        base = Version(parsed(self.intent.base_raw), self.intent.base_etag)
        for _ in range(MERGES_PER_ATTEMPT_MAX + 1):
            if base.etag is not None and (answer := await self.try_patch(changes, base.etag)):
                return Done(answer, self.clash)
            theirs = await self.read_held()
            if theirs is None or theirs.status == "cancelled":
                return self.gone(theirs)
            if self.intent.after_id is not None and self.is_stale_cut(base, changes, theirs):
                return Failed(CHANGED, self.clash_over([], theirs))
            said = parsed(theirs.raw)
            if self.uncertain and merge.has_landed(base.event, changes, said, self.zone):
                return self.done_before(changes, theirs)
            merged = merge.merge(base.event, changes, said, self.zone)
            if merged.overlapping:
                self.clash = self.clash_over(merge.overlapping_fields(merged), theirs)
                if self.intent.on_conflict == "fail":
                    return Failed(CHANGED, self.clash)
            changes = merged.clear
            if self.intent.on_conflict == "ours":
                changes = merge.joined(merged.clear, merged.overlapping)
            if not changes:
                return Done(theirs, self.clash)
            if self.refusal is not None:
                raise self.refusal
            base = Version(said, theirs.etag)
        return Later(self.storm())

    def done_before(self, changes: Json, theirs: ObservedEvent) -> Done:
        """An attempt of which we had no answer has been done; what others have changed since stays, and is recorded."""
        since = list(merge.left_of(changes, parsed(theirs.raw), self.zone))
        return Done(theirs, self.clash_over(since, theirs, "theirs") if since else self.clash)

    def is_stale_cut(self, base: Version, changes: Json, theirs: ObservedEvent) -> bool:
        """Whether the rest of the series was made of a version that is not Google's any more: what others have changed since
        would be missing there."""
        said = parsed(theirs.raw)
        is_cut = not merge.left_of(changes, said, self.zone)
        return not is_cut and not merge.same_event(said, base.event, self.zone)

    def gone(self, tombstone: ObservedEvent | None) -> Outcome:
        """An attempt whose outcome nobody knows may have been done before the event was deleted."""
        said = {} if tombstone is None else parsed(tombstone.raw)
        if self.uncertain and said and not merge.left_of(parsed(self.intent.changes), said, self.zone):
            return Done(tombstone)
        return Failed(GONE, Clash("deleted", [], self.intent.base_raw, self.intent.changes, None))

    async def try_patch(self, changes: Json, etag: str) -> ObservedEvent | None:
        """None where the event is not that version any more, or no more at all."""
        try:
            return await self.source.patch_event(
                self.google_id,
                self.event_id,
                msgspec.json.encode(changes),
                if_match=etag,
                send_updates=self.intent.send_updates,
            )
        except SourceFailure as failure:
            if self.step_after(failure) not in ("gone", "changed"):
                raise
            return None

    async def delete(self) -> Outcome:
        """What is gone already has been deleted; what has changed is only deleted on demand."""
        etag, known = self.intent.base_etag, self.intent.base_raw
        for _ in range(MERGES_PER_ATTEMPT_MAX + 1):
            if etag is not None and await self.try_delete(etag):
                return Done(None, self.clash)
            theirs = await self.read_held()
            if theirs is None or theirs.status == "cancelled":
                return Done(None, self.clash)
            raw = theirs.raw.decode()
            if not merge.same_event(parsed(raw), parsed(known), self.zone):
                self.clash = self.clash_over([], theirs)
                if self.intent.on_conflict == "fail":
                    return Failed(CHANGED, self.clash)
                if self.intent.on_conflict == "theirs":
                    return Done(theirs, self.clash)
            if self.refusal is not None:
                raise self.refusal
            etag, known = theirs.etag, raw
        return Later(self.storm())

    async def try_delete(self, etag: str) -> bool:
        """False where the event is not that version any more."""
        try:
            await self.source.delete_event(
                self.google_id, self.event_id, if_match=etag, send_updates=self.intent.send_updates
            )
        except SourceFailure as failure:
            step = self.step_after(failure)
            if step not in ("gone", "changed"):
                raise
            return step == "gone" and not await self.goes_by_another_id()
        return True

    def clash_over(
        self, fields: list[str], theirs: ObservedEvent, outcome: Literal["ours", "theirs"] | None = None
    ) -> Clash:
        policy = "open" if self.intent.on_conflict == "fail" else self.intent.on_conflict
        raw = theirs.raw.decode()
        return Clash("changed", fields, self.intent.base_raw, self.intent.changes, raw, outcome or policy)

    def storm(self) -> Setback:
        failure = SourceFailure(Cause.SERVER_ERROR, STORM.message, status=412, reason=STORM.reason)
        return replace(
            intent_state.after(failure, self.intent.kind, self.intent.attempts - 1), uncertain=False
        )


def created_at(event: Json) -> int:
    """When Google made it, in UTC milliseconds; 0 where it does not say."""
    try:
        return milliseconds(datetime.fromisoformat(event["created"]))
    except (KeyError, TypeError, ValueError):
        return 0


TAKEN = Setback("taken", 0, "409", "duplicate", "There is another event of this id at Google.")
GONE = Setback("gone", 0, "410", "deleted", "The event has been deleted at Google.")
CHANGED = Setback("changed", 0, "412", "conditionNotMet", "The event has been changed at Google meanwhile.")
