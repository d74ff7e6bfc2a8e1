"""Edits that were accepted, and how far they got."""

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy import Connection

from calferry.core.intent import Intent, IntentKind, IntentStatus
from calferry.store import conflicts, intents, sync_states
from calferry.sync.lease import terms
from calferry.web.authentication import CallerDep
from calferry.web.frames import instant
from calferry.web.problems import Problem, not_found, responses
from calferry.web.service import ServiceDep

router = APIRouter(prefix="/calendar/intents", tags=["event edits"])
UNKNOWN = "There is no such edit among yours."


class IntentBrief(BaseModel):
    id: str
    status: IntentStatus
    """`pending` until Google has answered for good; `conflict`: somebody else has changed the same at Google."""
    event_id: str


class SetbackShown(BaseModel):
    """Why Google has not taken it, or not yet."""

    code: str
    reason: str | None
    message: str | None


class IntentShown(IntentBrief):
    calendar_id: str
    kind: IntentKind
    attempts: int
    created_at: str
    next_try_at: str | None
    settled_at: str | None
    error: SetbackShown | None
    conflict_id: str | None


@router.get("/{intent_id}", responses=responses(401, 404))
async def get_intent(intent_id: str, caller: CallerDep, service: ServiceDep) -> IntentShown:
    """How far an edit got. It is remembered for a week after it was settled."""

    def look(connection: Connection) -> tuple[Intent, str | None] | None:
        intent = intents.load(connection, caller.user_id, intent_id)
        if intent is None:
            return None
        conflict = conflicts.of_intent(connection, caller.user_id, intent_id)
        return intent, conflict.id if conflict else None

    found = await service.engine.store.read(look)
    if found is None:
        raise not_found(UNKNOWN)
    return shown(*found)


@router.delete(
    "/{intent_id}", status_code=204, responses=responses(401, 403, 404, 409), response_class=Response
)
async def cancel_intent(intent_id: str, caller: CallerDep, service: ServiceDep) -> Response:
    """Take a pending edit back. Refused with 409 once Google may have been told of it."""
    engine = service.engine

    def work(connection: Connection) -> Intent | None:
        intent = intents.load(connection, caller.user_id, intent_id)
        now_ms, lease = engine.clock.now_ms(), terms(engine)
        if intent is not None:
            sync_states.hold(connection, intent.calendar_id)
        if intent is not None and not intents.cancel(connection, caller.user_id, intent_id, lease, now_ms):
            raise Problem(409, "not_cancellable", cannot_be_cancelled(intent), intent_id=intent.id)
        if intent is not None:
            intents.rebase(connection, intent, intent.base_raw, intent.base_etag)
        return intent

    if await engine.store.write(work) is None:
        raise not_found(UNKNOWN)
    engine.signals.wake("intents")
    return Response(status_code=204)


def cannot_be_cancelled(intent: Intent) -> str:
    if intent.status != "pending":
        return "This edit is settled already."
    return "Google may have been told of this edit already, or another one depends on it."


def brief(intent: Intent, event_id: str) -> IntentBrief:
    return IntentBrief(id=intent.id, status=intent.status, event_id=event_id)


def shown(intent: Intent, conflict_id: str | None) -> IntentShown:
    error = None
    if intent.error_code is not None:
        error = SetbackShown(
            code=intent.error_code, reason=intent.error_reason or None, message=intent.error_message
        )
    return IntentShown(
        id=intent.id,
        status=intent.status,
        event_id=intent.event_id,
        calendar_id=intent.calendar_id,
        kind=intent.kind,
        attempts=intent.attempts,
        created_at=instant(intent.created_at) or "",
        next_try_at=instant(intent.next_try_at),
        settled_at=instant(intent.settled_at),
        error=error,
        conflict_id=conflict_id,
    )
