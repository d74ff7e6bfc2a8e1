"""Scopes that open a method only for some calendars, or only for part of what is on them."""

from collections.abc import Set as AbstractSet

from calferry.emulator.world.calendar import ROLES, Calendar, at_least

WHOLE_EVENTS = frozenset({"calendar", "calendar.readonly", "calendar.events", "calendar.events.readonly"})
OWNED = frozenset({"calendar.events.owned", "calendar.events.owned.readonly"})
APP_CREATED = "calendar.app.created"
PUBLIC = "calendar.events.public.readonly"
FREE_BUSY = "calendar.events.freebusy"


def role_under(scopes: AbstractSet[str], client_id: str, method: str, calendar: Calendar, role: str) -> str:
    """What is left of a role on a calendar under the scopes of a token; `none` if they do not reach it.

    `scopes` are those that open the method at all, without Google's prefix.
    """
    if APP_CREATED in scopes and calendar.created_by == client_id:
        return role
    if not method.startswith("events."):
        return role if scopes != {APP_CREATED} else "none"
    if scopes & WHOLE_EVENTS:
        return role
    left = ["none"]
    if scopes & OWNED and at_least(role, "owner"):
        left.append(role)
    if PUBLIC in scopes:
        left.append(calendar.acl.get("default", "none"))
    if FREE_BUSY in scopes:
        left.append("freeBusyReader")
    return max(left, key=ROLES.index)
