"""Which shape of an event somebody gets: whole, a stub, or only when it is busy."""

from typing import Any

from calferry.emulator.world import when
from calferry.emulator.world.calendar import at_least
from calferry.emulator.world.event import Event

Json = dict[str, Any]

WHOLE, STUB, BUSY = "whole", "stub", "busy"
_STUB_KEYS = ("kind", "etag", "id", "status", "recurringEventId", "originalStartTime")
_BUSY_KEYS = ("kind", "etag", "id", "status", "htmlLink", "updated", "start", "end", "recurringEventId",
              "originalStartTime", "visibility", "iCalUID")  # fmt: skip
_STAMPS = ("start", "end", "originalStartTime")


def shape_of(event: Event, role: str, show_deleted: bool) -> str:
    """The shape in a listing. Cancelled occurrences are always stubs, other tombstones unless asked for."""
    if event.is_cancelled and (event.recurring_event_id or not show_deleted):
        return STUB
    return detail_shape(event, role)


def detail_shape(event: Event, role: str) -> str:
    """Whole for everybody who may see details: writers, readers unless private, anybody if public."""
    visibility = event.resource.get("visibility", "default")
    if at_least(role, "writer") or visibility == "public":
        return WHOLE
    hidden = visibility in ("private", "confidential") or not at_least(role, "reader")
    return BUSY if hidden else WHOLE


def shaped(event: Event, shape: str, zone: str) -> Json:
    """The resource in one shape, its times with the offset of `zone`."""
    resource = event.resource
    if shape == STUB:
        resource = {key: resource[key] for key in _STUB_KEYS if key in resource}
    elif shape == BUSY:
        busy = {**resource, "visibility": "private"}
        resource = {key: busy[key] for key in _BUSY_KEYS if key in busy}
    else:
        resource = dict(resource)
    for name in _STAMPS:
        if name in resource:
            resource[name] = when.rendered(resource[name], zone)
    return resource


def with_attendees(resource: Json, attendees_max: int | None) -> Json:
    """Leaves only the own entry where there are more guests than asked for."""
    attendees = resource.get("attendees", ())
    if attendees_max is None or len(attendees) <= attendees_max:
        return resource
    found: Json = {}
    for key, value in resource.items():
        found[key] = [a for a in value if a.get("self")] if key == "attendees" else value
        if key == "attendees":
            found["attendeesOmitted"] = True
    return found
