"""calendarList: the calendars of one person."""

from calferry.emulator import errors
from calferry.emulator.call import NO_CONTENT, Answer, Call, Json, Route
from calferry.emulator.routes import scopes
from calferry.emulator.routes.paging import Collection, list_collection
from calferry.emulator.world import calendar_lists
from calferry.emulator.world.calendar import ROLES
from calferry.emulator.world.entry_rules import check_entry
from calferry.emulator.world.event_shape import merged
from calferry.emulator.world.people import CalendarListEntry, Person

COLLECTION = "/calendar/v3/users/me/calendarList"
ONE = f"{COLLECTION}/{{calendarId}}"


def list_entries(call: Call) -> Answer:
    person = call.caller()
    least_role = call.query.choice("minAccessRole", ROLES[1:])
    deleted, hidden = call.query.boolean("showDeleted"), call.query.boolean("showHidden")
    own_organization = call.query.boolean("showOwnOrganizationOnly")

    def select(since: int | None) -> list[CalendarListEntry]:
        if since is not None:
            return [entry for entry in person.entries.values() if entry.number > since]
        found = calendar_lists.visible_entries(call.world, person, least_role, deleted, hidden)
        return [entry for entry in found if not own_organization or _is_at_home(call, person, entry)]

    collection = Collection(
        kind="calendar#calendarList",
        binding=f"calendarList {person.email}",
        etag=lambda: f'"p{max((entry.number for entry in person.entries.values()), default=0)}"',
        select=select,
        render=lambda entry: _resource(call, person, entry),
        explicit_false=("showDeleted", "showHidden"),
        restricting=("minAccessRole", "showOwnOrganizationOnly"),
        valid_from=person.list_tokens_valid_from,
    )
    return list_collection(call, collection)


def _is_at_home(call: Call, person: Person, entry: CalendarListEntry) -> bool:
    """Whether a calendar's data owner is of the person's own organization."""
    owner = call.world.calendars[entry.calendar_id].owner
    return owner.partition("@")[2] == person.email.partition("@")[2]


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
    answer = _answer(call, person, entry.calendar_id)
    if call.header("if-none-match") == answer.headers["ETag"]:
        return Answer(status=304, headers=answer.headers)
    return answer


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
    check_entry(body)
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
