"""Which events are refused before Google is asked, where they are wrong, and what their sender is told."""

import json
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calferry.core.event_body import EventInvalid, check_body, check_new_id, check_times

Json = dict[str, Any]

NINE = {"dateTime": "2026-03-10T09:00:00+01:00", "timeZone": "Europe/Berlin"}
TEN = {"dateTime": "2026-03-10T10:00:00+01:00", "timeZone": "Europe/Berlin"}
TENTH, ELEVENTH = {"date": "2026-03-10"}, {"date": "2026-03-11"}
DAILY = ["RRULE:FREQ=DAILY"]
POPUP = {"method": "popup", "minutes": 10}


def nested(depth: int) -> Json:
    value: Json = {}
    for _ in range(depth):
        value = {"parameters": value}
    return value


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"summary": None, "start": None, "attendees": None, "reminders": None, "recurrence": None},
        {"summary": "Zoë \u0000 \U0001f600", "unknown": [1, 2.5, True, None]},
        {"start": NINE, "end": {"dateTime": "2026-03-10t09:00:00.5z"}},
        {"start": {"date": "2026-03-10", "dateTime": None, "timeZone": None}},
        {"start": {"timeZone": "Asia/Tokyo"}},
        {"attendees": [{"email": "ann@localhost", "optional": True, "additionalGuests": 2, "comment": None}]},
        {"reminders": {"useDefault": False, "overrides": [POPUP, {"method": "email", "minutes": 40320}]}},
        {"reminders": {"useDefault": True, "overrides": []}},
        {"recurrence": ["RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=3", "EXDATE;TZID=Europe/Berlin:20260310T090000",
                        "RDATE;VALUE=DATE:20260312,20260313", "EXRULE:FREQ=YEARLY;UNTIL=20300101T000000Z"]},
        {"attachments": [{"fileUrl": "https://drive.example.com/1", "title": "Plan"}] * 25},
        {"extendedProperties": {"private": {"k" * 44: "v" * 1024, "gone": None}, "shared": None}},
        {"source": {"url": "https://example.com", "title": "x"}, "guestsCanModify": False},
        {"status": "tentative", "visibility": "private", "transparency": "transparent", "eventType": "focusTime"},
        {"conferenceData": nested(10), "sequence": "ignored", "etag": 3},
    ],
)  # fmt: skip
def test_what_google_takes_is_let_through(body: Json) -> None:
    assert check_body(body) is body


