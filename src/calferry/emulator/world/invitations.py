"""Copies of one event on the calendars of its organizer and its guests, and what travels between them."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from calferry.emulator.world.calendar import Calendar
from calferry.emulator.world.event import Event
from calferry.emulator.world.event_shape import tidied
from calferry.emulator.world.event_store import Writer, is_organizer, put

Json = dict[str, Any]

PRIVATE_TO_COPY = frozenset({"colorId", "transparency", "visibility", "reminders"})
OF_THE_COPY = frozenset({"kind", "etag", "htmlLink", "created", "updated", "locked", "attendeesOmitted"})
OF_THE_ORGANIZER = (
    PRIVATE_TO_COPY | OF_THE_COPY | {"organizer", "creator", "attendees", "status", "id", "sequence"}
)
ANSWER = ("responseStatus", "comment", "additionalGuests")
GUESTS_ANSWERS_MAX = 200


def spread(writer: Writer, event: Event, former: Event | None) -> None:
    """Takes a change of the organizer to the guests, and a guest's answer to the organizer."""
    if event.resource.get("privateCopy"):
        return
    if is_organizer(writer.calendar, event):
        _to_guests(writer, event, former)
    else:
        _to_organizer(writer, event, former)


def guests(event: Event | None) -> list[str]:
    """Addresses in lower case, in order."""
    attendees = event.resource.get("attendees", ()) if event else ()
    return [str(attendee["email"]).lower() for attendee in attendees]


def _to_guests(writer: Writer, event: Event, former: Event | None) -> None:
    invited = set() if event.is_cancelled else set(guests(event))
    for calendar in _primaries(writer, dict.fromkeys([*guests(event), *guests(former)])):
        copy = calendar.shelf.find(event.id, calendar.id, calendar.time_zone)
        if copy and copy.resource.get("iCalUID") != event.resource.get("iCalUID"):
            continue
        guest = replace(writer, calendar=calendar)
        if calendar.id in invited:
            _invite(guest, event, copy)
        elif copy and not copy.is_cancelled:
            put(guest, {**copy.resource, "status": "cancelled"}, copy)


def _primaries(writer: Writer, emails: dict[str, None]) -> Iterator[Calendar]:
    """The primary calendars behind addresses, the writer's own left out."""
    for email in emails:
        calendar = writer.world.calendars.get(email)
        if calendar and calendar.primary and not calendar.deleted and calendar is not writer.calendar:
            yield calendar


def _invite(guest: Writer, event: Event, copy: Event | None) -> None:
    """Brings a guest's copy up to date; one that the guest threw away stays away, with all its instances."""
    calendar = guest.calendar
    if calendar.shelf.is_orphaned(event):
        return
    own = next(a for a in event.resource["attendees"] if str(a["email"]).lower() == calendar.id)
    if copy and copy.is_cancelled and own.get("responseStatus") == "declined":
        return
    wanted = _copy_for(calendar, event, copy)
    if copy is None or _content(tidied(wanted, calendar)) != _content(copy.resource):
        put(guest, wanted, copy)


def _content(resource: Json) -> Json:
    return {key: value for key, value in resource.items() if key not in OF_THE_COPY - {"attendeesOmitted"}}


def _copy_for(calendar: Calendar, event: Event, copy: Event | None) -> Json:
    """The organizer's version with what is the guest's own."""
    old = copy.resource if copy else {"reminders": {"useDefault": True}, **_first_visibility(event)}
    found = {key: value for key, value in event.resource.items() if key not in PRIVATE_TO_COPY | OF_THE_COPY}
    found |= {key: old[key] for key in (*PRIVATE_TO_COPY, "created") if key in old}
    for name in ("organizer", "creator"):
        found[name] = _seen_from(calendar, event.resource.get(name, {}))
    if event.resource.get("guestsCanSeeOtherGuests") is False:
        found["attendees"] = [a for a in found["attendees"] if str(a["email"]).lower() == calendar.id]
        found["attendeesOmitted"] = True
    properties = {
        "private": old.get("extendedProperties", {}).get("private"),
        "shared": event.resource.get("extendedProperties", {}).get("shared"),
    }
    found["extendedProperties"] = {group: pairs for group, pairs in properties.items() if pairs}
    return found


def _first_visibility(event: Event) -> Json:
    visibility = event.resource.get("visibility")
    return {"visibility": visibility} if visibility else {}


def _seen_from(calendar: Calendar, person: Json) -> Json:
    found = {key: value for key, value in person.items() if key != "self"}
    return {**found, "self": True} if found.get("email") == calendar.id else found


def _to_organizer(writer: Writer, event: Event, former: Event | None) -> None:
    home = writer.world.calendars.get(event.resource.get("organizer", {}).get("email", ""))
    original = home.shelf.find(event.id, home.id, home.time_zone) if home and not home.deleted else None
    if home is None or original is None or original.is_cancelled:
        return
    if original.resource.get("iCalUID") != event.resource.get("iCalUID"):
        return
    changed = {**original.resource, **_shared_changes(event, former, original)}
    changed["attendees"] = _with_answer(writer.calendar, event, original)
    if _content(changed) != _content(original.resource):
        host = replace(writer, calendar=home)
        _to_guests(host, put(host, changed, original), original)


def _shared_changes(event: Event, former: Event | None, original: Event) -> Json:
    """What a guest who may change the event has changed for everybody."""
    if former is None or event.is_cancelled or not original.resource.get("guestsCanModify"):
        return {}
    new, old = event.resource, former.resource
    names = {*new, *old} - OF_THE_ORGANIZER - {"extendedProperties"}
    found = {name: new.get(name) for name in names if new.get(name) != old.get(name)}
    shared = new.get("extendedProperties", {}).get("shared")
    if shared != old.get("extendedProperties", {}).get("shared"):
        private = original.resource.get("extendedProperties", {}).get("private")
        found["extendedProperties"] = {"private": private, "shared": shared}
    return found


def _with_answer(calendar: Calendar, event: Event, original: Event) -> list[Json]:
    """The organizer's guests with the answer that stands in this copy, and whom this guest brought along."""
    attendees = list(original.resource.get("attendees", ()))
    own: Json = next((a for a in event.resource.get("attendees", ()) if a.get("self")), {})
    answer = {name: own[name] for name in ANSWER if name in own}
    if event.is_cancelled:
        answer = {"responseStatus": "declined"}
    if len(attendees) <= GUESTS_ANSWERS_MAX:
        rest = [{k: v for k, v in a.items() if k not in ANSWER} for a in attendees]
        attendees = [
            {**kept, **answer} if str(a["email"]).lower() == calendar.id else a
            for kept, a in zip(rest, attendees, strict=True)
        ]
    known = {str(a["email"]).lower() for a in attendees}
    brought = [a for a in event.resource.get("attendees", ()) if str(a["email"]).lower() not in known]
    if original.resource.get("guestsCanInviteOthers") is False or event.is_cancelled:
        brought = []
    return [*attendees, *({k: v for k, v in a.items() if k != "self"} for a in brought)]
