"""The events of one calendar: all, one of them, and the instances of a series."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from calferry.store import event_reads
from calferry.store.event_reads import EventQuery, Readable
from calferry.store.expansion_reads import has_instances
from calferry.sync.overlay import Shown, event_of
from calferry.web.authentication import CallerDep
from calferry.web.events import (
    RESULTS_DEFAULT,
    RESULTS_MAX,
    Events,
    MaxResults,
    PageToken,
    QuestionDep,
    ShowDeleted,
    TimeMax,
    TimeMin,
    listed,
    read_time,
    refuse_empty,
    refuse_repeated,
)
from calferry.web.expanded_events import expanded_answer
from calferry.web.frames import with_calendar_id
from calferry.web.problems import Problem, not_found, responses
from calferry.web.service import ServiceDep

ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*")')

router = APIRouter(prefix="/calendar/calendars/{calendar_id}/events", tags=["events"])

IfNoneMatch = Annotated[
    str | None, Header(description="Entity tags: of a version that the caller has already the answer is 304.")
]
ZoneOfInstances = Annotated[
    str | None,
    Query(
        alias="timeZone", description="IANA name of the zone to write times in; the calendar's without it."
    ),
]
EVENT: dict[str, Any] = {
    "description": 'Google\'s resource, plus `calendar_id`, and `"pending": true` while Google has not been told every edit of it.',
    "headers": {
        "ETag": {
            "schema": {"type": "string"},
            "description": 'Google\'s etag, or `"pending-…"` while Google has not been told every edit.',
        }
    },
    "content": {"application/json": {"schema": {"type": "object"}}},
}


@router.get("", responses={200: {"model": Events}, **responses(400, 401, 404)}, response_class=Response)
async def list_calendar_events(calendar_id: str, service: ServiceDep, question: QuestionDep) -> Response:
    """The same as `GET /calendar/events`, of this calendar alone."""
    return await listed(service, question, (calendar_id,))


@router.get(
    "/{event_id}",
    responses={200: EVENT, 304: {"description": "The caller has it already."}, **responses(401, 404, 409)},
    response_class=Response,
)
async def get_event(
    calendar_id: str,
    event_id: str,
    caller: CallerDep,
    service: ServiceDep,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """One event, or one occurrence of a series. A deleted one is as unknown as one that never was."""
    shown = await service.engine.store.read(
        lambda conn: live_event(conn, caller.user_id, calendar_id, event_id)
    )
    headers = {} if shown.tag is None else {"ETag": shown.tag}
    if shown.tag is not None and names_tag(if_none_match, shown.tag):
        return Response(status_code=304, headers=headers)
    body = with_calendar_id(calendar_id, shown.text).encode("utf-8", "replace")
    return Response(body, headers=headers, media_type="application/json")


@router.get(
    "/{event_id}/instances",
    responses={200: {"model": Events}, **responses(400, 401, 404, 409)},
    response_class=Response,
)
async def list_instances(
    request: Request,
    calendar_id: str,
    event_id: str,
    caller: CallerDep,
    service: ServiceDep,
    time_min: TimeMin = None,
    time_max: TimeMax = None,
    time_zone: ZoneOfInstances = None,
    show_deleted: ShowDeleted = False,
    max_results: MaxResults = RESULTS_DEFAULT,
    page_token: PageToken = None,
) -> Response:
    """The instances of a series that overlap a window, in the order of their starts; timeMin and timeMax are needed. Of a
    calendar in the mode `instances`, those that are stored."""
    refuse_repeated(request)
    query = EventQuery(
        user_id=caller.user_id,
        calendar_ids=(calendar_id,),
        time_min=read_time("timeMin", time_min),
        time_max=read_time("timeMax", time_max),
        show_deleted=show_deleted,
        text="",
        at_most=min(max_results, RESULTS_MAX),
        series_id=event_id,
    )
    refuse_empty(query)
    return await expanded_answer(
        service,
        query,
        time_zone,
        page_token,
        lambda conn: require_series(conn, caller.user_id, calendar_id, event_id),
    )


def live_event(conn: Connection, user_id: int, calendar_id: str, event_id: str) -> Shown:
    """The event as readers see it. Raises `Problem`."""
    shown = event_of(conn, mirrored(conn, user_id, calendar_id), event_id)
    if shown is None or shown.status == "cancelled":
        raise no_event()
    return shown


def require_series(conn: Connection, user_id: int, calendar_id: str, event_id: str) -> None:
    """Raises `Problem` for what has no instances. A single event has itself, as Google answers it."""
    calendar = mirrored(conn, user_id, calendar_id)
    shown = event_of(conn, calendar, event_id)
    if shown is not None and shown.status != "cancelled" and shown.series_id is None:
        return
    if calendar.mode != "instances" or not has_instances(conn, calendar, event_id):
        raise no_event()


def mirrored(conn: Connection, user_id: int, calendar_id: str) -> Readable:
    """The calendar. Raises `Problem`."""
    calendar = event_reads.readable_one(conn, user_id, calendar_id)
    if calendar is None and event_reads.unknown_calendars(conn, user_id, [calendar_id]):
        raise no_event()
    if calendar is None:
        detail = "This calendar is not mirrored: select it, and wait for its first sync."
        raise Problem(409, "not_mirrored", detail)
    return calendar


def no_event() -> Problem:
    return not_found("There is no such event in a calendar of yours.")


def names_tag(header: str | None, tag: str) -> bool:
    """Whether `If-None-Match` names that entity tag. RFC 9110, 13.1.2."""
    named = header or ""
    return named.strip() == "*" or tag.removeprefix("W/") in ENTITY_TAG.findall(named)