@pytest.mark.parametrize(
    ("body", "field", "advice"),
    [
        (None, "body", "JSON object"),
        ([], "body", "JSON object"),
        ({"summary": 3}, "summary", "a text"),
        ({"summary": "\ud800"}, "summary", "surrogate"),
        ({"attendees": [{"email": "a@b", "comment": "\udc00"}]}, "attendees[0].comment", "surrogate"),
        ({"extendedProperties": {"private": {"\ud800": "x"}}}, "extendedProperties.private", "surrogate"),
        ({"sequence": 2**60}, "sequence", "number"),
        ({"x": float("nan")}, "x", "number"),
        ({"description": "x" * 1_000_001}, "body", "shorten"),
        ({"x": [0] * 50_001}, "body", "smaller"),
        ({"conferenceData": nested(50)}, "body", "smaller"),
        ({"status": "maybe"}, "status", "confirmed, tentative, cancelled"),
        ({"visibility": ["public"]}, "visibility", "one of"),
        ({"guestsCanModify": "yes"}, "guestsCanModify", "true or false"),
        ({"start": "2026-03-10"}, "start", "an object"),
        ({"start": {}}, "start", "either a date or a dateTime"),
        ({"start": {"dateTime": None}}, "start", "either a date or a dateTime"),
        ({"end": {**NINE, **TENTH}}, "end", "either a date or a dateTime"),
        ({"start": {"date": "2026-02-30"}}, "start.date", "2026-01-31"),
        ({"start": {"date": "20260310"}}, "start.date", "2026-01-31"),
        ({"start": {"dateTime": "2026-03-10"}}, "start.dateTime", "RFC 3339"),
        ({"start": {"dateTime": "2026-03-10T25:00:00Z"}}, "start.dateTime", "RFC 3339"),
        ({"start": {"dateTime": "0001-01-01T00:00:00Z"}}, "start.dateTime", "RFC 3339"),
        ({"start": {**NINE, "timeZone": "Berlin"}}, "start.timeZone", "IANA"),
        ({"start": {**NINE, "timeZone": "../etc/passwd"}}, "start.timeZone", "IANA"),
        ({"attendees": {}}, "attendees", "a list"),
        ({"attendees": ["ann@example.com"]}, "attendees[0]", "an object"),
        ({"attendees": [{"email": "a@b"}, {"displayName": "Bob"}]}, "attendees[1].email", "needs an `email`"),
        ({"attendees": [{"email": "ann"}]}, "attendees[0].email", "an address"),
        ({"attendees": [{"email": "a@b", "responseStatus": "yes"}]}, "attendees[0].responseStatus", "accepted"),
        ({"attendees": [{"email": "a@b", "additionalGuests": -1}]}, "attendees[0].additionalGuests", "0 or more"),
        ({"attendees": [{"email": "a@b", "additionalGuests": True}]}, "attendees[0].additionalGuests", "number"),
        ({"attendees": [{"email": "a@b"}] * 1001}, "attendees", "1000 at most"),
        ({"reminders": {"useDefault": True, "overrides": [POPUP]}}, "reminders", "useDefault"),
        ({"reminders": {"overrides": [POPUP] * 6}}, "reminders.overrides", "5 at most"),
        ({"reminders": {"overrides": [{"method": "sms", "minutes": 1}]}}, "reminders.overrides[0].method", "popup"),
        ({"reminders": {"overrides": [{"method": "popup"}]}}, "reminders.overrides[0].minutes", "number"),
        ({"reminders": {"overrides": [{**POPUP, "minutes": 40321}]}}, "reminders.overrides[0].minutes", "40320"),
        ({"recurrence": "RRULE:FREQ=DAILY"}, "recurrence", "a list"),
        ({"recurrence": ["DTSTART:20260310"]}, "recurrence[0]", "`start` and `end`"),
        ({"recurrence": ["FREQ=DAILY"]}, "recurrence[0]", "begin with RRULE"),
        ({"recurrence": [*DAILY, "RRULE:FREQ=SECONDLY;COUNT=1000000000"]}, "recurrence[1]", "SECONDLY"),
        ({"recurrence": ["RRULE:INTERVAL=2"]}, "recurrence[0]", "FREQ is missing"),
        ({"recurrence": ["RRULE:FREQ=DAILY;COUNT=2;UNTIL=20260401"]}, "recurrence[0]", "choose one"),
        ({"recurrence": ["EXDATE:tomorrow"]}, "recurrence[0]", "tomorrow"),
        ({"recurrence": ["EXDATE;TZID=Nowhere:20260310T090000"]}, "recurrence[0]", "Nowhere"),
        ({"attachments": [{"fileUrl": "x"}] * 26}, "attachments", "25 at most"),
        ({"attachments": [{"title": "Plan"}]}, "attachments[0].fileUrl", "fileUrl"),
        ({"source": {"url": "ftp://example.com"}}, "source.url", "https://"),
        ({"extendedProperties": {"private": {"k": 1}}}, "extendedProperties.private.k", "a text"),
        ({"extendedProperties": {"shared": {"k" * 45: ""}}}, f"extendedProperties.shared.{'k' * 45}", "44"),
        ({"extendedProperties": {"shared": {"k": "v" * 1025}}}, "extendedProperties.shared.k", "1024"),
        ({"extendedProperties": {"shared": {str(n): "" for n in range(301)}}}, "extendedProperties", "300"),
        ({"focusTimeProperties": "x"}, "focusTimeProperties", "an object"),
    ],
)  # fmt: skip
def test_what_google_would_refuse_is_said_beforehand(body: object, field: str, advice: str) -> None:
    with pytest.raises(EventInvalid) as refused:
        check_body(body)
    assert refused.value.field == field
    assert advice in str(refused.value)


