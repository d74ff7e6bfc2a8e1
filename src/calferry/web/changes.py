"""The change log: page by page, and live."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from calferry.store import change_reads
from calferry.store.change_reads import LogPage
from calferry.web import sse
from calferry.web.authentication import Caller, CallerDep, find_caller
from calferry.web.event_stream import EventStream
from calferry.web.feeds import Feeds, body_of
from calferry.web.frames import compact
from calferry.web.open_streams import OpenStreams
from calferry.web.outbox import Outbox
from calferry.web.problems import Problem, responses
from calferry.web.query_parameters import refuse_repeated_parameters
from calferry.web.service import Service, ServiceDep
from calferry.web.sync import STREAM

router = APIRouter(prefix="/calendar", tags=["changes"])

RESULTS_DEFAULT = 250
RESULTS_MAX = 2_500
CURSOR_LENGTH_MAX = 18
COMMENT_EVERY_S = 15.0
RETRY_MS = 6_000
EXPIRED = "The log does not go back to this cursor: read the events again, and go on from the cursor of that answer."
NO_CURSOR = "cursor is a number that an earlier answer gave."
STREAM_DESCRIPTION = """The change log, live, as server-sent events: an event `change` for each of its lines, with the same fields as in
`GET /calendar/changes`, whose `id` is its number. Without a cursor it begins now.

A reader who reconnects with `Last-Event-ID` misses nothing. Where the log does not go back that far, an event `reset` comes
first: read the events again; its `cursor` is where the stream goes on. Comments keep the connection open. A reader who
stays more than a megabyte behind is disconnected, and comes back with its last id."""


class Change(BaseModel):
    id: str
    calendar_id: str
    event_id: str | None
    kind: str
    """`created`, `updated` or `cancelled`; `calendar_added` and `calendar_removed` are about a calendar."""
    moved: bool
    """Whether the event begins or ends at another time than before. An occurrence that is edited for the first time is `created`."""
    at: datetime
    """When the change was committed."""
    event: dict[str, Any] | None
    """Google's resource as it is stored now, which may be newer than the change; null where there is none."""


class Changes(BaseModel):
    changes: list[Change]
    cursor: str
    """Where to go on."""
    has_more: bool


Cursor = Annotated[
    str | None,
    Query(
        description="Of an earlier answer, or of `GET /calendar/events`; without it nothing, and the cursor of now."
    ),
]


@router.get(
    "/changes", responses={200: {"model": Changes}, **responses(400, 401, 410)}, response_class=Response
)
async def list_changes(
    request: Request,
    caller: CallerDep,
    service: ServiceDep,
    cursor: Cursor = None,
    max_results: Annotated[
        int, Query(alias="maxResults", ge=1, description=f"Changes in an answer; {RESULTS_MAX} at most.")
    ] = RESULTS_DEFAULT,
) -> Response:
    """What has changed since a cursor, oldest first, with each event as it is stored now. A cursor older than the kept log is
    410 `cursor_expired`: read the events again."""
    await refuse_repeated_parameters(request)
    after, at_most = read_cursor(cursor), min(max_results, RESULTS_MAX)
    page = await service.engine.store.read(
        lambda conn: change_reads.page_after(conn, caller.user_id, after, at_most)
    )
    if page.expired:
        raise Problem(410, "cursor_expired", EXPIRED)
    return Response(answer_of(page).encode("utf-8", "replace"), media_type="application/json")


def answer_of(page: LogPage) -> str:
    cursor = page.changes[-1].number if page.more else page.head
    items = ",".join(body_of(change) for change in page.changes)
    return f'{{"changes":[{items}],"cursor":{compact(str(cursor))},"has_more":{compact(page.more)}}}'


def read_cursor(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= CURSOR_LENGTH_MAX):
        raise Problem(400, "invalid_cursor", NO_CURSOR)
    return int(text)


@router.get(
    "/stream",
    response_class=Response,
    description=STREAM_DESCRIPTION,
    responses={200: STREAM, **responses(400, 401, 429, 503)},
)
async def stream_changes(
    request: Request,
    caller: CallerDep,
    service: ServiceDep,
    cursor: Cursor = None,
    last_event_id: Annotated[
        str | None, Header(alias="Last-Event-ID", description="The id of the last event.")
    ] = None,
) -> Response:
    await refuse_repeated_parameters(request)
    streams: OpenStreams = request.app.state.streams
    feeds: Feeds = request.app.state.feeds
    after = read_cursor(last_event_id or cursor)
    streams.refuse_if_full(caller.user_id)
    if after is None:
        after = (await feeds.now(caller.user_id)).head

    async def produce(outbox: Outbox) -> None:
        with streams.counted(caller.user_id):
            await follow(service, caller, feeds, after, outbox)

    return EventStream(produce)


async def follow(service: Service, caller: Caller, feeds: Feeds, after: int, outbox: Outbox) -> None:
    """Until the session or token has ended. Raises `ReaderTooSlow`. The id comes first, so that a reader who is told nothing
    comes back to where it was.

    The first comment comes at a time of its own: streams that were opened together are not looked after together.
    """
    await outbox.put(b"retry: %d\nid: %d\n\n" % (RETRY_MS, after))
    wait_s = service.engine.dice.uniform(0.0, COMMENT_EVERY_S)
    while True:
        async with feeds.joined(caller.user_id, after, outbox) as listener:
            while not await is_set_within(listener.behind, wait_s):
                wait_s = COMMENT_EVERY_S
                outbox.offer(sse.COMMENT)
                if await find_caller(service, caller.credentials) is None:
                    return
        after = listener.position


async def is_set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
