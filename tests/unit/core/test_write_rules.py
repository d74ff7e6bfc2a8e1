"""Who may change what: known before Google is asked, and told in sentences."""

from typing import Any

import pytest

from calferry.core.write_rules import change_refusal, role_refusal

Json = dict[str, Any]

HOME = "ann@example.com"
ANN = {"email": HOME, "self": True, "responseStatus": "needsAction"}
BOB = {"email": "bob@example.com", "responseStatus": "accepted", "organizer": True}
MINE: Json = {"id": "lunch", "summary": "Lunch", "organizer": {"email": HOME, "self": True}}
INVITED: Json = {
    "id": "lunch",
    "summary": "Lunch",
    "organizer": {"email": "bob@example.com"},
    "attendees": [ANN, BOB],
}
NO_INVITING = {**INVITED, "guestsCanInviteOthers": False}
HIDDEN = {"id": "lunch", "visibility": "private", "start": {"date": "2026-03-10"}, "iCalUID": "x"}
COMES = {**ANN, "responseStatus": "accepted", "comment": "Gladly"}
EVE = {"email": "eve@example.com"}
GMAIL = {**MINE, "eventType": "fromGmail"}
BIRTHDAY = {**MINE, "eventType": "birthday", "birthdayProperties": {"type": "birthday"}}
ANNIVERSARY = {**BIRTHDAY, "birthdayProperties": {"type": "anniversary"}}


@pytest.mark.parametrize("role", ["writer", "owner", "writerWithoutPrivateAccess"])
def test_writers_may_write(role: str) -> None:
    assert role_refusal(role) is None


@pytest.mark.parametrize("role", ["reader", "freeBusyReader", "none", None, "somethingNew"])
def test_everybody_else_may_only_look(role: str | None) -> None:
    refusal = role_refusal(role)
    assert refusal is not None
    assert refusal.code == "read_only_calendar"


@pytest.mark.parametrize(
    ("base", "changes"),
    [
        ({}, {"summary": "Tea", "eventType": "focusTime"}),
        (MINE, {"summary": "Tea", "attendees": [EVE]}),
        (MINE, None),
        ({**MINE, "visibility": "private"}, {"summary": "Tea"}),
        ({"id": "x"}, {"summary": "Tea"}),
        ({**INVITED, "guestsCanModify": True}, {"summary": "Tea"}),
        ({**INVITED, "privateCopy": True}, {"summary": "Tea"}),
        ({**INVITED, "organizer": {"email": HOME}}, {"summary": "Tea"}),
        ({**INVITED, "organizer": {"email": "unknownorganizer@calendar.google.com"}}, {"summary": "Tea"}),
        (INVITED, None),
        (INVITED, {"status": "cancelled"}),
        (INVITED, {"reminders": {"useDefault": False}, "colorId": "3", "transparency": "transparent",
                   "visibility": "private", "extendedProperties": {"private": {"a": "1"}}}),
        (INVITED, {"attendees": [COMES, BOB]}),
        (INVITED, {"attendees": [ANN, BOB, EVE]}),
        ({**INVITED, "attendees": [{"email": HOME}, BOB]}, {"attendees": [COMES, BOB]}),
        ({**MINE, "locked": True}, {"attendees": [EVE], "colorId": "3"}),
        ({**MINE, "locked": True}, None),
        ({**MINE, "attendeesOmitted": True}, {"summary": "Tea"}),
        (GMAIL, {"reminders": {"useDefault": False}, "extendedProperties": {"shared": {"a": "1"}}}),
        (GMAIL, None),
        (BIRTHDAY, {"summary": "Ann", "start": {"date": "2026-03-11"}, "end": {"date": "2026-03-12"}}),
        (BIRTHDAY, {"status": "cancelled"}),
        (ANNIVERSARY, {"colorId": "3"}),
    ],
)  # fmt: skip
def test_what_google_allows_is_let_through(base: Json, changes: Json | None) -> None:
    assert change_refusal(base, changes, HOME) is None


@pytest.mark.parametrize(
    ("base", "changes", "code", "words"),
    [
        (INVITED, {"summary": "Tea", "location": None}, "not_organizer", "location, summary"),
        (INVITED, {"start": {"date": "2026-03-10"}}, "not_organizer", "organizer of the event: start"),
        (INVITED, {"attendees": [COMES]}, "not_organizer", "attendees"),
        (INVITED, {"attendees": [BOB]}, "not_organizer", "attendees"),
        (INVITED, {"attendees": None}, "not_organizer", "attendees"),
        (INVITED, {"attendees": [ANN, {**BOB, "responseStatus": "declined"}]}, "not_organizer", "attendees"),
        (INVITED, {"attendees": [{**ANN, "optional": True}, BOB]}, "not_organizer", "attendees"),
        (NO_INVITING, {"attendees": [ANN, BOB, EVE]}, "not_organizer", "attendees"),
        (INVITED, {"extendedProperties": {"shared": {"a": "1"}}}, "not_organizer", "extendedProperties"),
        (INVITED, {"extendedProperties": None}, "not_organizer", "extendedProperties"),
        ({**MINE, "locked": True}, {"summary": "Tea", "colorId": "3"}, "locked", "summary cannot"),
        ({**MINE, "attendeesOmitted": True}, {"attendees": [EVE]}, "attendees_omitted", "would remove the others"),
        (MINE, {"eventType": "focusTime"}, "event_type_restricted", "never changes"),
        ({}, {"eventType": "fromGmail"}, "event_type_restricted", "Gmail alone"),
        (GMAIL, {"summary": "Tea"}, "event_type_restricted", "colorId, extendedProperties, reminders"),
        (BIRTHDAY, {"location": "Hall"}, "event_type_restricted", "type birthday"),
        (BIRTHDAY, {"start": {"date": None, "dateTime": "2026-03-10T09:00:00Z"}}, "event_type_restricted", "only"),
        (ANNIVERSARY, {"summary": "Ann"}, "event_type_restricted", "colorId, reminders"),
        (HIDDEN, {"colorId": "3"}, "hidden_details", "hidden from you"),
        (HIDDEN, None, "hidden_details", "hidden from you"),
    ],
)  # fmt: skip
def test_what_google_would_refuse_is_refused_in_words(
    base: Json, changes: Json | None, code: str, words: str
) -> None:
    refusal = change_refusal(base, changes, HOME)
    assert refusal is not None
    assert refusal.code == code
    assert words in refusal.detail
