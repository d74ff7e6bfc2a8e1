"""calendarList: the calendars of one person."""

from calferry.emulator import errors
from calferry.emulator.call import NO_CONTENT, Answer, Call, Json, Route
from calferry.emulator.routes import scopes
from calferry.emulator.routes.paging import next_token, opened, tokens_of
from calferry.emulator.world import calendar_lists, sync_tokens
from calferry.emulator.world.calendar import ROLES
from calferry.emulator.world.event_shape import merged
from calferry.emulator.world.page_tokens import Listing
from calferry.emulator.world.people import CalendarListEntry, Person
from calferry.emulator.world.sync_tokens import SyncToken

PAGE_SIZE = 100
PAGE_SIZE_MAX = 250
COLLECTION = "/calendar/v3/users/me/calendarList"
ONE = f"{COLLECTION}/{{calendarId}}"


def list_entries(call: Call) -> Answer:
    person = call.caller()
    question = f"calendarList {person.email} {call.query.question()}"
    since = _since(call, person)
    found = opened(call, question)
    if found is None:
        size = call.query.integer("maxResults", PAGE_SIZE, PAGE_SIZE_MAX)
        fresh = Listing(question, call.world.log.last, list(_entries(call, person, since)), size)
        fresh.sync_token = sync_tokens.encode(SyncToken(fresh.covers), _binding(person))
        found = (0, fresh, 0)
    return _page(call, person, *found)


def _page(call: Call, person: Person, number: int, listing: Listing, offset: int) -> Answer:
    end = offset + listing.page_size
    tokens = tokens_of(next_token(call, number or None, listing, end), listing)
    items = [_resource(call, person, entry) for entry in listing.items[offset:end]]
    latest = max((entry.number for entry in person.entries.values()), default=0)
    return Answer({"kind": "calendar#calendarList", "etag": f'"p{latest}"', **tokens, "items": items})


def _entries(call: Call, person: Person, since: int | None) -> list[CalendarListEntry]:
    if since is not None:
        return [entry for entry in person.entries.values() if entry.number > since]
    least_role = call.query.choice("minAccessRole", ROLES)
    deleted, hidden = call.query.boolean("showDeleted"), call.query.boolean("showHidden")
    return calendar_lists.visible_entries(call.world, person, least_role, deleted, hidden)


def _since(call: Call, person: Person) -> int | None:
    query = call.query
    if not query.text("syncToken"):
        return None
    explicit_false = any(name in query and not query.boolean(name) for name in ("showDeleted", "showHidden"))
    if explicit_false or "minAccessRole" in query or query.boolean("showOwnOrganizationOnly"):
        raise errors.sync_token_with_restrictions()
    try:
        token = sync_tokens.decode(query.text("syncToken"), _binding(person))
    except ValueError as error:
        raise errors.invalid_sync_token() from error
    if token.position < person.list_tokens_valid_from or token.position > call.world.log.last:
        raise errors.full_sync_required()
    return token.position


def _binding(person: Person) -> str:
    return f"calendarList {person.email}"


def _resource(call: Call, person: Person, entry: CalendarListEntry) -> Json:
    return calendar_lists.entry_resource(person, entry, call.world.calendars[entry.calendar_id])


def _entry(call: Call) -> tuple[Person, CalendarListEntry]:
    person = call.caller()
    calendar, _ = call.calendar()
    entry = person.entries.get(calendar.id)
    if entry is None or entry.deleted:
        raise errors.not_found()
    return person, entry


def _answer(call: Call, person: Person, calendar_id: str) -> Answer:
    resource = _resource(call, person, person.entries[calendar_id])
    return Answer(resource, headers={"ETag": resource["etag"]})


def get_entry(call: Call) -> Answer:
    person, entry = _entry(call)
    return _answer(call, person, entry.calendar_id)


def insert_entry(call: Call) -> Answer:
    body = call.json()
    if not body.get("id"):
        raise errors.required("Missing calendar id.")
    person = call.caller()
    calendar, _ = call.world.calendar(str(body["id"]), person.email)
    calendar_lists.add_entry(call.world, person, calendar, _own(call, body), call.now)
    return _answer(call, person, calendar.id)


def update_entry(call: Call) -> Answer:
    person, entry = _entry(call)
    calendar = call.world.calendars[entry.calendar_id]
    own = calendar_lists.first_fields(calendar, 13) | _own(call, call.json())
    calendar_lists.change_entry(call.world, person, entry, own, call.now)
    return _answer(call, person, entry.calendar_id)


def patch_entry(call: Call) -> Answer:
    person, entry = _entry(call)
    own = merged(entry.own, _own(call, call.json()))
    calendar_lists.change_entry(call.world, person, entry, own, call.now)
    return _answer(call, person, entry.calendar_id)


def _own(call: Call, body: Json) -> Json:
    """The settable fields of a body; colours in RGB only count when the request says so."""
    if not call.query.boolean("colorRgbFormat"):
        body = {
            key: value for key, value in body.items() if key not in ("backgroundColor", "foregroundColor")
        }
    return calendar_lists.own_fields(body)


def delete_entry(call: Call) -> Answer:
    person, entry = _entry(call)
    calendar_lists.remove_entry(call.world, person, entry, call.now)
    return Answer(status=NO_CONTENT)


ROUTES = (
    Route("GET", COLLECTION, "calendarList.list", list_entries, scopes.LIST_READ),
    Route("GET", ONE, "calendarList.get", get_entry, scopes.LIST_GET),
    Route("POST", COLLECTION, "calendarList.insert", insert_entry, scopes.LIST_INSERT),
    Route("PUT", ONE, "calendarList.update", update_entry, scopes.LIST_WRITE),
    Route("PATCH", ONE, "calendarList.patch", patch_entry, scopes.LIST_WRITE),
    Route("DELETE", ONE, "calendarList.delete", delete_entry, scopes.LIST_WRITE),
)
