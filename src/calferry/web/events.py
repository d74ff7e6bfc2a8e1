"""Stored events, as they are or expanded, without syncing."""

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy import Connection

from calferry.core.event_window import Bound, is_empty, read_bound
from calferry.core.limits import EXPANDED_DAYS_MAX
from calferry.store import event_reads
from calferry.store.event_reads import EventPage, EventQuery
from calferry.web.authentication import CallerDep
from calferry.web.calendar_ids import CalendarIdsInvalid, read_calendar_ids
from calferry.web.event_pages import read_continuation, refuse_unknown, seen, token_behind, walking
from calferry.web.expanded_events import expanded_answer
from calferry.web.frames import compact, with_calendar_id
from calferry.web.problems import Problem, responses
from calferry.web.service import Service, ServiceDep

router = APIRouter(prefix="/calendar", tags=["events"])

RESULTS_DEFAULT = 250
RESULTS_MAX = 2_500
CALENDARS_MAX = 250
TEXT_LENGTH_MAX = 256
ONCE = (
    "calendar_ids",
    "timeMin",
    "timeMax",
    "singleEvents",
    "orderBy",
    "timeZone",
    "q",
    "showDeleted",
    "maxResults",
    "pageToken",
)
SINGLE_EVENTS = (
    "Instances in place of series, in the order of their starts; of calendars in the mode `instances` what is stored. "
    f"Needs timeMin and timeMax, {EXPANDED_DAYS_MAX} days apart at most."
)
TIME_ZONE = "IANA name of the zone to write times in; the calendar's without it. Needs singleEvents=true."
SHOW_DELETED = "Deleted events too, as long as they are kept."
MAX_RESULTS = f"Events on a page; {RESULTS_MAX} at most, however many are asked for."
NEXT_PAGE = (
    "`nextPageToken` of the page before, with the same other parameters. All pages read the same calendars, each in the "
    "mode of the first page; when one of them was stored anew meanwhile, or is not mirrored any more, the answer is "
    "400 `invalid_page_token`: start again from the first page."
)
ORDER_BY = "`startTime`, which is the order of singleEvents=true in any case, and needs it."


class UnexpandedSeries(BaseModel):
    calendar_id: str
    event_id: str


class Events(BaseModel):
    """Each item is Google's resource with every field as Google sent it, plus `calendar_id`.

    The last two fields are there with singleEvents=true only. `truncated`: there are more instances than are given to one
    question. `unexpanded`: series whose rules cannot be read; only their first occurrence is among the items.
    """

    items: list[dict[str, Any]]
    nextPageToken: str | None
    cursor: str
    truncated: bool | None = None
    unexpanded: list[UnexpandedSeries] | None = None


