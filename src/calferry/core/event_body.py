"""What an event that a person sends has to look like before Google is asked.

The limits are Google's: https://developers.google.com/workspace/calendar/api/v3/reference/events
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from calferry.core import event_values
from calferry.core.event_fields import GUEST_RIGHTS, STAMPS, TYPE_PROPERTIES
from calferry.core.event_json import Json
from calferry.core.recurrence.lines import read_line
from calferry.core.recurrence.offsets import zone_named

DEPTH_MAX = 20
VALUES_MAX = 50_000
TEXT_MAX = 1_000_000
NUMBER_MAX = 2**53
ATTENDEES_MAX = 1_000
EMAIL_MAX = 320
OVERRIDES_MAX = 5
REMINDER_MINUTES_MAX = 40_320
ATTACHMENTS_MAX = 25
LINES_MAX = 1_000
PROPERTIES_MAX = 300
PROPERTIES_BYTES_MAX = 32 * 1024
PROPERTY_KEY_MAX = 44
PROPERTY_VALUE_MAX = 1_024
YEAR_MIN, YEAR_MAX = 3, 9_996

NEW_ID = re.compile(r"[a-v0-9]{5,1024}", re.ASCII)
EMAIL = re.compile(r"[^\s@<>,;\x00-\x1f]+@[^\s@<>,;\x00-\x1f]+")
DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?", re.ASCII)
LINE_NAME = re.compile(r"\s*(RRULE|EXRULE|RDATE|EXDATE)[:;]", re.IGNORECASE | re.ASCII)

TEXTS = ("id", "summary", "description", "location", "colorId")
CHOICES = {
    "status": ("confirmed", "tentative", "cancelled"),
    "transparency": ("opaque", "transparent"),
    "visibility": ("default", "public", "private", "confidential"),
    "eventType": ("default", "birthday", "focusTime", "fromGmail", "outOfOffice", "workingLocation"),
}
ANSWERS = ("needsAction", "declined", "tentative", "accepted")
ATTENDEE_TEXTS = ("id", "displayName", "comment")
ATTACHMENT_TEXTS = ("title", "mimeType", "iconLink", "fileId")
SOURCE_SCHEMES = ("https://", "http://")


Check = Callable[[str, Any], None]


class EventInvalid(ValueError):
    """The event cannot be sent. `field` is the path of what is wrong, such as `attendees[2].email`; the text says what
    is wrong with it and what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def check_body(body: object) -> Json:
    """The body of a request, if it can be an event or the change of one. Raises EventInvalid.

    Null is right for every field: it removes. What Google ignores is not looked at.
    """
    if not isinstance(body, dict):
        raise EventInvalid("body", "The event must be a JSON object.")
    check_sendable(body)
    for name, check in CHECKS.items():
        if body.get(name) is not None:
            check(name, body[name])
    return body


def check_new_id(event_id: str) -> None:
    """Refuse an id that Google would not take for a new event. Raises EventInvalid."""
    if not NEW_ID.fullmatch(event_id):
        raise EventInvalid("id", "`id` must be 5 to 1024 characters, each one of a to v or 0 to 9.")


def check_times(event: Json, zone: tzinfo | None = None) -> None:
    """Refuse an event, as it would be, whose times make no sense. Raises EventInvalid.

    `zone` is the calendar's, for times that name neither an offset nor a zone; without it such a time is only compared
    with another one.
    """
    if event.get("status") == "cancelled":
        return
    start, end = (required_stamp(event, name) for name in STAMPS)
    if ("date" in start) != ("date" in end):
        raise EventInvalid("end", "`start` and `end` must either both have a date or both have a dateTime.")
    if is_before(end, start, zone):
        raise EventInvalid(
            "end", "The event ends before it starts: give it a later `end` or an earlier `start`."
        )
    if event.get("recurrence"):
        check_series(event)


def check_series(event: Json) -> None:
    if event.get("recurringEventId"):
        raise EventInvalid(
            "recurrence", "An occurrence cannot recur itself: change `recurrence` of its series."
        )
    for name in STAMPS:
        if "date" not in event[name] and not event[name].get("timeZone"):
            raise EventInvalid(
                f"{name}.timeZone",
                f"A recurring event needs a `{name}.timeZone`, such as Europe/Berlin, whose clocks it follows.",
            )


def required_stamp(event: Json, name: str) -> Json:
    stamp = {
        key: value for key, value in event_values.as_object(event.get(name)).items() if value is not None
    }
    if not stamp.get("date") and not stamp.get("dateTime"):
        raise EventInvalid(name, f"The event has no `{name}`: give it one with a date or a dateTime.")
    return stamp


