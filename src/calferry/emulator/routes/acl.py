"""acl: the rules that share a calendar. Writers read them, owners change them."""

from calferry.emulator import errors
from calferry.emulator.call import NO_CONTENT, Answer, Call, Route
from calferry.emulator.routes import scopes
from calferry.emulator.routes.paging import Collection, list_collection
from calferry.emulator.world import acl
from calferry.emulator.world.calendar import Calendar, at_least
from calferry.emulator.world.post import Mail

COLLECTION = "/calendar/v3/calendars/{calendarId}/acl"
ONE = f"{COLLECTION}/{{ruleId}}"


def readable(call: Call) -> Calendar:
    """The calendar, for those who may see its rules."""
    calendar, role = call.calendar()
    if not at_least(role, "writer"):
        raise errors.forbidden()
    return calendar


def _owned(call: Call) -> Calendar:
    calendar, role = call.calendar()
    if not at_least(role, "owner"):
        raise errors.forbidden()
    return calendar


def list_rules(call: Call) -> Answer:
    calendar = readable(call)
    show_deleted = call.query.boolean("showDeleted")
    collection = Collection(
        kind="calendar#acl",
        binding=f"acl {calendar.id} {call.caller().email}",
        etag=lambda: acl.etag(calendar),
        select=lambda since: acl.rules(calendar, since, show_deleted),
        render=lambda of: acl.resource(calendar, of),
        explicit_false=("showDeleted",),
    )
    return list_collection(call, collection)


def _answer(calendar: Calendar, of: str) -> Answer:
    found = acl.resource(calendar, of)
    return Answer(found, headers={"ETag": found["etag"]})


def _known(call: Call, calendar: Calendar) -> str:
    of = call.path["ruleId"].lower()
    if of not in calendar.acl:
        raise errors.not_found()
    return of


def get_rule(call: Call) -> Answer:
    calendar = readable(call)
    answer = _answer(calendar, _known(call, calendar))
    if call.header("if-none-match") == answer.headers["ETag"]:
        return Answer(status=304, headers=answer.headers)
    return answer


def insert_rule(call: Call) -> Answer:
    """A rule for somebody who has one replaces it."""
    calendar, body = _owned(call), call.json()
    of = acl.rule_id(body.get("scope"))
    role = acl.checked_role(body.get("role"), of)
    acl.check_may_change(calendar, of, call.caller().email)
    acl.set_role(call.world, calendar, of, role, call.now)
    _tell(call, calendar, of)
    return _answer(calendar, of)


def _tell(call: Call, calendar: Calendar, of: str) -> None:
    """Whoever is given access hears of it by mail, unless the request says otherwise."""
    kind, _, address = of.partition(":")
    if kind in ("user", "group") and call.query.boolean("sendNotifications", True):
        call.world.post.send(Mail(address, "sharing", calendar.id, "", call.now))


def update_rule(call: Call) -> Answer:
    return _changed(call, needs_scope=True)


def patch_rule(call: Call) -> Answer:
    return _changed(call, needs_scope=False)


def _changed(call: Call, needs_scope: bool) -> Answer:
    calendar, body = _owned(call), call.json()
    of = _known(call, calendar)
    _check_if_match(call, calendar, of)
    if (needs_scope or body.get("scope") is not None) and acl.rule_id(body.get("scope")) != of:
        raise errors.Refused(400, "global", "invalidScopeValue", "The scope of a rule cannot be changed.")
    role = acl.checked_role(calendar.acl[of] if body.get("role") is None else body["role"], of)
    if role != calendar.acl[of]:
        acl.check_may_change(calendar, of, call.caller().email)
        acl.set_role(call.world, calendar, of, role, call.now)
        _tell(call, calendar, of)
    return _answer(calendar, of)


def _check_if_match(call: Call, calendar: Calendar, of: str) -> None:
    if not call.may_write_over(acl.resource(calendar, of)["etag"]):
        raise errors.condition_not_met()


def delete_rule(call: Call) -> Answer:
    calendar = _owned(call)
    of = _known(call, calendar)
    _check_if_match(call, calendar, of)
    acl.check_may_change(calendar, of, call.caller().email)
    acl.set_role(call.world, calendar, of, "none", call.now)
    return Answer(status=NO_CONTENT)


ROUTES = (
    Route("GET", COLLECTION, "acl.list", list_rules, scopes.ACL_LIST),
    Route("GET", ONE, "acl.get", get_rule, scopes.ACL_GET),
    Route("POST", COLLECTION, "acl.insert", insert_rule, scopes.ACL_WRITE),
    Route("PUT", ONE, "acl.update", update_rule, scopes.ACL_WRITE),
    Route("PATCH", ONE, "acl.patch", patch_rule, scopes.ACL_WRITE),
    Route("DELETE", ONE, "acl.delete", delete_rule, scopes.ACL_WRITE),
)