TimeMin = Annotated[
    str | None,
    Query(
        alias="timeMin",
        description="RFC 3339 instant, or a date: what ends after it, series by their occurrences.",
    ),
]
TimeMax = Annotated[str | None, Query(alias="timeMax", description="RFC 3339 instant, or a date.")]
TimeZone = Annotated[str | None, Query(alias="timeZone", description=TIME_ZONE)]
ShowDeleted = Annotated[bool, Query(alias="showDeleted", description=SHOW_DELETED)]
MaxResults = Annotated[int, Query(alias="maxResults", ge=1, description=MAX_RESULTS)]
PageToken = Annotated[str | None, Query(alias="pageToken", description=NEXT_PAGE)]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about the events of calendars; `query` does not say yet of which."""

    query: EventQuery
    single_events: bool
    time_zone: str | None
    page_token: str | None


async def read_question(
    request: Request,
    caller: CallerDep,
    time_min: TimeMin = None,
    time_max: TimeMax = None,
    single_events: Annotated[bool, Query(alias="singleEvents", description=SINGLE_EVENTS)] = False,
    order_by: Annotated[Literal["startTime"] | None, Query(alias="orderBy", description=ORDER_BY)] = None,
    time_zone: TimeZone = None,
    q: Annotated[str, Query(max_length=TEXT_LENGTH_MAX, description="Text to look for, in any case.")] = "",
    show_deleted: ShowDeleted = False,
    max_results: MaxResults = RESULTS_DEFAULT,
    page_token: PageToken = None,
) -> Question:
    """The parameters that every listing of events has."""
    refuse_repeated(request)
    if not single_events and (order_by or time_zone is not None):
        raise Problem(400, "invalid_request", "orderBy and timeZone need singleEvents=true.")
    query = EventQuery(
        user_id=caller.user_id,
        calendar_ids=None,
        time_min=read_time("timeMin", time_min),
        time_max=read_time("timeMax", time_max),
        show_deleted=show_deleted,
        text=q,
        at_most=min(max_results, RESULTS_MAX),
    )
    refuse_empty(query)
    return Question(query, single_events, time_zone, page_token)


QuestionDep = Annotated[Question, Depends(read_question)]


@router.get(
    "/events", responses={200: {"model": Events}, **responses(400, 401, 404)}, response_class=Response
)
async def list_events(
    service: ServiceDep,
    question: QuestionDep,
    calendar_ids: Annotated[
        str | None, Query(description="Ids separated by commas; every selected calendar without it.")
    ] = None,
) -> Response:
    """Events as stored, or expanded into instances, with the edits that Google has not been told yet: these events are
    marked `"pending": true`. `cursor` is the head of the change log before the first page: nothing newer is missed by
    whoever follows the log from there."""
    return await listed(service, question, read_ids(calendar_ids))


async def listed(service: Service, question: Question, calendar_ids: tuple[str, ...] | None) -> Response:
    """The answer of every listing of events."""
    query = replace(question.query, calendar_ids=calendar_ids)
    if question.single_events:
        return await expanded_answer(service, query, question.time_zone, question.page_token)
    return await answer(service, query, question.page_token)


def refuse_empty(query: EventQuery) -> None:
    if is_empty(query.time_min, query.time_max):
        raise Problem(400, "invalid_window", "timeMin must be earlier than timeMax.")


def refuse_repeated(request: Request) -> None:
    for name in ONCE:
        if len(request.query_params.getlist(name)) > 1:
            raise Problem(400, "invalid_request", f"The parameter {name} is given more than once.")


def read_ids(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    try:
        return read_calendar_ids([text], at_most=CALENDARS_MAX)
    except CalendarIdsInvalid as invalid:
        raise Problem(400, "invalid_calendar_ids", str(invalid)) from None


def read_time(name: str, text: str | None) -> Bound | None:
    try:
        return None if text is None else read_bound(text)
    except ValueError as wrong:
        raise Problem(400, "invalid_window", f"{name} {wrong}.") from None


async def answer(service: Service, query: EventQuery, page_token: str | None) -> Response:
    question = repr(
        (query.user_id, query.calendar_ids, query.time_min, query.time_max, query.show_deleted, query.text)
    )
    earlier = read_continuation(service, page_token, question)

    def read(conn: Connection) -> tuple[int, EventQuery, EventPage]:
        refuse_unknown(conn, query)
        cursor = earlier.cursor if earlier else event_reads.change_head(conn, query.user_id)
        walk = walking(conn, query, earlier)
        return (
            cursor,
            walk,
            event_reads.page(conn, walk, seen(conn, walk), earlier.place if earlier else None),
        )

    cursor, walk, page = await service.engine.store.read(read)
    following = token_behind(service, page.next_place, cursor, walk, question)
    return Response(body_of(page, following, cursor), media_type="application/json")


def body_of(page: EventPage, following: str | None, cursor: int) -> bytes:
    items = ",".join(with_calendar_id(calendar_id, raw) for calendar_id, raw in page.items)
    text = f'{{"items":[{items}],"nextPageToken":{compact(following)},"cursor":{compact(str(cursor))}}}'
    return text.encode("utf-8", "replace")
