"""events.list and events.instances."""

from calferry.emulator import errors
from calferry.emulator.call import Answer, Call, Item, Json, Page, Route
from calferry.emulator.routes import scopes
from calferry.emulator.routes.paging import next_token, opened, question_of, sync_token_of, tokens_of
from calferry.emulator.world import listing, settings, sync_tokens
from calferry.emulator.world.calendar import Calendar, at_least, opaque_etag
from calferry.emulator.world.event import Event
from calferry.emulator.world.expansion import instances_of
from calferry.emulator.world.listing import EventQuery
from calferry.emulator.world.page_tokens import Listing
from calferry.emulator.world.sync_tokens import SyncToken
from calferry.emulator.world.visibility import shape_of

PAGE_SIZE = 250
PAGE_SIZE_MAX = 2500
EVENT_TYPES = ("birthday", "default", "focusTime", "fromGmail", "outOfOffice", "workingLocation")
UPDATED_MIN_AGE_S = 30 * 86_400
WITHOUT_SYNC_TOKEN = (
    "iCalUID", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin",
)  # fmt: skip


def list_events(call: Call) -> Answer:
    """One page of a full or incremental listing."""
    calendar, role = call.calendar()
    query = _query(call, calendar, role)
    etag = _etag(calendar, role)
    question = question_of(call, calendar.id, role)
    found = opened(call, question)
    if found is None and call.header("if-none-match") == etag:
        return Answer(status=304, headers={"ETag": etag})
    if found is None:
        items = [calendar.shelf.as_seen(event) for event in listing.select(calendar, query, call.now)]
        fresh = Listing(question, call.world.log.last, items, _page_size(call), expanded=query.single_events)
        fresh.sync_token = _sync_token(call, calendar, role, query, fresh.covers)
        found = (0, fresh, 0)
    return _page(call, calendar, role, query.show_deleted, found)


def _page_size(call: Call) -> int:
    return call.query.integer("maxResults", PAGE_SIZE, PAGE_SIZE_MAX)


def _page(
    call: Call, calendar: Calendar, role: str, show_deleted: bool, found: tuple[int, Listing, int]
) -> Answer:
    number, pages, offset = found
    end = offset + pages.page_size
    if calendar.empty_pages > 0 and pages.items:
        calendar.empty_pages -= 1
        number, end = 0, offset
    following = next_token(call, number or None, pages, end)
    events = _current(calendar, pages, offset, end, show_deleted)
    zone = call.query.zone("timeZone") or calendar.time_zone
    attendees_max = call.query.optional_integer("maxAttendees")
    seen = (calendar.shelf.as_seen(event) for event in events)
    items = [Item(event, shape_of(event, role, show_deleted), zone, attendees_max) for event in seen]
    return Answer(Page(_envelope(call, calendar, role) | tokens_of(following, pages), items))


def _current(calendar: Calendar, pages: Listing, offset: int, end: int, show_deleted: bool) -> list[Event]:
    """The page's events as of now: what changed since the first page is shown in its newest version."""
    found: list[Event] = []
    for event in pages.items[offset:end]:
        if calendar.events_number <= pages.covers:
            found.append(event)
            continue
        newest = calendar.shelf.find(event.id, calendar.id, calendar.time_zone)
        if newest is None or newest.number <= pages.covers:
            found.append(event)
        elif pages.expanded and newest.is_series:
            found += [event] if event.is_cancelled else []
        elif show_deleted or not newest.is_cancelled:
            found.append(newest)
    return found


def _envelope(call: Call, calendar: Calendar, role: str) -> Json:
    entry = call.person.entries.get(calendar.id) if call.person else None
    reminders = entry.own.get("defaultReminders", []) if entry and at_least(role, "reader") else []
    envelope: Json = {
        "kind": "calendar#events",
        "etag": _etag(calendar, role),
        "summary": calendar.summary,
        "description": calendar.description or "",
        "updated": calendar.events_updated(),
        "timeZone": calendar.time_zone,
        "accessRole": role,
        "defaultReminders": reminders,
    }
    return envelope


def _etag(calendar: Calendar, role: str) -> str:
    return opaque_etag(f"{calendar.id} {calendar.events_number} {calendar.number} {role}")


def _query(call: Call, calendar: Calendar, role: str) -> EventQuery:
    query = call.query
    query.choice("orderBy", ("startTime", "updated"))
    query.choice("eventTypes", EVENT_TYPES)
    asked = EventQuery(
        single_events=listing.effective(query.boolean("singleEvents"), role),
        show_deleted=query.boolean("showDeleted"),
        order_by=query.text("orderBy"),
        time_min=query.moment("timeMin"),
        time_max=query.moment("timeMax"),
        updated_min=query.moment("updatedMin"),
        q=query.text("q"),
        ical_uid=query.text("iCalUID"),
        private_properties=query.pairs_of("privateExtendedProperty"),
        shared_properties=query.pairs_of("sharedExtendedProperty"),
        event_types=frozenset(query.many("eventTypes")),
        since=_since(call, calendar, role),
        hides_unanswered=_hides_unanswered(call, calendar),
        role=role,
    )
    _check(asked, call.now)
    return asked


