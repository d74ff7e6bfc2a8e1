"""From an edit to intents: what is refused is refused here, and what is accepted is durable when this returns."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec
from sqlalchemy import Connection

from calferry.core import event_body, merge, series_edits, write_rules
from calferry.core.event_json import Json, parsed
from calferry.core.intent import IntentKind, OnConflict
from calferry.core.model import AccountId, ObservedEvent
from calferry.core.recurrence.master import Times
from calferry.store import intents, sync_states
from calferry.store.dialect import take_turns
from calferry.sync.edit import NO_EVENT, Edit, EditRefused, Place, existing, place_of, refuse, require_match
from calferry.sync.engine import Engine
from calferry.sync.intent_ids import event_id_for
from calferry.sync.overlay import Shown, event_of

NO_SERIES = (400, "not_a_series", "This event belongs to no series: leave `scope` out.")
KEY_REUSED = (409, "idempotency_key_reused", "This Idempotency-Key belongs to another request.")
TAKEN = (409, "duplicate", "There is an event of this id already, or there was one.")


@dataclass(frozen=True, slots=True)
class Accepted:
    """`intent_ids` in the order in which they are to be done; none where the event says all that already.

    The first one is about the event that is answered.
    """

    intent_ids: tuple[str, ...]
    unchanged: Shown | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """One intent to be. `shown` is what it is made on; none for an insert."""

    id: str
    kind: IntentKind
    event_id: str
    changes: Json | None
    shown: Shown | None
    after_id: str | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """What a repeated request is known by."""

    key: str
    request_hash: bytes


def no_objection(_connection: Connection) -> None:
    """Nothing but the edit itself decides whether it is accepted."""


async def accept(
    engine: Engine,
    edit: Edit,
    idempotency_key: str | None = None,
    objection: Callable[[Connection], None] = no_objection,
) -> Accepted:
    """Store the edit as intents. Raises `EditRefused`, and `SourceFailure` where Google has to be asked for a series first
    and does not answer; then nothing is stored. `objection` may raise `EditRefused` in the transaction that would accept."""
    refuse_body(edit)
    key = None if idempotency_key is None else Key(idempotency_key, hash_of(edit))
    ids = (engine.ids.new("int"), engine.ids.new("int"))
    master = await unstored_master(engine, edit, key)

    def work(connection: Connection) -> Accepted:
        if key is not None:
            take_turns(connection, f"edit {edit.user_id} {key.key}")
        earlier = None if key is None else replayed(connection, edit, key)
        if earlier is not None:
            return earlier
        objection(connection)
        return stored(connection, edit, ids, master, key, engine.clock.now_ms())

    return await engine.store.write(work)


def refuse_body(edit: Edit) -> None:
    """Before anything else looks into it. Raises `EditRefused`."""
    try:
        event_body.check_body(edit.body)
    except ValueError as wrong:
        raise EditRefused(400, "invalid_event", str(wrong)) from None


def stored(
    connection: Connection,
    edit: Edit,
    ids: tuple[str, str],
    master: Shown | None,
    key: Key | None,
    now_ms: int,
) -> Accepted:
    """Accept the edit, whose body has been checked, within the caller's transaction. Raises `EditRefused`."""
    sync_states.hold(connection, edit.calendar_id)
    place = place_of(connection, edit.user_id, edit.calendar_id)
    try:
        drafts = drafts_of(connection, place, edit, ids, master)
    except ValueError as wrong:
        raise EditRefused(400, "invalid_event", str(wrong)) from None
    for number, draft in enumerate(drafts):
        queue(connection, place, edit, draft, None if number else key, now_ms)
    if not drafts:
        return Accepted((), existing(connection, place, edit.event_id))
    return Accepted(tuple(draft.id for draft in drafts))


def hash_of(edit: Edit) -> bytes:
    return hashlib.sha256(
        repr(replace(edit, body={})).encode() + msgspec.json.encode(edit.body, order="sorted")
    ).digest()


def replayed(connection: Connection, edit: Edit, key: Key) -> Accepted | None:
    """What the same request led to before. Raises `EditRefused` for another request under the same key."""
    found = intents.with_key(connection, edit.user_id, key.key)
    if found is None:
        return None
    intent, request_hash = found
    if request_hash != key.request_hash:
        raise EditRefused(*KEY_REUSED)
    return Accepted((intent.id, *intents.ids_after(connection, intent.id)))


async def unstored_master(engine: Engine, edit: Edit, key: Key | None) -> Shown | None:
    """The series as Google has it, where the mirror holds only its instances and more than one of them is meant.

    None too for a repeated request: what it was about may be gone.
    """
    if edit.scope == "this" or edit.event_id is None:
        return None

    def look(connection: Connection) -> tuple[Place, str] | None:
        if key is not None and replayed(connection, edit, key) is not None:
            return None
        place = place_of(connection, edit.user_id, edit.calendar_id)
        shown = existing(connection, place, edit.event_id)
        return None if place.readable.mode == "series" or not shown.series_id else (place, shown.series_id)

    found = await engine.store.read(look)
    if found is None:
        return None
    place, series_id = found
    event = await engine.source(AccountId(place.row.account_id)).event(place.row.google_id, series_id)
    return shown_from(event)


