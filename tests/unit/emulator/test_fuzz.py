"""Nonsense of every kind gets an answer, never an exception."""

from typing import Any
from urllib.parse import quote

from hypothesis import given, settings
from hypothesis import strategies as st

from calferry.emulator.world.event_rules import FIELD_TYPES, TYPE_PROPERTIES
from tests.unit.emulator.desk import Desk, timed

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
)
DATES = st.sampled_from(
    [
        "2026-11-23", "2026-11-23T10:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00",
        "9999-12-31", "2026-11-23T10:00:00", "Europe/Berlin", "America/New_York",
    ]
)  # fmt: skip
LINES = st.sampled_from(
    ["RRULE:FREQ=DAILY", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "EXDATE:20261123T090000Z", "RDATE;VALUE=DATE:99991231",
     "RRULE:FREQ=WEEKLY;UNTIL=99991231T235959Z", "RRULE:FREQ=MONTHLY;BYSETPOS=400;BYDAY=MO", "RRULE:FREQ=DAILY;INTERVAL=0"]
)  # fmt: skip
KEYS = st.sampled_from(
    ["date", "dateTime", "timeZone", "email", "useDefault", "overrides", "method", "minutes", "private", "shared", "type", "x"]
)  # fmt: skip
VALUES = st.recursive(
    SCALARS | DATES | LINES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
BODIES = st.dictionaries(st.sampled_from([*FIELD_TYPES, *TYPE_PROPERTIES]), VALUES, max_size=5)
PARAMETERS = st.sampled_from(
    ["maxResults", "pageToken", "syncToken", "singleEvents", "showDeleted", "orderBy", "timeMin", "timeMax", "updatedMin",
     "q", "iCalUID", "privateExtendedProperty", "eventTypes", "timeZone", "maxAttendees", "fields", "prettyPrint"]
)  # fmt: skip
TEXTS = (
    st.text(max_size=12)
    | DATES
    | st.sampled_from(["true", "false", "1", "-1", "startTime", "a=b", "items(id)", "items/*", "²"])
)


@settings(max_examples=120)
@given(body=BODIES, patch=BODIES)
def test_event_bodies(body: Any, patch: Any) -> None:
    desk = Desk()
    made = desk.api("POST", "calendars/primary/events", {**timed(), **body})
    assert made.status in (200, 400, 409)
    target = (
        made.json["id"] if made.status == 200 else desk.insert(recurrence=["RRULE:FREQ=DAILY;COUNT=3"])["id"]
    )
    for method in ("PATCH", "PUT"):
        assert desk.change(method, target, {**timed(), **patch}).status in (200, 400)
    for query in ({}, {"singleEvents": "true", "timeZone": "Pacific/Kiritimati", "showDeleted": "true"}):
        assert desk.events(**query).status == 200


@settings(max_examples=120)
@given(query=st.dictionaries(PARAMETERS, TEXTS, max_size=4), event=st.text(max_size=10))
def test_queries_and_ids(query: Any, event: str) -> None:
    desk = Desk()
    desk.insert(recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    assert desk.events(**query).status in (200, 400, 410)
    assert desk.api("GET", f"calendars/primary/events/{quote(event, safe='')}", **query).status in (
        200,
        400,
        404,
        410,
    )


@settings(max_examples=80)
@given(
    name=st.sampled_from(["seed", "tokens", "clock", "faults", "push", "expire-sync-tokens", "empty-pages", "revoke"]),
    body=st.dictionaries(
        st.sampled_from(["people", "calendars", "events", "acl", "tokens", "email", "scopes", "advance_s", "faults", "mode", "count",
                         "calendar_id", "times", "delay_s"]), VALUES, max_size=3),
)  # fmt: skip
def test_control_bodies(name: str, body: Any) -> None:
    assert Desk().send("POST", f"/_emulator/{name}", body).status in (200, 400)


@given(
    body=st.dictionaries(
        st.sampled_from(["id", "type", "address", "token", "expiration", "params", "resourceId"]), VALUES
    )
)
def test_channel_bodies(body: Any) -> None:
    desk = Desk()
    channel = {"id": "c", "type": "web_hook", "address": "https://example.org/"}
    assert desk.api("POST", "calendars/primary/events/watch", {**channel, **body}).status in (200, 400)
    assert desk.api("POST", "channels/stop", body).status in (400, 404)
