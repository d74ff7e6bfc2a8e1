"""Calendars as iCalendar files under secret addresses, for programs that subscribe to one."""

import asyncio
import hashlib
from datetime import date
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.responses import Response
from icalendar import Timezone
from pydantic import BaseModel, StringConstraints
from sqlalchemy import Connection

from calferry.core.event_window import zone_of
from calferry.core.ical_events import FeedLines, FeedRow
from calferry.core.ical_lines import file_of, text_line
from calferry.store import account_reads, calendar_feeds
from calferry.store.calendar_feeds import USED_STEP_MS, CalendarFeed, Contents
from calferry.store.event_reads import Readable
from calferry.store.tenant import acting_for
from calferry.web.authentication import CREDENTIAL_LENGTH_MAX, CallerDep
from calferry.web.frames import instant
from calferry.web.problems import Problem, not_found, responses
from calferry.web.request_body import RequestBody
from calferry.web.service import Service, ServiceDep

router = APIRouter(prefix="/calendar/feeds", tags=["feeds"])
open_router = APIRouter(tags=["feeds"])

FORMAT = 1
"""Raised when the same events make another file."""
WRITTEN_AT_ONCE = 2
"""A long file takes seconds of one core: who has an address may ask for it again and again."""
ZONES_FROM, ZONES_UNTIL = date(1970, 1, 1), date(2051, 1, 1)
UNKNOWN = "There is no calendar at this address, or it is not mirrored yet."
ICS = {"content": {"text/calendar": {"schema": {"type": "string"}}}, "description": "An iCalendar file."}

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")
]


class NewFeed(RequestBody):
    calendar_id: str | None = None
    """The calendar; every selected calendar of yours without it."""
    name: Name = ""
    """What programs call it; the calendar's title without it."""


class Feed(BaseModel):
    id: str
    calendar_id: str | None
    name: str
    created_at: str
    last_used_at: str | None
    """To the hour."""


class Feeds(BaseModel):
    feeds: list[Feed]


class CreatedFeed(Feed):
    """The only answer that ever holds the address."""

    url: str


@router.get("", responses=responses(401))
async def list_feeds(caller: CallerDep, service: ServiceDep) -> Feeds:
    rows = await service.engine.store.read(lambda conn: calendar_feeds.of_user(conn, caller.user_id))
    return Feeds(feeds=[Feed(**shown(row)) for row in rows])


@router.post("", status_code=201, responses=responses(400, 401, 403, 404, 409))
async def create_feed(new: NewFeed, caller: CallerDep, service: ServiceDep) -> CreatedFeed:
    """Make a secret address. Whoever has it may read, until it is revoked. See docs/feeds.md."""
    engine = service.engine
    secret, now_ms = engine.ids.secret(), engine.clock.now_ms()
    feed = CalendarFeed(engine.ids.new("feed"), caller.user_id, new.calendar_id, new.name, now_ms, None)

    def store(conn: Connection) -> None:
        if calendar_feeds.count(conn, caller.user_id) >= calendar_feeds.PER_USER_MAX:
            raise Problem(409, "too_many_feeds", "You have as many as is allowed: revoke one first.")
        known = new.calendar_id
        if known is not None and account_reads.calendar_of(conn, caller.user_id, known) is None:
            raise not_found("There is no such calendar among yours.")
        calendar_feeds.create(conn, feed, secret)

    await engine.store.write(store)
    return CreatedFeed(**shown(feed), url=f"{service.settings.base_url}/feeds/{secret}.ics")


@router.delete("/{feed_id}", status_code=204, responses=responses(401, 403, 404))
async def revoke_feed(feed_id: str, caller: CallerDep, service: ServiceDep) -> Response:
    """Its address answers nobody any more."""
    now_ms = service.engine.clock.now_ms()
    revoked = await service.engine.store.write(
        lambda conn: calendar_feeds.revoke(conn, caller.user_id, feed_id, now_ms)
    )
    if not revoked:
        raise not_found("There is no such feed among yours.")
    return Response(status_code=204)


def shown(feed: CalendarFeed) -> dict[str, str | None]:
    return {
        "id": feed.id,
        "calendar_id": feed.calendar_id,
        "name": feed.name,
        "created_at": instant(feed.created_at),
        "last_used_at": instant(feed.last_used_at),
    }


