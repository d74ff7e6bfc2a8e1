"""What Google would refuse to change, known before it is asked: who may write, and what of which event.

Only what Google is certain to refuse is refused here; all else is Google's to decide. Sources:
https://developers.google.com/workspace/calendar/api/concepts/sharing, .../concepts/inviting-attendees-to-events and
.../guides/event-types.
"""

from dataclasses import dataclass

from calferry.core.event_fields import OWN_ANSWER, PRIVATE_TO_COPY
from calferry.core.event_json import Json
from calferry.core.event_values import as_object, by_key, says_entry, says_of_entry

WRITING_ROLES = ("writer", "owner", "writerWithoutPrivateAccess")
UNKNOWN_ORGANIZER = "unknownorganizer@calendar.google.com"
LOCKED = frozenset({"summary", "description", "location", "start", "end", "recurrence"})
EDITABLE = {
    "fromGmail": frozenset({"reminders", "colorId", "visibility", "status", "extendedProperties"}),
    "birthday": frozenset({"summary", "start", "end", "reminders", "colorId"}),
}
OF_CONTACTS = frozenset({"reminders", "colorId"})
DETAILS = ("summary", "created", "creator", "organizer")


@dataclass(frozen=True, slots=True)
class Refusal:
    """`code` is one word for programs, `detail` sentences for a person."""

    code: str
    detail: str


READ_ONLY_CALENDAR = Refusal(
    "read_only_calendar",
    "You may look at this calendar but not change it. Ask its owner for the right to make changes to events.",
)
HIDDEN = Refusal(
    "hidden_details",
    "This event is private and its details are hidden from you, so it cannot be edited. Ask the calendar's owner.",
)
OMITTED = Refusal(
    "attendees_omitted",
    "Google shows only some of this event's guests, and saving them would remove the others. Change everything but"
    " `attendees`.",
)
TYPE_IS_FIXED = Refusal(
    "event_type_restricted",
    "The type of an event never changes. Create a new event of the other type instead.",
)
NOT_CREATED = Refusal("event_type_restricted", "Events of the type fromGmail are made by Gmail alone.")


def role_refusal(access_role: str | None) -> Refusal | None:
    """Why somebody of that role cannot write into a calendar at all."""
    return None if access_role in WRITING_ROLES else READ_ONLY_CALENDAR


def change_refusal(base: Json, changes: Json | None, calendar_google_id: str) -> Refusal | None:
    """Why these changes of an event, in the form of a patch, cannot be made; without changes: why it cannot be deleted.

    `base` is the event as it is on the calendar of that id; an empty one stands for an event that is yet to be.
    """
    if hides_details(base):
        return HIDDEN
    if changes is None or changes == {"status": "cancelled"}:
        return None
    return (
        omitted_refusal(base, changes)
        or type_refusal(base, changes)
        or locked_refusal(base, changes)
        or guest_refusal(base, changes, calendar_google_id)
    )


def hides_details(base: Json) -> bool:
    """Whether Google shows of a private event no more than when it takes place."""
    is_private = base.get("visibility") in ("private", "confidential")
    return is_private and not any(name in base for name in DETAILS)


def omitted_refusal(base: Json, changes: Json) -> Refusal | None:
    return OMITTED if base.get("attendeesOmitted") and "attendees" in changes else None


def type_refusal(base: Json, changes: Json) -> Refusal | None:
    wanted = changes.get("eventType")
    if not base:
        return NOT_CREATED if wanted == "fromGmail" else None
    if "eventType" in changes:
        return TYPE_IS_FIXED
    event_type = str(base.get("eventType"))
    allowed = EDITABLE.get(event_type)
    if allowed is None:
        return None
    if event_type == "birthday" and is_of_contact(base):
        allowed = OF_CONTACTS
    if set(changes) <= allowed and not (event_type == "birthday" and takes_time(changes)):
        return None
    fields = ", ".join(sorted(allowed))
    return Refusal(
        "event_type_restricted", f"Of an event of the type {event_type} you can change only: {fields}."
    )


def is_of_contact(base: Json) -> bool:
    """Whether a birthday comes from the address book, or from the person's own profile."""
    return bool(as_object(base.get("birthdayProperties")).get("type", "birthday") != "birthday")


def takes_time(changes: Json) -> bool:
    return any(as_object(changes.get(name)).get("dateTime") for name in ("start", "end"))


def locked_refusal(base: Json, changes: Json) -> Refusal | None:
    touched = LOCKED & set(changes)
    if not base.get("locked") or not touched:
        return None
    return Refusal("locked", f"This copy of the event is locked: {listed(touched)} cannot be changed.")


def guest_refusal(base: Json, changes: Json, calendar_google_id: str) -> Refusal | None:
    if may_edit_all(base, calendar_google_id):
        return None
    shared = {name for name in changes if is_shared(name, base, changes, calendar_google_id)}
    if not shared:
        return None
    return Refusal(
        "not_organizer",
        f"Shared properties can only be changed by the organizer of the event: {listed(shared)}. You can change your own"
        " answer, reminders, colour, transparency, visibility and private extended properties.",
    )


def may_edit_all(base: Json, calendar_google_id: str) -> bool:
    organizer = as_object(base.get("organizer"))
    return bool(
        not organizer
        or organizer.get("self")
        or organizer.get("email") in (None, calendar_google_id, UNKNOWN_ORGANIZER)
        or base.get("guestsCanModify")
        or base.get("privateCopy")
    )


def is_shared(name: str, base: Json, changes: Json, calendar_google_id: str) -> bool:
    """Whether a change is one that all guests would see."""
    if name in PRIVATE_TO_COPY:
        return False
    if name == "extendedProperties":
        return not isinstance(changes[name], dict) or "shared" in changes[name]
    if name == "attendees":
        return not changes_own_answer(base, changes, calendar_google_id)
    return True


def changes_own_answer(base: Json, changes: Json, calendar_google_id: str) -> bool:
    """Whether the guests stay as they are but for one's own answer, and for others invited where guests may do so."""
    before, after = by_key("attendees", base.get("attendees")), by_key("attendees", changes["attendees"])
    if not before.keys() <= after.keys():
        return False
    if after.keys() - before.keys() and base.get("guestsCanInviteOthers") is False:
        return False
    return all(
        only_answers(guest, after[key])
        if is_own(guest, calendar_google_id)
        else says_entry(guest, after[key])
        for key, guest in before.items()
    )


def is_own(guest: Json, calendar_google_id: str) -> bool:
    return bool(guest.get("self") or str(guest.get("email")).casefold() == calendar_google_id.casefold())


def only_answers(guest: Json, wanted: Json) -> bool:
    return all(name in OWN_ANSWER or says_of_entry(name, guest, wanted) for name in wanted)


def listed(fields: set[str] | frozenset[str]) -> str:
    return ", ".join(sorted(fields))