@pytest.mark.parametrize(
    "event",
    [
        {"start": NINE, "end": TEN},
        {"start": NINE, "end": NINE},
        {"start": TENTH, "end": TENTH},
        {"start": TENTH, "end": ELEVENTH, "recurrence": DAILY},
        {"start": NINE, "end": TEN, "recurrence": DAILY},
        {"start": NINE, "end": {"dateTime": "2026-03-10T08:30:00Z"}},
        {"start": {"dateTime": "2026-03-10T09:00:00"}, "end": {"dateTime": "2026-03-10T10:00:00+09:00"}},
        {"status": "cancelled"},
    ],
)  # fmt: skip
def test_times_that_make_sense_are_let_through(event: Json) -> None:
    check_times(event)


@pytest.mark.parametrize(
    ("event", "field", "advice"),
    [
        ({"start": NINE}, "end", "no `end`"),
        ({"end": NINE}, "start", "no `start`"),
        ({"start": {"timeZone": "Europe/Berlin"}, "end": TEN}, "start", "a date or a dateTime"),
        ({"start": TENTH, "end": TEN}, "end", "both"),
        ({"start": TEN, "end": NINE}, "end", "ends before it starts"),
        ({"start": ELEVENTH, "end": TENTH}, "end", "ends before it starts"),
        ({"start": {"dateTime": "2026-03-10T10:00:00"}, "end": {"dateTime": "2026-03-10T09:00:00"}}, "end", "before"),
        ({"start": {"dateTime": NINE["dateTime"]}, "end": TEN, "recurrence": DAILY}, "start.timeZone", "Berlin"),
        ({"start": NINE, "end": {"dateTime": TEN["dateTime"]}, "recurrence": DAILY}, "end.timeZone", "Berlin"),
        ({"start": NINE, "end": TEN, "recurrence": DAILY, "recurringEventId": "x"}, "recurrence", "its series"),
    ],
)  # fmt: skip
def test_times_that_make_no_sense_are_refused(event: Json, field: str, advice: str) -> None:
    with pytest.raises(EventInvalid) as refused:
        check_times(event)
    assert refused.value.field == field
    assert advice in str(refused.value)


def test_a_time_without_a_zone_counts_on_the_calendars_clocks() -> None:
    event = {"start": {"dateTime": "2026-03-10T09:00:00"}, "end": {"dateTime": "2026-03-10T00:30:00Z"}}
    check_times(event, ZoneInfo("Asia/Tokyo"))
    with pytest.raises(EventInvalid):
        check_times(event, ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize("event_id", ["abcde", "0123456789", "v" * 1024])
def test_ids_of_googles_alphabet_are_taken(event_id: str) -> None:
    check_new_id(event_id)


@pytest.mark.parametrize("event_id", ["", "abcd", "v" * 1025, "wxyzw", "ABCDE", "abc-de", "abcde\n", "äbcde"])
def test_other_ids_are_refused(event_id: str) -> None:
    with pytest.raises(EventInvalid, match="5 to 1024"):
        check_new_id(event_id)


def test_a_huge_key_does_not_multiply() -> None:
    check_body({"x" * 900_000: {"y": [0] * 40_000}})


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = [
    "start",
    "end",
    "attendees",
    "reminders",
    "recurrence",
    "attachments",
    "extendedProperties",
    "source",
    "status",
]
lines = st.lists(
    st.from_regex(r"(RRULE|EXDATE)(;TZID=[A-Z]{1,3})?:[A-Z0-9;=,]{0,20}", fullmatch=True), max_size=2
)
bodies = st.dictionaries(st.sampled_from(NAMES), anything, max_size=3) | st.fixed_dictionaries(
    {"recurrence": lines}
)


def refusal_of(check: Callable[[Any], object], event: Any) -> EventInvalid | None:
    try:
        check(event)
    except EventInvalid as refused:
        return refused
    return None


@given(anything | bodies)
def test_any_json_is_taken_or_refused_in_words(body: Any) -> None:
    refusal = refusal_of(check_body, body)
    if refusal is None:
        assert json.loads(json.dumps(body)) == body
        refusal = refusal_of(check_times, body)
    if refusal is not None:
        assert f"{refusal.field}: {refusal}".encode()
