"""What became of an intent, in one transaction: its row, its conflict, what waits behind it, and the mark for a pull."""

from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection

from calferry.core import event_values, merge
from calferry.core.event_fields import WRITABLE
from calferry.core.event_json import etag_of, parsed
from calferry.core.intent import Intent
from calferry.core.intent_state import Setback
from calferry.core.model import ObservedEvent
from calferry.store import conflicts, intents, sync_states
from calferry.store.sync_states import NO_LEASE
from calferry.sync.engine import Engine

# What follows from another intent's failure, and is no failure of its own.
NOT_BEGUN: dict[str, Any] = {
    "status": "failed",
    "error_code": "409",
    "error_reason": "prerequisite",
    "error_message": "What this edit was to follow was not done.",
}


@dataclass(frozen=True, slots=True)
class Clash:
    """Our edit met another one. `fields`: what both changed; none for a deletion."""

    reason: Literal["changed", "deleted"]
    fields: list[str]
    base: str | None
    ours: str | None
    theirs: str | None
    outcome: Literal["open", "ours", "theirs"] = "open"


@dataclass(frozen=True, slots=True)
class Done:
    """Google has it. `answer` is the event as it is now; None: there is none any more."""

    answer: ObservedEvent | None
    clash: Clash | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """It will not be done."""

    setback: Setback
    clash: Clash | None = None


@dataclass(frozen=True, slots=True)
class Later:
    """It stays pending."""

    setback: Setback


Outcome = Done | Failed | Later


async def settle(engine: Engine, intent: Intent, outcome: Outcome) -> None:
    """Write what became of it. Raises `LeaseLost` where somebody else has taken it over; then nothing is written."""
    now_ms = engine.clock.now_ms()
    conflict_id, undo_id = engine.ids.new("cft"), engine.ids.new("int")

    def work(connection: Connection) -> None:
        sync_states.hold(connection, intent.calendar_id)
        if isinstance(outcome, Done):
            note_done(connection, intent, outcome, now_ms)
        elif isinstance(outcome, Failed):
            note_failed(connection, intent, outcome, now_ms, undo_id)
        else:
            put_off(connection, intent, outcome.setback, now_ms)
        clash = None if isinstance(outcome, Later) else outcome.clash
        if clash is not None:
            record(connection, intent, clash, conflict_id, now_ms)

    await engine.store.write(work)
    engine.signals.wake(f"intent:{intent.id}")
    engine.signals.wake("intents")
    if not isinstance(outcome, Later):
        engine.signals.wake("due")


def note_done(connection: Connection, intent: Intent, outcome: Done, now_ms: int) -> None:
    """The mark comes before the intent: whoever locks both locks the state row first."""
    answer = outcome.answer
    raw = None if answer is None else answer.raw.decode()
    mark = sync_states.mark(connection, [intent.calendar_id], now_ms).get(intent.calendar_id)
    values = {"status": "done", "answer": raw, "done_mark": mark, **NO_SETBACK}
    intents.settle(connection, intent, now_ms, values)
    if is_as_made(intent, raw):
        intents.rebase(connection, intent, raw, None if answer is None else answer.etag)


def is_as_made(intent: Intent, answer: str | None) -> bool:
    """Whether Google's answer says what the edit made of its base, and nothing that others did meanwhile.

    Else the edits that wait keep what they were made on: their authors have not seen what others did.
    """
    if intent.kind == "delete" or answer is None:
        return answer is None
    made, found = merge.apply(parsed(intent.base_raw), parsed(intent.changes)), parsed(answer)
    return all(event_values.same(name, made.get(name), found.get(name)) for name in WRITABLE)


NO_SETBACK: dict[str, Any] = {"error_code": None, "error_reason": None, "error_message": None}


def setback_values(setback: Setback) -> dict[str, Any]:
    return {
        "error_code": setback.code,
        "error_reason": setback.reason,
        "error_message": setback.message,
    }


def put_off(connection: Connection, intent: Intent, setback: Setback, now_ms: int) -> None:
    values = {
        **NO_LEASE,
        **setback_values(setback),
        "next_try_at": now_ms + setback.wait_ms,
        "uncertain": intent.uncertain or setback.uncertain,
    }
    intents.change(connection, intent, values)


def note_failed(connection: Connection, intent: Intent, outcome: Failed, now_ms: int, undo_id: str) -> None:
    """What waits behind it is made on what this one was made on; what was to follow it does not come.

    A conflict tells that the row is out of date, too.
    """
    if outcome.clash is not None:
        sync_states.mark(connection, [intent.calendar_id], now_ms)
    status = "failed" if outcome.clash is None else "conflict"
    values = {"status": status, **setback_values(outcome.setback)}
    intents.settle(connection, intent, now_ms, values)
    intents.rebase(connection, intent, intent.base_raw, intent.base_etag)
    intents.give_up_followers(connection, intent, NOT_BEGUN | {"settled_at": now_ms})
    if intent.after_id is not None:
        undo(connection, intent, undo_id, now_ms)


def undo(connection: Connection, intent: Intent, undo_id: str, now_ms: int) -> None:
    """The first half of an edit that fails in its second is taken back: the tail of a series that was not ended."""
    made = intents.load(connection, intent.user_id, intent.after_id or "")
    if made is None or made.status != "done" or made.kind != "insert" or made.answer is None:
        return
    intents.add(
        connection,
        id=undo_id,
        user_id=made.user_id,
        account_id=made.account_id,
        calendar_id=made.calendar_id,
        event_id=made.event_id,
        line_id=made.line_id,
        kind="delete",
        base_raw=made.answer,
        base_etag=etag_of(made.answer),
        send_updates=made.send_updates,
        on_conflict="ours",
        next_try_at=now_ms,
        created_at=now_ms,
    )


def record(connection: Connection, intent: Intent, clash: Clash, conflict_id: str, now_ms: int) -> None:
    conflicts.add(
        connection,
        id=conflict_id,
        user_id=intent.user_id,
        calendar_id=intent.calendar_id,
        event_id=intent.event_id,
        intent_id=intent.id,
        reason=clash.reason,
        fields=msgspec.json.encode(clash.fields).decode(),
        base=clash.base,
        ours=clash.ours,
        theirs=clash.theirs,
        outcome=clash.outcome,
        created_at=now_ms,
        resolved_at=None if clash.outcome == "open" else now_ms,
    )


async def give_up_gone(engine: Engine) -> int:
    """Fail what waits for calendars that are not there any more. Returns how many."""
    if not await engine.store.read(intents.pending_of_gone):
        return 0
    now_ms = engine.clock.now_ms()

    def work(connection: Connection) -> int:
        gone = intents.pending_of_gone(connection)
        for intent in gone:
            intents.settle(connection, intent, now_ms, {"status": "failed", **setback_values(CALENDAR_GONE)})
        return len(gone)

    return await engine.store.write(work)


CALENDAR_GONE = Setback("refused", 0, "404", "notFound", "The calendar has left the account's list.")
