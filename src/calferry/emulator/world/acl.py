"""Access-control rules of a calendar: who they name, what they grant, and which rules changed when."""

import re
from typing import Any

from calferry.emulator import errors
from calferry.emulator.world.calendar import ROLES, Calendar, at_least, opaque_etag
from calferry.emulator.world.channels import WatchedResource
from calferry.emulator.world.world import API_ROOT, World, quoted

Json = dict[str, Any]

SCOPE_TYPES = ("default", "user", "group", "domain")
RULES_MAX = 6_000
_ADDRESS = re.compile(r"[^\s@\ud800-\udfff]+@[^\s@\ud800-\udfff]+\Z")
_DOMAIN = re.compile(r"[^\s@\ud800-\udfff]+\.[^\s@\ud800-\udfff]+\Z")


def acl_resource(calendar: Calendar) -> WatchedResource:
    return WatchedResource(f"{API_ROOT}/calendars/{quoted(calendar.id)}/acl?alt=json")


def rule_id(scope: Any) -> str:
    """`default`, or type and value joined by a colon. Refuses scopes that name nobody."""
    if not isinstance(scope, dict) or not scope.get("type"):
        raise errors.required("Missing scope.")
    kind, value = scope["type"], scope.get("value")
    if kind not in SCOPE_TYPES:
        raise errors.invalid(f"Invalid scope type: {kind}")
    if kind == "default":
        return "default"
    wanted = _DOMAIN if kind == "domain" else _ADDRESS
    if not isinstance(value, str) or not wanted.match(value):
        raise errors.Refused(400, "global", "invalidScopeValue", "Invalid scope value.")
    return f"{kind}:{value.lower()}"


def checked_role(role: Any, of: str) -> str:
    """The role of a body. The public gets free and busy times or details, nothing more."""
    if not role:
        raise errors.required("Missing role.")
    if role not in ROLES:
        raise errors.invalid(f"Invalid value for: {role} is not a valid role")
    if of == "default" and at_least(role, "writerWithoutPrivateAccess"):
        message = "Illegal access role for the default scope."
        raise errors.Refused(400, "calendar", "illegalAccessRoleForDefault", message)
    return str(role)


def resource(calendar: Calendar, of: str) -> Json:
    """The rule as Google sends it; a deleted one has the role `none`."""
    kind, _, value = of.partition(":")
    return {
        "kind": "calendar#aclRule",
        "etag": f'"{calendar.acl_numbers.get(of, calendar.number):020d}"',
        "id": of,
        "scope": {"type": kind} | ({"value": value} if value else {}),
        "role": calendar.acl.get(of, "none"),
    }


def etag(calendar: Calendar) -> str:
    return opaque_etag(f"acl {calendar.id} {max([calendar.number, *calendar.acl_numbers.values()])}")


def rules(calendar: Calendar, since: int | None, show_deleted: bool) -> list[str]:
    """Rule ids: living ones, with `show_deleted` the others too, or all that changed after `since`."""
    known = [*calendar.acl, *(of for of in calendar.acl_numbers if of not in calendar.acl)]
    if since is not None:
        return [of for of in known if calendar.acl_numbers.get(of, calendar.number) > since]
    return [of for of in known if show_deleted or calendar.acl.get(of, "none") != "none"]


def check_may_change(calendar: Calendar, of: str, caller: str) -> None:
    """Nobody changes the own access, and nobody that of the calendar's data owner."""
    if of == f"user:{caller}":
        message = "Cannot change your own access level."
        raise errors.Refused(403, "calendar", "cannotChangeOwnAcl", message)
    if of == f"user:{calendar.owner}":
        message = "Cannot change the access level of the calendar owner."
        raise errors.Refused(403, "calendar", "cannotChangeOwnerAcl", message)


def set_role(world: World, calendar: Calendar, of: str, role: str, now: float) -> None:
    """Grants a role, `none` takes it away. Old sync tokens of the calendar's events die with the change."""
    if calendar.acl.get(of) == role:
        return
    if of not in calendar.acl and len(calendar.acl) >= RULES_MAX:
        raise errors.Refused(403, "usageLimits", "quotaExceeded", "Calendar usage limits exceeded.")
    if role == "none":
        calendar.acl.pop(of, None)
    else:
        calendar.acl[of] = role
    calendar.acl_numbers[of] = world.log.next(now, calendar.acl_numbers.get(of, 0))
    world.expire_sync_tokens(calendar, now)
    world.channels.notify(acl_resource(calendar), now)
