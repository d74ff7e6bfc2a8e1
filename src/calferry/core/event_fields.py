"""Which fields of an event somebody may change, and what each of them is when Google does not mention it.

Sources: https://developers.google.com/workspace/calendar/api/v3/reference/events and
https://developers.google.com/workspace/calendar/api/concepts/inviting-attendees-to-events
"""

from typing import Any

WHEN = ("start", "end", "recurrence")
"""One field as far as conflicts go: half of one person's times and half of another's is a time nobody asked for."""

STAMPS = ("start", "end")
TYPE_PROPERTIES = (
    "birthdayProperties",
    "focusTimeProperties",
    "outOfOfficeProperties",
    "workingLocationProperties",
)
GUEST_RIGHTS = ("guestsCanInviteOthers", "guestsCanModify", "guestsCanSeeOtherGuests", "anyoneCanAddSelf")

WRITABLE = frozenset({
    *WHEN, "summary", "description", "location", "status", "colorId", "transparency", "visibility", "attendees",
    "attachments", "conferenceData", "reminders", "extendedProperties", "source", "eventType", *GUEST_RIGHTS,
    *TYPE_PROPERTIES,
})  # fmt: skip
"""What an edit may name; Google ignores everything else."""

READ_ONLY = frozenset({
    "kind", "id", "etag", "created", "updated", "creator", "organizer", "htmlLink", "hangoutLink", "iCalUID",
    "recurringEventId", "originalStartTime", "sequence", "locked", "attendeesOmitted", "privateCopy",
    "endTimeUnspecified", "eventLabelId", "gadget", "calendar_id", "pending",
})  # fmt: skip
"""What Google decides, or a whole other request; the last two are our own marks on what is read."""

KEPT_BY_PUT = frozenset({
    "attendees", "attachments", "conferenceData", "extendedProperties", "source", "reminders", "colorId",
    "eventType", *TYPE_PROPERTIES, *GUEST_RIGHTS,
})  # fmt: skip
"""What a PUT that does not name it leaves alone.

A caller that knows nothing of guests, meetings, attached files or marks of other programs must not remove them by
saying nothing, nor change what guests may do; an event never changes its type; reminders and colour are how one person
looks at it. To remove one of these, name it with null. What remains is the event itself: text, times, recurrence,
status, transparency and visibility, of which Google does not mention the defaults, so silence has to mean them.
"""

PRIVATE_TO_COPY = frozenset({"reminders", "colorId", "transparency", "visibility", "status"})
"""What a guest may change, besides `extendedProperties.private` and the own answer: it is told to nobody else."""

OWN_ANSWER = frozenset({"responseStatus", "comment", "additionalGuests"})
"""What a guest may change of the own entry among the attendees."""

GUEST_ROLES = frozenset({"organizer", "self", "asyncOperation"})
GUEST_READ_ONLY = GUEST_ROLES | {"id"}

DEFAULTS: dict[str, Any] = {
    "status": "confirmed",
    "transparency": "opaque",
    "visibility": "default",
    "eventType": "default",
    "guestsCanInviteOthers": True,
    "guestsCanSeeOtherGuests": True,
    "guestsCanModify": False,
    "anyoneCanAddSelf": False,
}
GUEST_DEFAULTS: dict[str, Any] = {
    "responseStatus": "needsAction", "optional": False, "resource": False, "additionalGuests": 0,
}  # fmt: skip
REMINDER_DEFAULTS: dict[str, Any] = {"useDefault": True, "overrides": []}

LISTS_BY_KEY = {"attendees": "email", "attachments": "fileUrl"}
"""Lists whose entries are things of their own, and the field that tells which."""