def is_before(one: Json, other: Json, zone: tzinfo | None) -> bool:
    first, second = event_values.moment_of(one, zone), event_values.moment_of(other, zone)
    return bool(type(first) is type(second) and first < second)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a value stands."""

    value: Any
    depth: int = 0
    step: str = ""
    above: "Spot | None" = None

    @property
    def path(self) -> str:
        above = self.above.path if self.above else ""
        return f"{above}{self.step}".removeprefix(".").encode(errors="replace").decode()

    def inside(self) -> "list[Spot]":
        if isinstance(self.value, dict):
            return [Spot(inner, self.depth + 1, f".{key}", self) for key, inner in self.value.items()]
        if isinstance(self.value, list):
            return [Spot(inner, self.depth + 1, f"[{at}]", self) for at, inner in enumerate(self.value)]
        return []


def check_sendable(body: Json) -> None:
    """Refuse what JSON in UTF-8 has no place for, and what is too deep or too big."""
    waiting = [Spot(body)]
    values = letters = 0
    while waiting:
        spot = waiting.pop()
        values += 1
        letters += letters_of(spot)
        if spot.depth > DEPTH_MAX or values > VALUES_MAX:
            message = "The event is nested too deeply, or has too many values: make it smaller."
            raise EventInvalid("body", message)
        if letters > TEXT_MAX:
            raise EventInvalid("body", f"The event has more than {TEXT_MAX} characters of text: shorten it.")
        waiting += spot.inside()


def letters_of(spot: Spot) -> int:
    """The number of characters of a text, or of an object's keys. Refuses what cannot be written as JSON in UTF-8."""
    value = spot.value
    if isinstance(value, int | float) and not -NUMBER_MAX <= value <= NUMBER_MAX:
        raise EventInvalid(spot.path, f"`{spot.path}` is no number that can be sent.")
    texts = [value] if isinstance(value, str) else list(value) if isinstance(value, dict) else []
    try:
        for text in texts:
            text.encode()
    except UnicodeEncodeError:
        message = "Text holds half of a character (a lone surrogate): send it as whole characters."
        raise EventInvalid(spot.path or "body", message) from None
    return sum(map(len, texts))


def check_is(kind: type, noun: str) -> Check:
    """A check for a JSON type; `true` is no number."""

    def check(path: str, value: Any) -> None:
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise EventInvalid(path, f"`{path}` must be {noun}.")

    return check


is_text = check_is(str, "a text")
is_flag = check_is(bool, "true or false")
is_number = check_is(int, "a whole number")
is_object = check_is(dict, "an object")
is_list = check_is(list, "a list")


def one_of(choices: Iterable[str]) -> Check:
    def check(path: str, value: Any) -> None:
        if value not in tuple(choices):
            raise EventInvalid(path, f"`{path}` must be one of {', '.join(choices)}.")

    return check


def check_fields(path: str, value: Any, checks: dict[str, Check]) -> None:
    is_object(path, value)
    for name, check in checks.items():
        if value.get(name) is not None:
            check(f"{path}.{name}", value[name])


def entries_of(path: str, value: Any, most: int) -> list[tuple[str, Any]]:
    is_list(path, value)
    if len(value) > most:
        raise EventInvalid(path, f"`{path}` has {len(value)} entries, and Google takes {most} at most.")
    return [(f"{path}[{at}]", entry) for at, entry in enumerate(value)]


def check_stamp(path: str, value: Any) -> None:
    check_fields(path, value, STAMP_CHECKS)
    given = [name for name in ("date", "dateTime") if value.get(name) is not None]
    if len(given) == 2 or not (given or value.get("timeZone")):
        example = '{"date": "2026-01-31"} or {"dateTime": "2026-01-31T09:00:00+01:00"}'
        raise EventInvalid(path, f"`{path}` needs either a date or a dateTime, such as {example}.")


def check_date(path: str, value: Any) -> None:
    is_text(path, value)
    try:
        if DATE.fullmatch(value) and YEAR_MIN <= date.fromisoformat(value).year <= YEAR_MAX:
            return
    except ValueError:
        pass
    raise EventInvalid(path, f"`{path}` must be a date such as 2026-01-31.")


def check_date_time(path: str, value: Any) -> None:
    is_text(path, value)
    text = value.upper()
    try:
        if DATE_TIME.fullmatch(text) and YEAR_MIN <= datetime.fromisoformat(text).year <= YEAR_MAX:
            return
    except ValueError:
        pass
    raise EventInvalid(path, f"`{path}` must be a time such as 2026-01-31T09:00:00+01:00 (RFC 3339).")


def check_time_zone(path: str, value: Any) -> None:
    is_text(path, value)
    try:
        zone_named(value)
    except ValueError:
        raise EventInvalid(
            path, f"`{path}` must be an IANA name of a time zone, such as Europe/Berlin."
        ) from None


def check_recurrence(path: str, value: Any) -> None:
    for at, line in entries_of(path, value, LINES_MAX):
        is_text(at, line)
        if not LINE_NAME.match(line):
            message = (
                f"`{at}` must begin with RRULE, EXRULE, RDATE or EXDATE; times belong in `start` and `end`."
            )
            raise EventInvalid(at, message)
        try:
            name, _ = read_line(line, 0, UTC)
        except (ValueError, OverflowError) as wrong:
            raise EventInvalid(at, f"`{at}` cannot be read (RFC 5545): {wrong}.") from None
        if name.endswith("RULE"):
            check_rule(at, line)


