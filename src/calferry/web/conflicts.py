"""Edits that met other edits of the same fields at Google."""

import itertools
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from calferry.core.event_json import parsed
from calferry.core.intent import Intent
from calferry.store import conflicts, intents
from calferry.store.conflicts import ConflictRow
from calferry.sync.edit import Edit, EditRefused
from calferry.web.authentication import CallerDep
from calferry.web.frames import instant
from calferry.web.problems import Problem, not_found, responses
from calferry.web.request_body import RequestBody
from calferry.web.sent_edits import send
from calferry.web.service import Service, ServiceDep

router = APIRouter(prefix="/calendar/conflicts", tags=["event edits"])
UNKNOWN = "There is no such conflict among yours."
DECIDED = ("conflict_resolved", "This conflict has been decided already.")
RESULTS_MAX = 250


class Conflict(BaseModel):
    """`base`: the event our edit was made on; `ours`: what it was to change, null for a deletion; `theirs`: the event as it
    was found at Google, null where it had been deleted."""

    id: str
    calendar_id: str
    event_id: str
    intent_id: str
    reason: Literal["changed", "deleted"]
    fields: list[str]
    """What both sides changed."""
    base: dict[str, Any] | None
    ours: dict[str, Any] | None
    theirs: dict[str, Any] | None
    outcome: Literal["open", "ours", "theirs"]
    """`open` until somebody decides; an edit's `onConflict` decides beforehand."""
    created_at: str
    resolved_at: str | None


class Conflicts(BaseModel):
    conflicts: list[Conflict]
    nextPageToken: str | None


class Resolution(RequestBody):
    keep: Literal["ours", "theirs"] = Field(examples=["ours"])
    """`ours` makes the edit again, on what is at Google now; `theirs` leaves that as it is."""


@router.get("", responses=responses(400, 401))
async def list_conflicts(
    caller: CallerDep,
    service: ServiceDep,
    state: Annotated[
        Literal["open", "all"], Query(description="Those that wait for a decision, or all.")
    ] = "open",
    max_results: Annotated[
        int, Query(alias="maxResults", ge=1, le=RESULTS_MAX, description="Conflicts on a page.")
    ] = 100,
    page_token: Annotated[
        str | None, Query(alias="pageToken", description="`nextPageToken` of the page before.")
    ] = None,
) -> Conflicts:
    """Conflicts, the newest first."""

    def look(connection: Connection) -> list[ConflictRow]:
        after = None
        if page_token is not None:
            last = conflicts.load(connection, caller.user_id, page_token)
            if last is None:
                raise Problem(400, "invalid_page_token", "Start again from the first page.")
            after = last.created_at, last.id
        return conflicts.of_user(
            connection, caller.user_id, only_open=state == "open", after=after, at_most=max_results + 1
        )

    rows = await service.engine.store.read(look)
    following = rows[max_results - 1].id if len(rows) > max_results else None
    return Conflicts(conflicts=[shown(row) for row in rows[:max_results]], nextPageToken=following)


@router.post("/{conflict_id}/resolve", responses=responses(400, 401, 403, 404, 409, 502, 503))
async def resolve_conflict(
    conflict_id: str, resolution: Resolution, caller: CallerDep, service: ServiceDep
) -> Conflict:
    """Decide an open conflict. An event that was deleted at Google is not brought back: make a new one."""
    row = await service.engine.store.read(lambda tx: conflicts.load(tx, caller.user_id, conflict_id))
    if row is None:
        raise not_found(UNKNOWN)
    if row.outcome != "open":
        raise Problem(409, *DECIDED)
    if resolution.keep == "ours":
        await make_again(service, row)
    now_ms = service.engine.clock.now_ms()

    def decide(connection: Connection) -> ConflictRow | None:
        if resolution.keep == "theirs" and is_made_again(connection, row):
            raise Problem(409, *DECIDED)
        conflicts.resolve(connection, row.id, resolution.keep, now_ms)
        return conflicts.load(connection, row.user_id, row.id)

    decided = await service.engine.store.write(decide)
    if decided is None:
        raise not_found(UNKNOWN)
    return shown(decided)


async def make_again(service: Service, row: ConflictRow) -> None:
    """The edit as a new one: asked for twice at a time, it is made once."""
    if row.reason == "deleted":
        detail = "The event has been deleted at Google: make a new one, or keep theirs."
        raise Problem(409, "event_deleted", detail, conflict_id=row.id)
    if await service.engine.store.read(lambda tx: is_end_of_series(tx, row)):
        detail = (
            "Of this and the following occurrences nothing was changed: keep theirs, and make the edit again."
        )
        raise Problem(409, "series_not_split", detail, conflict_id=row.id)
    edit = Edit(
        row.user_id,
        row.calendar_id,
        "patch" if row.ours else "delete",
        row.event_id,
        parsed(row.ours),
        on_conflict="ours",
        made_on=parsed(row.base) or None,
    )
    key = await service.engine.store.read(lambda tx: key_for(tx, row))
    await send(service, edit, key, lambda tx: refuse_decided(tx, row))


def refuse_decided(connection: Connection, row: ConflictRow) -> None:
    """Raises `EditRefused` where somebody else has decided meanwhile."""
    now = conflicts.load(connection, row.user_id, row.id)
    if now is None or now.outcome != "open":
        raise EditRefused(409, *DECIDED)


def is_made_again(connection: Connection, row: ConflictRow) -> bool:
    """Whether somebody has decided for ours, and it is on its way or done."""
    return intents.with_key(connection, row.user_id, key_for(connection, row)) is not None


def is_end_of_series(connection: Connection, row: ConflictRow) -> bool:
    """Whether our edit was to end a series that goes on in another one, which has been taken back: ending it now would lose
    what follows. Of an edit that is forgotten by now nobody knows."""
    intent = intents.load(connection, row.user_id, row.intent_id)
    if intent is None:
        return parsed(row.ours).keys() == {"recurrence"}
    return intent.after_id is not None


def key_for(connection: Connection, row: ConflictRow) -> str:
    """A key that no caller can have chosen; another one after each attempt that has failed."""
    keys = (f"resolve {row.id} {attempt}" for attempt in itertools.count(1))
    return next(key for key in keys if may_serve(intents.with_key(connection, row.user_id, key)))


def may_serve(earlier: tuple[Intent, bytes] | None) -> bool:
    return earlier is None or earlier[0].status in ("pending", "done")


def shown(row: ConflictRow) -> Conflict:
    return Conflict.model_validate(
        {
            "id": row.id,
            "calendar_id": row.calendar_id,
            "event_id": row.event_id,
            "intent_id": row.intent_id,
            "reason": row.reason,
            "fields": row.field_names,
            "base": parsed(row.base) or None,
            "ours": parsed(row.ours) or None,
            "theirs": parsed(row.theirs) or None,
            "outcome": row.outcome,
            "created_at": instant(row.created_at),
            "resolved_at": instant(row.resolved_at),
        }
    )
