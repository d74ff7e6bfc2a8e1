"""What every reading of events refuses, however it reads them, and what its pages have in common."""

from dataclasses import replace

from sqlalchemy import Connection

from calferry.store import event_reads
from calferry.store.event_reads import EventQuery, Place, Readable
from calferry.sync.overlay import laid_over
from calferry.web.page_tokens import Continuation, PageTokenInvalid, read_page_token, write_page_token
from calferry.web.problems import Problem, not_found
from calferry.web.service import Service


def read_continuation(service: Service, page_token: str | None, question: str) -> Continuation | None:
    if not page_token:
        return None
    try:
        return read_page_token(service.engine.vault, page_token, question)
    except PageTokenInvalid:
        detail = "pageToken does not belong to this question: repeat the parameters of the first page."
        raise Problem(400, "invalid_page_token", detail) from None


def token_behind(
    service: Service, place: Place | None, cursor: int, walk: EventQuery, question: str
) -> str | None:
    """The token of the page that begins behind a place; None behind the last page."""
    if place is None:
        return None
    continuation = Continuation(place, cursor, walk.projections or ())
    return write_page_token(service.engine.vault, continuation, question)


def refuse_unknown(conn: Connection, query: EventQuery) -> None:
    if query.calendar_ids and event_reads.unknown_calendars(conn, query.user_id, query.calendar_ids):
        raise not_found("There is no such calendar among yours.")


def walking(conn: Connection, query: EventQuery, earlier: Continuation | None) -> EventQuery:
    """The query, held to the projections that its first page read.

    Raises `Problem` when one of them is not what readers see any more: what was read of it does not fit to what would
    follow, and its rows are not kept for long.
    """
    shown = tuple(calendar.projection_id for calendar in event_reads.readable(conn, query))
    walked = earlier.projections if earlier else shown
    if not set(walked) <= set(shown):
        detail = "A calendar was stored anew, or is not read any more, since the first page: start again from the first page."
        raise Problem(400, "invalid_page_token", detail)
    return replace(query, projections=walked)


def seen(conn: Connection, query: EventQuery) -> list[Readable]:
    """The calendars to read, as readers see them."""
    return laid_over(conn, event_reads.readable(conn, query))