def drafts_of(
    connection: Connection, place: Place, edit: Edit, ids: tuple[str, str], master: Shown | None
) -> list[Draft]:
    if edit.kind == "insert":
        return [inserted(connection, place, edit, ids[0])]
    shown = existing(connection, place, edit.event_id)
    require_match(edit.if_match, shown)
    if edit.body.get("status") == "cancelled":
        edit = replace(edit, kind="delete", body={})
    if edit.scope == "this":
        return changed(place, shown, changes_of(place, edit, shown, edit.body), ids[0])
    series = master or series_of(connection, place, shown)
    if edit.scope == "following" and shown.original_start is not None:
        ended = series_edits.trimmed(parsed(series.raw), shown.original_start, place.zone)
        if ended is not None:
            return split(place, edit, ids, series, shown, ended)
    return changed(place, series, whole_changes(place, edit, series, shown), ids[0])


def inserted(connection: Connection, place: Place, edit: Edit, intent_id: str) -> Draft:
    """A new event; its id is the person's, or made of the intent's."""
    event_id = edit.body.get("id") or event_id_for(intent_id)
    event_body.check_new_id(event_id)
    event = merge.changes_of_patch({}, edit.body, place.zone)
    if event.get("status") == "cancelled":
        raise event_body.EventInvalid("status", "A new event cannot be `cancelled`: leave `status` out.")
    refuse(write_rules.change_refusal({}, event, place.row.google_id))
    event_body.check_times(event, place.zone)
    if event_of(connection, place.readable, event_id) is not None:
        raise EditRefused(*TAKEN)
    return Draft(intent_id, "insert", event_id, {**event, "id": event_id}, None)


def changes_of(place: Place, edit: Edit, shown: Shown, body: Json) -> Json | None:
    """What is to change; None: the event is to go."""
    if edit.kind == "delete":
        return None
    base = parsed(shown.raw)
    if edit.made_on is not None:
        again = merge.merge(edit.made_on, body, base, place.zone)
        body = merge.joined(again.clear, again.overlapping)
    find = merge.changes_of_update if edit.kind == "update" else merge.changes_of_patch
    return find(base, body, place.zone)


def changed(place: Place, shown: Shown, changes: Json | None, intent_id: str) -> list[Draft]:
    """The draft that makes these changes; none if there are none. Raises `EditRefused`."""
    base = parsed(shown.raw)
    refuse(write_rules.change_refusal(base, changes, place.row.google_id))
    if changes is None:
        return [Draft(intent_id, "delete", shown.event_id, None, shown)]
    if not changes:
        return []
    event_body.check_times(merge.apply(base, changes), place.zone)
    return [Draft(intent_id, "patch", shown.event_id, changes, shown)]


def series_of(connection: Connection, place: Place, shown: Shown) -> Shown:
    """The series that an occurrence belongs to, or that the event is. Raises `EditRefused`."""
    if shown.series_id is None:
        if not shown.recurring:
            raise EditRefused(*NO_SERIES)
        return shown
    master = event_of(connection, place.readable, shown.series_id)
    if master is None or master.status == "cancelled":
        raise EditRefused(*NO_EVENT)
    return master


def whole_changes(place: Place, edit: Edit, series: Shown, shown: Shown) -> Json | None:
    """What an edit of one occurrence means for all of them."""
    if edit.kind == "delete":
        return None
    moved = edit.body
    if shown.series_id is not None:
        moved = series_edits.moved_whole(parsed(series.raw), parsed(shown.raw), edit.body, place.zone)
    return changes_of(place, edit, series, moved)


def split(
    place: Place, edit: Edit, ids: tuple[str, str], series: Shown, shown: Shown, ended: Json
) -> list[Draft]:
    """The series ends before the occurrence, and another one goes on from there.

    The new one comes first: if Google refuses it, nothing has happened.
    """
    if edit.kind == "delete":
        return changed(place, series, ended, ids[0])
    original, instance = shown.original_start or "", parsed(shown.raw)
    tail = series_edits.tail(parsed(series.raw), original, instance, edit.body, place.zone)
    event_id = event_id_for(ids[0])
    event_body.check_times(tail, place.zone)
    (end,) = changed(place, series, ended, ids[1])
    return [Draft(ids[0], "insert", event_id, {**tail, "id": event_id}, None), replace(end, after_id=ids[0])]


def queue(
    connection: Connection, place: Place, edit: Edit, draft: Draft, key: Key | None, now_ms: int
) -> None:
    shown = draft.shown
    intents.add(
        connection,
        id=draft.id,
        user_id=edit.user_id,
        account_id=place.row.account_id,
        calendar_id=edit.calendar_id,
        event_id=draft.event_id,
        line_id=(shown.series_id if shown else None) or draft.event_id,
        kind=draft.kind,
        changes=None if draft.changes is None else msgspec.json.encode(draft.changes).decode(),
        base_raw=shown.raw if shown else None,
        base_etag=shown.etag if shown and shown.pending is None else None,
        send_updates=edit.send_updates,
        on_conflict=policy_of(edit, draft),
        after_id=draft.after_id,
        idempotency_key=key.key if key else None,
        request_hash=key.request_hash if key else None,
        next_try_at=now_ms,
        created_at=now_ms,
    )


def policy_of(edit: Edit, draft: Draft) -> OnConflict:
    """A series that is not ended, as others want it, must not keep a second part beside it: that one is taken back."""
    return "fail" if draft.after_id is not None and edit.on_conflict == "theirs" else edit.on_conflict


def shown_from(event: ObservedEvent) -> Shown:
    """The same view of an event that comes straight from Google."""
    return Shown(
        event_id=event.event_id,
        raw=event.raw.decode(),
        etag=event.etag,
        pending=None,
        status=event.status,
        recurring=event.is_recurring,
        series_id=event.series_id,
        original_start=event.original_start,
        times=Times(event.start_ms, event.end_ms, event.start_date, event.end_date),
        stored=False,
    )
