"""Instances of a bounded window, in the order of their starts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, tzinfo

from fastapi.responses import Response
from sqlalchemy import Connection

from calferry.core.event_window import zone_of
from calferry.core.limits import EXPANDED_DAYS_MAX, EXPANDED_EVENTS_MAX
from calferry.core.recurrence.expansion import STORED, Instance, expand, place_of
from calferry.core.recurrence.instance_json import InstanceWriter, in_zone
from calferry.core.recurrence.offsets import zone_named
from calferry.store import event_reads
from calferry.store.event_reads import EventQuery, Place
from calferry.store.expansion_reads import Expandable, expandable, raw_of
from calferry.web.event_pages import read_continuation, refuse_unknown, seen, token_behind, walking
from calferry.web.frames import compact, with_calendar_id
from calferry.web.problems import Problem
from calferry.web.service import Service

DAY_MS = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class ExpandedPage:
    items: list[str]
    next_place: Place | None
    truncated: bool
    unexpanded: list[tuple[str, str]]


async def expanded_answer(
    service: Service,
    query: EventQuery,
    time_zone: str | None,
    page_token: str | None,
    require: Callable[[Connection], None] = lambda _: None,
) -> Response:
    """Raises `Problem` for a window that is open, too long, or wrong, and for a zone that is not known. `require` raises
    what else speaks against the question, in the transaction that answers it."""
    refuse_unbounded(query)
    zone = asked_zone(time_zone)
    terms = (query.calendar_ids, query.time_min, query.time_max, query.show_deleted, query.text)
    series = () if query.series_id is None else (query.series_id,)
    question = repr(("expanded", query.user_id, time_zone, *terms, *series))
    earlier = read_continuation(service, page_token, question)

    def read(conn: Connection) -> tuple[int, EventQuery, ExpandedPage]:
        refuse_unknown(conn, query)
        require(conn)
        cursor = earlier.cursor if earlier else event_reads.change_head(conn, query.user_id)
        walk = walking(conn, query, earlier)
        return cursor, walk, page(conn, walk, zone, earlier.place if earlier else None)

    cursor, walk, found = await service.engine.store.read(read)
    following = token_behind(service, found.next_place, cursor, walk, question)
    return Response(body_of(found, following, cursor), media_type="application/json")


def refuse_unbounded(query: EventQuery) -> None:
    if query.time_min is None or query.time_max is None:
        detail = "Instances need timeMin and timeMax: a series may go on for ever."
        raise Problem(400, "invalid_window", detail)
    if query.time_max.instant_in(UTC) - query.time_min.instant_in(UTC) > EXPANDED_DAYS_MAX * DAY_MS:
        detail = f"Of instances timeMin and timeMax may be {EXPANDED_DAYS_MAX} days apart at most."
        raise Problem(400, "invalid_window", detail)


def asked_zone(name: str | None) -> tzinfo | None:
    try:
        return None if name is None else zone_named(name)
    except ValueError:
        detail = "timeZone must be a name of the IANA database, such as Europe/Berlin."
        raise Problem(400, "invalid_time_zone", detail) from None


def page(conn: Connection, query: EventQuery, zone: tzinfo | None, after: Place | None) -> ExpandedPage:
    """The instances behind a place, and where they end."""
    found = expandable(conn, query, seen(conn, query))
    given = after.given if after else 0
    at_most = min(query.at_most, EXPANDED_EVENTS_MAX - given)
    behind = (after.start or 0, after.projection_id, after.event_id) if after else None
    instances = expand(found.sources, found.stored, at_most + 1, behind)
    has_more, instances = len(instances) > at_most, instances[:at_most]
    truncated = has_more and given + at_most >= EXPANDED_EVENTS_MAX
    following = None
    if has_more and not truncated:
        start, rank, event_id = place_of(instances[-1])
        following = Place(rank, event_id, start, given + at_most)
    return ExpandedPage(texts(conn, found, instances, zone), following, truncated, found.unexpanded)


def texts(conn: Connection, found: Expandable, instances: list[Instance], zone: tzinfo | None) -> list[str]:
    stored = raw_of(conn, found.calendars, ((one[1], one[2]) for one in instances if one[4] == STORED))
    writers: dict[int, InstanceWriter] = {}
    written: list[str] = []
    for instance in instances:
        _, rank, event_id, _, index, _ = instance
        calendar = found.calendars[rank]
        if index == STORED:
            raw = stored[rank, event_id]
            text = raw if zone is None else in_zone(raw, zone)
        else:
            if index not in writers:
                shown_in = zone or zone_of(calendar.time_zone)
                writers[index] = InstanceWriter(found.masters[index], found.sources[index], shown_in)
            text = writers[index].text(instance)
        written.append(with_calendar_id(calendar.calendar_id, text))
    return written


def body_of(page: ExpandedPage, following: str | None, cursor: int) -> bytes:
    unexpanded = [{"calendar_id": calendar, "event_id": event} for calendar, event in page.unexpanded]
    text = (
        f'{{"items":[{",".join(page.items)}],"nextPageToken":{compact(following)},'
        f'"cursor":{compact(str(cursor))},"truncated":{compact(page.truncated)},'
        f'"unexpanded":{compact(unexpanded)}}}'
    )
    return text.encode("utf-8", "replace")
