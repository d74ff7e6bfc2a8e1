"""calendars: the calendars themselves."""

from calferry.emulator import errors
from calferry.emulator.call import NO_CONTENT, Answer, Call, Json, Route
from calferry.emulator.routes import scopes
from calferry.emulator.world import acl, calendar_lists, dice, when
from calferry.emulator.world.calendar import Calendar, at_least
from calferry.emulator.world.event_store import Writer, stored
from calferry.emulator.world.invitations import spread
from calferry.emulator.world.world import events_resource

COLLECTION = "/calendar/v3/calendars"
ONE = f"{COLLECTION}/{{calendarId}}"
LABELS_MAX = 200
LABEL_NAME_LENGTH_MAX = 50


def get_calendar(call: Call) -> Answer:
    calendar, role = call.calendar()
    if not at_least(role, "reader"):
        raise errors.forbidden()
    return _answer(call, calendar)


def _answer(call: Call, calendar: Calendar) -> Answer:
    headers = {"ETag": calendar.etag()}
    if call.request.method == "GET" and call.header("if-none-match") == calendar.etag():
        return Answer(status=304, headers=headers)
    return Answer(calendar.resource(), headers=headers)


def insert_calendar(call: Call) -> Answer:
    person, body = call.caller(), call.json()
    if not body.get("summary"):
        raise errors.required("Missing summary.")
    number = call.world.log.next(call.now)
    calendar_id = dice.calendar_id(call.world.dice)
    calendar = Calendar(calendar_id, "", person.time_zone, person.email, number, tokens_valid_from=number)
    calendar.groups = call.world.groups
    calendar.created_by = call.token.client_id if call.token else ""
    calendar.acl[f"user:{person.email}"] = "owner"
    _set_fields(calendar, body)
    call.world.calendars[calendar.id] = calendar
    calendar_lists.add_entry(call.world, person, calendar, {}, call.now)
    return _answer(call, calendar)


def update_calendar(call: Call) -> Answer:
    return _changed(call, {"description": None, "location": None, **call.json()})


def patch_calendar(call: Call) -> Answer:
    return _changed(call, call.json())


def _changed(call: Call, body: Json) -> Answer:
    calendar = _owned(call)
    if not call.may_write_over(calendar.etag()):
        raise errors.condition_not_met()
    before = calendar.resource()
    _set_fields(calendar, body)
    if calendar.resource() != before:
        calendar.number = call.world.log.next(call.now, calendar.number)
    return _answer(call, calendar)


def _set_fields(calendar: Calendar, body: Json) -> None:
    for name in ("summary", "description", "location", "timeZone"):
        if not isinstance(body.get(name), str | None):
            raise errors.invalid(f"Invalid value for: {name} is not a valid string")
    if body.get("timeZone"):
        try:
            when.zone(body["timeZone"])
        except ValueError as error:
            raise errors.invalid("Invalid time zone.") from error
        calendar.time_zone = body["timeZone"]
    calendar.summary = body.get("summary") or calendar.summary
    for name in ("description", "location"):
        if name in body:
            setattr(calendar, name, body[name])
    calendar.extra = {**calendar.extra, **_further_fields(calendar, body)}


def _further_fields(calendar: Calendar, body: Json) -> Json:
    """Labels for any calendar, working hours for a primary one."""
    found: Json = {name: body[name] for name in ("labelProperties", "workingHours") if name in body}
    if not all(isinstance(value, dict | None) for value in found.values()):
        raise errors.invalid("Invalid value for: labelProperties or workingHours")
    if not calendar.primary:
        found.pop("workingHours", None)
    labels = (found.get("labelProperties") or {}).get("eventLabels") or []
    if not isinstance(labels, list) or len(labels) > LABELS_MAX or not all(map(_is_label, labels)):
        raise errors.invalid("Invalid event labels.")
    return found


def _is_label(label: object) -> bool:
    name = label.get("name") if isinstance(label, dict) else None
    return isinstance(name, str) and len(name) <= LABEL_NAME_LENGTH_MAX


def _owned(call: Call) -> Calendar:
    calendar, role = call.calendar()
    if not at_least(role, "owner"):
        raise errors.forbidden()
    return calendar


def delete_calendar(call: Call) -> Answer:
    calendar = _owned(call)
    if calendar.primary:
        message = "Cannot delete the primary calendar."
        raise errors.Refused(400, "calendar", "cannotDeletePrimaryCalendar", message)
    if calendar.owner != call.caller().email:
        raise errors.forbidden()
    calendar.deleted = True
    calendar_lists.mark_deleted_everywhere(call.world, calendar, call.now)
    return Answer(status=NO_CONTENT)


def clear_calendar(call: Call) -> Answer:
    """Deletes every event of a primary calendar."""
    calendar = _owned(call)
    if not calendar.primary:
        raise errors.invalid("Invalid Value")
    writer = Writer(call.world, calendar, call.caller(), call.now)
    living = [e for e in calendar.shelf if not e.is_cancelled and not e.recurring_event_id]
    for event in living:
        spread(writer, stored(writer, {**event.resource, "status": "cancelled"}, event), event)
    call.world.channels.notify(events_resource(calendar), call.now)
    return Answer(status=NO_CONTENT)


def transfer_ownership(call: Call) -> Answer:
    """Gives a secondary calendar another data owner; only administrators may."""
    query, caller = call.query, call.caller()
    if not query.boolean("useAdminAccess"):
        raise errors.invalid_parameter("useAdminAccess", "Only administrators transfer ownership.")
    calendar = call.world.calendars.get(call.path["calendarId"])
    heir = call.world.person(query.text("newDataOwner"))
    if not caller.is_admin:
        raise errors.forbidden()
    if calendar is None or calendar.deleted or heir is None:
        raise errors.not_found()
    if calendar.primary:
        raise errors.invalid("Invalid Value")
    calendar.owner = heir.email
    acl.set_role(call.world, calendar, f"user:{heir.email}", "owner", call.now)
    calendar.number = call.world.log.next(call.now, calendar.number)
    return Answer(status=NO_CONTENT)


ROUTES = (
    Route("GET", ONE, "calendars.get", get_calendar, scopes.CALENDARS_READ),
    Route("POST", COLLECTION, "calendars.insert", insert_calendar, scopes.CALENDARS_WRITE),
    Route("PUT", ONE, "calendars.update", update_calendar, scopes.CALENDARS_WRITE),
    Route("PATCH", ONE, "calendars.patch", patch_calendar, scopes.CALENDARS_WRITE),
    Route("DELETE", ONE, "calendars.delete", delete_calendar, scopes.CALENDARS_WRITE),
    Route("POST", f"{ONE}/clear", "calendars.clear", clear_calendar, scopes.CALENDARS_CLEAR),
    Route(
        "POST",
        f"{ONE}/transferOwnership",
        "calendars.transferOwnership",
        transfer_ownership,
        scopes.CALENDARS_CLEAR,
    ),
)