def check_rule(path: str, line: str) -> None:
    parts = {part.partition("=")[0].strip() for part in line.upper().partition(":")[2].split(";")}
    if {"COUNT", "UNTIL"} <= parts:
        raise EventInvalid(path, f"`{path}` has both COUNT and UNTIL: choose one of them.")


def check_attendees(path: str, value: Any) -> None:
    for at, attendee in entries_of(path, value, ATTENDEES_MAX):
        check_fields(at, attendee, ATTENDEE_CHECKS)
        if attendee.get("email") is None:
            raise EventInvalid(f"{at}.email", f"`{at}` needs an `email`.")


def check_email(path: str, value: Any) -> None:
    is_text(path, value)
    if len(value) > EMAIL_MAX or not EMAIL.fullmatch(value):
        raise EventInvalid(path, f"`{path}` must be an address such as ann@example.com.")


def check_count(path: str, value: Any) -> None:
    is_number(path, value)
    if not 0 <= value < 2**31:
        raise EventInvalid(path, f"`{path}` must be 0 or more.")


def check_reminders(path: str, value: Any) -> None:
    check_fields(path, value, {"useDefault": is_flag, "overrides": check_overrides})
    if value.get("useDefault") and value.get("overrides"):
        message = (
            f"`{path}` can either use the calendar's default or have `overrides`: set `useDefault` to false."
        )
        raise EventInvalid(path, message)


def check_overrides(path: str, value: Any) -> None:
    for at, override in entries_of(path, value, OVERRIDES_MAX):
        is_object(at, override)
        one_of(("email", "popup"))(f"{at}.method", override.get("method"))
        minutes = override.get("minutes")
        is_number(f"{at}.minutes", minutes)
        if not 0 <= minutes <= REMINDER_MINUTES_MAX:
            message = f"`{at}.minutes` must be from 0 to {REMINDER_MINUTES_MAX} (four weeks)."
            raise EventInvalid(f"{at}.minutes", message)


def check_attachments(path: str, value: Any) -> None:
    for at, attachment in entries_of(path, value, ATTACHMENTS_MAX):
        check_fields(at, attachment, dict.fromkeys((*ATTACHMENT_TEXTS, "fileUrl"), is_text))
        if not attachment.get("fileUrl"):
            raise EventInvalid(f"{at}.fileUrl", f"`{at}` needs a `fileUrl`.")


def check_source(path: str, value: Any) -> None:
    check_fields(path, value, {"title": is_text, "url": check_source_url})


def check_source_url(path: str, value: Any) -> None:
    is_text(path, value)
    if not value.lower().startswith(SOURCE_SCHEMES):
        raise EventInvalid(path, f"`{path}` must begin with https:// or http://.")


def check_properties(path: str, value: Any) -> None:
    """Google cuts what is too long without a word: https://developers.google.com/workspace/calendar/api/guides/extended-properties"""
    check_fields(path, value, dict.fromkeys(("private", "shared"), is_object))
    pairs = [
        (f"{path}.{group}", key, text)
        for group in ("private", "shared")
        for key, text in (value.get(group) or {}).items()
        if text is not None
    ]
    for at, key, text in pairs:
        is_text(f"{at}.{key}", text)
        if len(key) > PROPERTY_KEY_MAX or len(text) > PROPERTY_VALUE_MAX:
            limits = f"{PROPERTY_KEY_MAX} characters for the name, {PROPERTY_VALUE_MAX} for the value"
            raise EventInvalid(f"{at}.{key}", f"`{at}.{key}` is too long: Google keeps {limits}.")
    size = sum(len(key.encode()) + len(text.encode()) for _, key, text in pairs)
    if len(pairs) > PROPERTIES_MAX or size > PROPERTIES_BYTES_MAX:
        message = f"`{path}` may hold {PROPERTIES_MAX} properties and {PROPERTIES_BYTES_MAX} bytes, not more."
        raise EventInvalid(path, message)


STAMP_CHECKS: dict[str, Check] = {
    "date": check_date,
    "dateTime": check_date_time,
    "timeZone": check_time_zone,
}
ATTENDEE_CHECKS: dict[str, Check] = {
    "email": check_email,
    "responseStatus": one_of(ANSWERS),
    "additionalGuests": check_count,
    **dict.fromkeys(("optional", "resource"), is_flag),
    **dict.fromkeys(ATTENDEE_TEXTS, is_text),
}
CHECKS: dict[str, Check] = {
    **dict.fromkeys(TEXTS, is_text),
    **{name: one_of(choices) for name, choices in CHOICES.items()},
    **dict.fromkeys(STAMPS, check_stamp),
    **dict.fromkeys(GUEST_RIGHTS, is_flag),
    **dict.fromkeys((*TYPE_PROPERTIES, "conferenceData"), is_object),
    "recurrence": check_recurrence,
    "attendees": check_attendees,
    "attachments": check_attachments,
    "reminders": check_reminders,
    "source": check_source,
    "extendedProperties": check_properties,
}
