"""freebusy.query: when calendars are busy. Trouble with one calendar is told beside the others."""

from typing import Any

from calferry.emulator import errors
from calferry.emulator.call import Answer, Call, Json, Route
from calferry.emulator.query import moment_of
from calferry.emulator.routes import scopes
from calferry.emulator.world import free_busy, when

RANGE_S_MAX = 92 * 86_400
GROUP_EXPANSION_MAX = 100
CALENDAR_EXPANSION_MAX = 50


def query_free_busy(call: Call) -> Answer:
    body = call.json()
    time_min, time_max = _moment(body, "timeMin"), _moment(body, "timeMax")
    if time_max <= time_min:
        raise errors.time_range_empty()
    if time_max - time_min > RANGE_S_MAX:
        raise errors.Refused(400, "calendar", "timeRangeTooLong", "The requested time range is too long.")
    zone = _zone(body)
    groups, names = _expanded(call, body)
    most = _limit(body, "calendarExpansionMax", CALENDAR_EXPANSION_MAX)
    calendars: Json = {}
    for place, name in enumerate(names):
        if most is not None and place >= most:
            calendars[name] = _trouble("tooManyCalendarsRequested")
        else:
            calendars[name] = _busy(call, name, (time_min, time_max), zone)
    answer: Json = {
        "kind": "calendar#freeBusy",
        "timeMin": free_busy.utc_text(time_min),
        "timeMax": free_busy.utc_text(time_max),
    }
    return Answer(answer | ({"groups": groups} if groups else {}) | {"calendars": calendars})


def _moment(body: Json, name: str) -> int:
    if not body.get(name):
        raise errors.required(f"Missing {name} parameter.")
    return moment_of(str(body[name]))


def _zone(body: Json) -> str:
    zone = str(body.get("timeZone") or "UTC")
    try:
        when.zone(zone)
    except ValueError as error:
        raise errors.invalid("Invalid time zone.") from error
    return zone


def _limit(body: Json, name: str, most: int) -> int | None:
    asked = body.get(name)
    if asked is None:
        return None
    if not isinstance(asked, int) or isinstance(asked, bool) or not 1 <= asked <= most:
        raise errors.invalid(f"Invalid value for: {name}")
    return asked


def _expanded(call: Call, body: Json) -> tuple[Json, list[str]]:
    """The groups that were asked for, and every calendar asked for by itself or through one of them."""
    items: Any = body.get("items") or []
    if not isinstance(items, list) or not all(
        isinstance(i, dict) and isinstance(i.get("id"), str) for i in items
    ):
        raise errors.invalid("Invalid value for: items")
    most = _limit(body, "groupExpansionMax", GROUP_EXPANSION_MAX) or GROUP_EXPANSION_MAX
    groups: Json = {}
    names: list[str] = []
    for item in items:
        members = call.world.groups.get(item["id"].lower())
        if members is None:
            names.append(item["id"])
        elif len(members) > most:
            groups[item["id"]] = {"errors": [{"domain": "global", "reason": "groupTooBig"}]}
        else:
            groups[item["id"]] = {"calendars": list(members)}
            names += members
    return groups, list(dict.fromkeys(names))


def _trouble(reason: str) -> Json:
    return {"errors": [{"domain": "global", "reason": reason}], "busy": []}


def _busy(call: Call, name: str, window: tuple[int, int], zone: str) -> Json:
    try:
        calendar, _ = call.world.calendar(name, call.person.email if call.person else None)
    except errors.Refused:
        return _trouble("notFound")
    spans = free_busy.busy(calendar, *window, call.now)
    texts = [[when.text_of(when.from_instant(moment, zone)) for moment in span] for span in spans]
    return {"busy": [{"start": start, "end": end} for start, end in texts]}


ROUTES = (
    Route("POST", "/calendar/v3/freeBusy", "freebusy.query", query_free_busy, scopes.FREE_BUSY, public=True),
)
