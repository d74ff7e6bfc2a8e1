"""Edits of events: stored before they are acknowledged, sent to Google at once where that is possible."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Header, Query
from fastapi.responses import Response
from pydantic import BaseModel

from calferry.core.event_json import etag_of
from calferry.store import event_reads
from calferry.sync.edit import Edit, Scope
from calferry.sync.overlay import Shown, event_of
from calferry.web.authentication import CallerDep
from calferry.web.frames import compact, with_calendar_id
from calferry.web.intents import IntentBrief, brief
from calferry.web.problems import responses
from calferry.web.query_parameters import refuse_repeated_parameters
from calferry.web.sent_edits import Sent, send
from calferry.web.service import Service, ServiceDep

router = APIRouter(
    prefix="/calendar/calendars/{calendar_id}/events",
    tags=["event edits"],
    dependencies=[Depends(refuse_repeated_parameters)],
)

KEY_PATTERN = r"^[\x21-\x7e]{1,255}$"
IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern=KEY_PATTERN,
        description="Of your own choice: the same request under the same key is done once, and answered alike for a week.",
    ),
]
IfMatch = Annotated[
    str | None,
    Header(description="`ETag` of the version the edit is made on; another one is answered with 412."),
]
SendUpdates = Annotated[
    Literal["all", "externalOnly", "none"],
    Query(alias="sendUpdates", description="Whom Google tells about it."),
]
OnConflict = Annotated[
    Literal["fail", "ours", "theirs"],
    Query(
        alias="onConflict",
        description="Where somebody else has changed the same fields at Google meanwhile: give up, have it our way, or keep "
        "theirs. Whichever it is, the conflict is recorded; changes of different fields are merged and are none.",
    ),
]
ScopeQuery = Annotated[
    Scope,
    Query(
        description="Of a series: this occurrence, this and those that follow, or all. The series itself is always all of them."
    ),
]
EXAMPLE = {
    "summary": "Lunch with Ada",
    "start": {"dateTime": "2026-11-24T12:00:00+01:00"},
    "end": {"dateTime": "2026-11-24T13:00:00+01:00"},
}
ABOUT = "Google's event resource, or a part of it. Fields that only Google can write are not looked at."
EventBody = Annotated[dict[str, Any], Body(description=ABOUT, examples=[EXAMPLE])]
ChangesBody = Annotated[
    dict[str, Any],
    Body(description=ABOUT, examples=[{"summary": "Lunch with Ada and Bob", "location": None}]),
]


class Queued(BaseModel):
    """Google could not be reached, or not in time: the edit is stored, shown to readers, and sent as soon as possible."""

    intent: IntentBrief
    event: dict[str, Any] | None


ANSWERS: dict[int | str, dict[str, Any]] = {
    202: {"model": Queued, "description": "Stored, and on its way to Google."},
    **responses(400, 401, 403, 404, 409, 412, 429, 502, 503),
}
EVENT_ANSWER: dict[str, Any] = {
    "description": "Google's resource, plus `calendar_id`.",
    "headers": {"ETag": {"schema": {"type": "string"}, "description": "Google's etag, for `If-Match`."}},
    "content": {
        "application/json": {
            "schema": {"type": "object"},
            "example": {
                "calendar_id": "cal_4k2v…",
                "id": "6df5nd8rqtcj5bq0",
                "status": "confirmed",
                **EXAMPLE,
            },
        }
    },
}


@router.post(
    "", status_code=201, responses={201: EVENT_ANSWER, 200: EVENT_ANSWER, **ANSWERS}, response_class=Response
)
async def insert_event(
    calendar_id: str,
    event: EventBody,
    caller: CallerDep,
    service: ServiceDep,
    send_updates: SendUpdates = "none",
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Make an event. Its `id` is yours (5 to 1024 characters of a-v and 0-9), or made here; either way it is known before
    Google is asked, so that no repetition makes a second event."""
    edit = Edit(caller.user_id, calendar_id, "insert", body=event, send_updates=send_updates)
    return await answer(service, edit, idempotency_key, status=201)


