"""`GET /calendar/sync`: sync some calendars and watch it happen."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from calferry.core.limits import EVENTS_PER_FRAME_MAX, SYNC_COOLDOWN_MS, SYNC_TIMEOUT_S
from calferry.store import sync_requests
from calferry.store.sync_requests import SyncRequest, TooSoon
from calferry.web.authentication import ActingCallerDep, Caller
from calferry.web.calendar_ids import CalendarIdsInvalid, read_calendar_ids
from calferry.web.event_stream import EventStream
from calferry.web.open_streams import STREAMS_PER_USER_MAX, OpenStreams
from calferry.web.outbox import Outbox
from calferry.web.problems import Problem, responses
from calferry.web.service import Service, ServiceDep
from calferry.web.stream_position import StreamPosition, read_frame_id
from calferry.web.sync_stream import SyncStream
from calferry.web.sync_work import Works

router = APIRouter(prefix="/calendar", tags=["sync"])

RATE_LIMITED = "Sync rate limit exceeded. Please wait before syncing again."
DESCRIPTION = f"""Syncs calendars with Google and streams what changes as server-sent events.

`events` frames hold at most {EVENTS_PER_FRAME_MAX} events, `sync_token` says that a calendar is stored,
`sync_error` that it failed, `complete` ends the stream; `progress` is additional. A reader who reconnects with
`Last-Event-ID` goes on where it was; after `complete` it gets 204.

One request is one round: once every calendar is synced or has failed, `complete` comes and the stream ends. The service
goes on mirroring by itself, and what it stores between two rounds is in neither stream. To stay up to date, read
`GET /calendar/changes` or `GET /calendar/stream` from the `cursor` of the events. `GET /calendar/sync-status` says of each calendar when it was synced last, and whether that covers everything known.

A person's round is accepted {SYNC_COOLDOWN_MS // 1000} seconds after the one before; what is refused, or names no calendar of
theirs, does not count. A 429 has one of two codes: `sync_rate_limited`, and `too_many_streams` while {STREAMS_PER_USER_MAX}
streams of the same person are open in this process; `Retry-After` and `retry_after_s` say how many seconds to wait."""
PARAMETERS: list[dict[str, Any]] = [
    {
        "name": "calendar_ids",
        "in": "query",
        "required": True,
        "schema": {"type": "string"},
        "description": "Ids separated by commas, 20 at most.",
        "example": "cal_abc123,cal_def456",
    },
    {
        "name": "Last-Event-ID",
        "in": "header",
        "required": False,
        "schema": {"type": "string"},
        "description": "The id of the last frame of an earlier connection.",
    },
    {
        "name": "lastEventId",
        "in": "query",
        "required": False,
        "schema": {"type": "string"},
        "description": "The same, from stand-ins for `EventSource` that send it so; the header goes before it.",
    },
]
STREAM = {"description": "The stream.", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
FINISHED = {"description": "The request that the id belongs to is complete."}


@router.get(
    "/sync",
    response_class=Response,
    description=DESCRIPTION,
    responses={200: STREAM, 204: FINISHED, **responses(400, 401, 403, 429, 503)},
    openapi_extra={"parameters": PARAMETERS},
)
async def sync_events(request: Request, caller: ActingCallerDep, service: ServiceDep) -> Response:
    calendar_ids = read_ids(request)
    streams: OpenStreams = request.app.state.streams
    streams.refuse_if_full(caller.user_id)
    last_event_id = request.headers.get("last-event-id") or request.query_params.get("lastEventId")
    resumed = await find_resumed(service, caller, calendar_ids, last_event_id)
    if resumed is None:
        accepted = await accept(service, caller, calendar_ids)
        resumed = accepted, StreamPosition(accepted.head)
    sync_request, position = resumed
    if position.end:
        return Response(status_code=204)
    # Many may have been asking at the same moment.
    streams.refuse_if_full(caller.user_id)
    works: Works = request.app.state.works
    work = works.begin(service, sync_request)
    stream = SyncStream(service, caller, sync_request, work, position)

    async def produce(outbox: Outbox) -> None:
        with streams.counted(caller.user_id):
            await stream.produce(outbox)

    return EventStream(produce)


def read_ids(request: Request) -> tuple[str, ...]:
    try:
        return read_calendar_ids(request.query_params.getlist("calendar_ids"))
    except CalendarIdsInvalid as invalid:
        raise Problem(400, "invalid_calendar_ids", str(invalid)) from None


async def find_resumed(
    service: Service, caller: Caller, calendar_ids: tuple[str, ...], last_event_id: str | None
) -> tuple[SyncRequest, StreamPosition] | None:
    """The caller's own request that a frame id names, with the same calendars; None means a new request.

    A request whose time was over is not resumed: its runs have stopped.
    """
    named = read_frame_id(last_event_id)
    if named is None:
        return None
    request_id, position = named
    found = await service.engine.store.read(lambda conn: sync_requests.load(conn, request_id, caller.user_id))
    if found is None or set(found.asked) != set(calendar_ids) or position.end == "t":
        return None
    if position.end == "c" and found.completed_at is None:
        return None
    return found, position.within(found.head, len(found.asked))


async def accept(service: Service, caller: Caller, calendar_ids: tuple[str, ...]) -> SyncRequest:
    """Make it a request of its own. Raises the 429 `Problem` of the cooldown."""
    engine = service.engine
    request_id, now_ms = engine.ids.new("sync"), engine.clock.now_ms()
    deadline_ms = now_ms + SYNC_TIMEOUT_S * 1000
    outcome = await engine.store.write(
        lambda conn: sync_requests.accept(conn, request_id, caller.user_id, calendar_ids, now_ms, deadline_ms)
    )
    if isinstance(outcome, TooSoon):
        headers = {"Retry-After": str(outcome.retry_after_s)}
        raise Problem(429, "sync_rate_limited", RATE_LIMITED, retryable=True, headers=headers)
    return outcome
