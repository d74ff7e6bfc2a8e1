"""What every reading of events refuses, however it reads them."""

from sqlalchemy import Connection

from calferry.store import event_reads
from calferry.store.event_reads import EventQuery
from calferry.web.page_tokens import Continuation, PageTokenInvalid, read_page_token
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


def refuse_unknown(conn: Connection, query: EventQuery) -> None:
    if query.calendar_ids and event_reads.unknown_calendars(conn, query.user_id, query.calendar_ids):
        raise not_found("There is no such calendar among yours.")