@router.patch("/{event_id}", responses={200: EVENT_ANSWER, **ANSWERS}, response_class=Response)
async def patch_event(
    calendar_id: str,
    event_id: str,
    changes: ChangesBody,
    caller: CallerDep,
    service: ServiceDep,
    scope: ScopeQuery = "this",
    send_updates: SendUpdates = "none",
    on_conflict: OnConflict = "fail",
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Change what the body names: objects by key, lists whole, null removes. Guests that are named again keep what is not
    said of them. With `scope=following` the series ends before this occurrence, and a new one, which is answered, goes on
    from it."""
    edit = Edit(
        caller.user_id, calendar_id, "patch", event_id, changes, scope, if_match, send_updates, on_conflict
    )
    return await answer(service, edit, idempotency_key)


@router.put("/{event_id}", responses={200: EVENT_ANSWER, **ANSWERS}, response_class=Response)
async def update_event(
    calendar_id: str,
    event_id: str,
    event: EventBody,
    caller: CallerDep,
    service: ServiceDep,
    send_updates: SendUpdates = "none",
    on_conflict: OnConflict = "fail",
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Replace the event. What the body does not name is removed, but for guests, attachments, meetings and the like: these
    go only when they are named as empty."""
    edit = Edit(
        caller.user_id, calendar_id, "update", event_id, event, "this", if_match, send_updates, on_conflict
    )
    return await answer(service, edit, idempotency_key)


@router.delete(
    "/{event_id}",
    status_code=204,
    responses={204: {"description": "It is gone."}, 200: EVENT_ANSWER, **ANSWERS},
    response_class=Response,
)
async def delete_event(
    calendar_id: str,
    event_id: str,
    caller: CallerDep,
    service: ServiceDep,
    scope: ScopeQuery = "this",
    send_updates: SendUpdates = "none",
    on_conflict: OnConflict = "fail",
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Delete an event, or occurrences of a series. One that is gone already has been deleted. With `onConflict=theirs` an
    event that somebody else has changed meanwhile stays, and is answered."""
    edit = Edit(
        caller.user_id, calendar_id, "delete", event_id, {}, scope, if_match, send_updates, on_conflict
    )
    return await answer(service, edit, idempotency_key)


async def answer(service: Service, edit: Edit, idempotency_key: str | None, *, status: int = 200) -> Response:
    """What Google made of it; 202 while it is still to be sent."""
    sent = await send(service, edit, idempotency_key)
    if sent.intent is None or sent.last is None:
        return unchanged(edit, sent.accepted.unchanged)
    if sent.last.status == "pending":
        return await queued(service, edit, sent)
    raw = sent.intent.answer
    if raw is None or (edit.kind == "delete" and sent.intent.kind != "delete"):
        return Response(status_code=204)
    return resource(edit.calendar_id, raw, 200 if edit.kind == "delete" else status, sent.intent.event_id)


def resource(calendar_id: str, raw: str, status: int, event_id: str) -> Response:
    body = with_calendar_id(calendar_id, raw).encode("utf-8", "replace")
    headers = {}
    if etag := etag_of(raw):
        headers["ETag"] = etag
    if status == 201:
        headers["Location"] = f"/calendar/calendars/{calendar_id}/events/{event_id}"
    return Response(body, status, headers, "application/json")


def unchanged(edit: Edit, shown: Shown | None) -> Response:
    """The event says all that already."""
    if shown is None:
        return Response(status_code=204)
    body = with_calendar_id(edit.calendar_id, shown.text).encode("utf-8", "replace")
    return Response(body, 200, {"ETag": shown.tag} if shown.tag else {}, "application/json")


async def queued(service: Service, edit: Edit, sent: Sent) -> Response:
    """202, with the event as readers see it by now."""
    intent = sent.intent
    assert intent is not None  # noqa: S101 - narrows for the type checker
    shown = await service.engine.store.read(lambda tx: shown_now(tx, edit, intent.event_id))
    event = "null"
    if shown is not None and shown.status != "cancelled":
        event = with_calendar_id(edit.calendar_id, shown.text)
    told = compact(brief(sent.last or intent, intent.event_id).model_dump())
    body = f'{{"intent":{told},"event":{event}}}'.encode("utf-8", "replace")
    headers = {"Location": f"/calendar/intents/{(sent.last or intent).id}"}
    return Response(body, 202, headers, "application/json")


def shown_now(connection: Any, edit: Edit, event_id: str) -> Shown | None:
    readable = event_reads.readable_one(connection, edit.user_id, edit.calendar_id)
    return None if readable is None else event_of(connection, readable, event_id)