@open_router.get(
    "/feeds/{secret}.ics",
    responses={200: ICS, 304: {"description": "Nothing has changed."}, **responses(404)},
    response_class=Response,
)
async def read_feed(
    secret: str,
    request: Request,
    service: ServiceDep,
    if_none_match: Annotated[str | None, Header(description="The `ETag` of the file that is known.")] = None,
) -> Response:
    """The events that are stored, as an iCalendar file. The address is the only credential."""
    feed = await find(service, secret)
    acting_for.set(feed.user_id)
    contents = await service.engine.store.read(lambda conn: calendar_feeds.look(conn, feed))
    if not contents.calendars:
        raise not_found(UNKNOWN)
    etag = etag_of(feed, contents)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if matches(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    async with request.app.state.feed_places:
        file = await read_file(service, feed, contents)
    headers["Content-Disposition"] = 'inline; filename="calendar.ics"'
    return Response(file, media_type="text/calendar; charset=utf-8", headers=headers)


async def find(service: Service, secret: str) -> CalendarFeed:
    """Raises the same 404 `Problem` for whatever is no feed."""
    engine = service.engine
    feed = None
    if len(secret) <= CREDENTIAL_LENGTH_MAX:
        feed = await engine.store.read(lambda conn: calendar_feeds.find(conn, secret))
    if feed is None:
        raise not_found(UNKNOWN)
    known, now_ms = feed, engine.clock.now_ms()
    if feed.last_used_at is None or now_ms - feed.last_used_at >= USED_STEP_MS:
        await engine.store.write(lambda conn: calendar_feeds.touch(conn, known, now_ms))
    return feed


def etag_of(feed: CalendarFeed, contents: Contents) -> str:
    """Weak: the change log's head changes with more than what is in the file."""
    state = f"{FORMAT} {feed.id} {contents.state}"
    return f'W/"{hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()[:32]}"'


def matches(if_none_match: str | None, etag: str) -> bool:
    known = [one.strip().removeprefix("W/") for one in (if_none_match or "").split(",")]
    return "*" in known or etag.removeprefix("W/") in known


async def read_file(service: Service, feed: CalendarFeed, contents: Contents) -> bytes:
    """Read in one transaction, written in a thread: ten thousand events take a while."""

    def read(conn: Connection) -> list[tuple[Readable, list[FeedRow]]]:
        return [(one, calendar_feeds.rows_of(conn, feed, one)) for one in contents.calendars]

    read_rows = await service.engine.store.read(read)
    name = feed.name or ", ".join(contents.titles[one.calendar_id] for one in contents.calendars)
    return await asyncio.to_thread(written, read_rows, name)


def written(read_rows: list[tuple[Readable, list[FeedRow]]], name: str) -> bytes:
    found = FeedLines()
    for calendar, rows in read_rows:
        found.add_calendar(rows, zone_of(calendar.time_zone), expanded=calendar.mode == "instances")
    zone = getattr(zone_of(read_rows[0][0].time_zone), "key", "UTC")
    head = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//calferry//calferry//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        text_line("X-WR-CALNAME", name),
        f"X-WR-TIMEZONE:{zone}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT15M",
        "X-PUBLISHED-TTL:PT15M",
    ]
    zones = b"".join(map(zone_file, sorted(found.zones)))
    return file_of(head) + zones + file_of([*found.lines, "END:VCALENDAR"])


@lru_cache(200)
def zone_file(name: str) -> bytes:
    """The clock changes of a zone, written out; each on a line of its own, since ical.js, and with it Thunderbird, reads
    only the first of several on one."""
    zone = Timezone.from_tzid(name, first_date=ZONES_FROM, last_date=ZONES_UNTIL)
    unfolded = zone.to_ical().decode().replace("\r\n ", "").splitlines()
    return file_of(one for line in unfolded for one in apart(line))


def apart(line: str) -> list[str]:
    """An RDATE with several times as one for each."""
    name, _, value = line.partition(":")
    return [f"RDATE:{moment}" for moment in value.split(",")] if name == "RDATE" else [line]