def _hides_unanswered(call: Call, calendar: Calendar) -> bool:
    """Whether this person has chosen not to see invitations before answering them."""
    person = call.person
    if person is None or calendar.id != person.email or call.query.boolean("showHiddenInvitations"):
        return False
    return settings.value_of(person, "hideInvitations") == "true"


def _check(query: EventQuery, now: float) -> None:
    if query.order_by == "startTime" and not query.single_events:
        message = "The requested ordering is not available for the particular query."
        raise errors.Refused(400, "global", "badRequest", message, ("parameter", "orderBy"))
    if query.time_min is not None and query.time_max is not None and query.time_max <= query.time_min:
        raise errors.time_range_empty()
    if query.updated_min is not None and query.updated_min < now - UPDATED_MIN_AGE_S:
        raise errors.updated_min_too_long_ago()


def _since(call: Call, calendar: Calendar, role: str) -> int | None:
    """The change number of the request's sync token. Refuses what may not go with one."""
    query = call.query
    if not query.text("syncToken"):
        return None
    if query.text("orderBy"):
        raise errors.sync_token_with_ordering()
    restricted = any(query.text(name) for name in WITHOUT_SYNC_TOKEN)
    if restricted or ("showDeleted" in query and not query.boolean("showDeleted")):
        raise errors.sync_token_with_restrictions()
    token = sync_token_of(call, _binding(call, calendar))
    expanded = listing.effective(query.boolean("singleEvents"), role)
    oldest = max(calendar.tokens_valid_from, calendar.shelf.history_from if expanded else 0)
    if token.position < oldest or token.single_events != expanded:
        raise errors.full_sync_required()
    return token.position


def _binding(call: Call, calendar: Calendar) -> str:
    return f"events {calendar.id} {call.person.email if call.person else ''}"


def _sync_token(call: Call, calendar: Calendar, role: str, query: EventQuery, covers: int) -> str | None:
    if not query.is_resumable:
        return None
    access = sync_tokens.FULL_ACCESS if at_least(role, "reader") else sync_tokens.FREE_BUSY_ACCESS
    token = SyncToken(covers, query.single_events, int(call.now), call.world.epoch)
    return sync_tokens.encode(token, _binding(call, calendar), access)


def list_instances(call: Call) -> Answer:
    """One page of the instances of a series."""
    calendar, role = call.calendar()
    query = EventQuery(
        single_events=True,
        show_deleted=call.query.boolean("showDeleted"),
        time_min=call.query.moment("timeMin"),
        time_max=call.query.moment("timeMax"),
    )
    _check(query, call.now)
    question = question_of(call, calendar.id, role, call.path["eventId"])
    found = opened(call, question)
    if found is None:
        events = _instances(call, calendar, query)
        found = (0, Listing(question, call.world.log.last, list(events), _page_size(call)), 0)
    return _page(call, calendar, role, query.show_deleted, found)


def _instances(call: Call, calendar: Calendar, query: EventQuery) -> list[Event]:
    master = calendar.shelf.find(call.path["eventId"], calendar.id, calendar.time_zone)
    if master is None:
        raise errors.not_found()
    if master.is_series and master.is_cancelled:
        raise errors.deleted()
    found = [master]
    if master.is_series:
        found = list(instances_of(calendar, master, call.now, query.time_min, query.time_max))
    original = call.query.text("originalStart")
    return [
        event
        for event in found
        if (query.show_deleted or not event.is_cancelled)
        and _in_window(event, calendar, query)
        and (not original or _starts_originally(event, calendar, original))
    ]


def _in_window(event: Event, calendar: Calendar, query: EventQuery) -> bool:
    """Here, unlike in events.list, an event that ends exactly at `timeMin` is in."""
    start_at, end_at = event.span(calendar.time_zone)
    late_enough = query.time_min is None or end_at >= query.time_min
    return late_enough and (query.time_max is None or start_at < query.time_max)


def _starts_originally(event: Event, calendar: Calendar, text: str) -> bool:
    asked = {"date": text} if len(text) == 10 else {"dateTime": text}
    try:
        wanted = Event({"id": "", "start": asked}, 0).span(calendar.time_zone)[0]
    except ValueError as error:
        raise errors.bad_request() from error
    original = event.resource.get("originalStartTime", event.resource.get("start"))
    return wanted == Event({"id": "", "start": original}, 0).span(calendar.time_zone)[0]


ROUTES = (
    Route(
        "GET",
        "/calendar/v3/calendars/{calendarId}/events",
        "events.list",
        list_events,
        scopes.EVENTS_READ,
        public=True,
    ),
    Route(
        "GET",
        "/calendar/v3/calendars/{calendarId}/events/{eventId}/instances",
        "events.instances",
        list_instances,
        scopes.EVENTS_READ,
        public=True,
    ),
)
