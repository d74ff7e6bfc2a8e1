"""What edits make of events, what is left of them, and how two people's edits go together."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calferry.core.event_fields import KEPT_BY_PUT, READ_ONLY, WRITABLE
from calferry.core.merge import (
    apply,
    changes_of_patch,
    changes_of_update,
    joined,
    left_of,
    merge,
    overlapping_fields,
)

Json = dict[str, Any]

BERLIN = ZoneInfo("Europe/Berlin")
ANN = {"email": "ann@example.com", "displayName": "Ann", "responseStatus": "accepted", "self": True}
BOB = {"email": "bob@example.com", "responseStatus": "needsAction"}
NINE = {"dateTime": "2026-03-10T09:00:00+01:00", "timeZone": "Europe/Berlin"}
TEN = {"dateTime": "2026-03-10T10:00:00+01:00", "timeZone": "Europe/Berlin"}
ELEVEN = {"dateTime": "2026-03-10T11:00:00+01:00", "timeZone": "Europe/Berlin"}
LUNCH: Json = {
    "id": "lunch",
    "etag": '"1"',
    "status": "confirmed",
    "summary": "Lunch",
    "start": NINE,
    "end": TEN,
    "attendees": [ANN, BOB],
    "reminders": {"useDefault": True},
    "extendedProperties": {"private": {"a": "1", "b": "2"}},
}


def lunch(**fields: Any) -> Json:
    return {**LUNCH, **fields}


def test_the_field_lists_do_not_contradict_each_other() -> None:
    assert not WRITABLE & READ_ONLY
    assert KEPT_BY_PUT <= WRITABLE


@pytest.mark.parametrize(
    ("base", "changes", "event"),
    [
        ({"summary": "a", "location": "b"}, {"summary": "c"}, {"summary": "c", "location": "b"}),
        ({"summary": "a"}, {"summary": None}, {}),
        ({"summary": "a"}, {"summary": ""}, {}),
        ({"start": NINE}, {"start": {"date": "2026-03-10"}}, {"start": {"date": "2026-03-10"}}),
        ({"start": {"date": "2026-03-10"}}, {"start": NINE}, {"start": NINE}),
        ({"start": NINE}, {"start": {"timeZone": "UTC"}}, {"start": {**NINE, "timeZone": "UTC"}}),
        ({"extendedProperties": {"private": {"a": "1"}}}, {"extendedProperties": {"private": {"a": None}}}, {}),
        ({}, {"extendedProperties": {"private": {"a": ""}}}, {"extendedProperties": {"private": {"a": ""}}}),
        ({"attendees": [ANN]}, {"attendees": [{**BOB, "comment": None}]}, {"attendees": [BOB]}),
        ({"attendees": [ANN]}, {"attendees": []}, {}),
        ({}, {"source": {"title": None, "url": "https://example.com"}}, {"source": {"url": "https://example.com"}}),
        ({}, {"guestsCanInviteOthers": False}, {"guestsCanInviteOthers": False}),
    ],
)  # fmt: skip
def test_changes_apply_as_google_applies_a_patch(base: Json, changes: Json, event: Json) -> None:
    assert apply(base, changes) == event


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        ({}, {}),
        ({"summary": "Lunch", "location": None, "description": ""}, {}),
        ({"summary": "Dinner"}, {"summary": "Dinner"}),
        ({"summary": None}, {"summary": None}),
        ({"etag": '"9"', "organizer": {"email": "eve@example.com"}, "id": "x", "user_id": 7}, {}),
        ({"transparency": "opaque", "visibility": None, "guestsCanInviteOthers": True, "eventType": "default"}, {}),
        ({"transparency": "transparent"}, {"transparency": "transparent"}),
        ({"status": None}, {}),
        ({"start": {"dateTime": "2026-03-10T08:00:00Z"}}, {}),
        ({"start": {"dateTime": "2026-03-10T09:00:00"}}, {}),
        ({"start": {"dateTime": "2026-03-10T10:00:00+01:00"}}, {"start": TEN}),
        ({"start": {"timeZone": "UTC"}}, {"start": {**NINE, "timeZone": "UTC"}}),
        ({"start": {"date": "2026-03-10"}}, {"start": {"date": "2026-03-10", "dateTime": None, "timeZone": None}}),
        ({"attendees": [{"email": "BOB@example.com"}, {"email": "ann@example.com"}]}, {}),
        ({"attendees": [{"email": "ann@example.com"}]}, {"attendees": [ANN]}),
        ({"attendees": []}, {"attendees": []}),
        ({"attendees": None}, {"attendees": None}),
        ({"attendees": [{"email": "ann@example.com", "self": False, "displayName": None}, BOB]},
         {"attendees": [{**ANN, "displayName": None}, BOB]}),
        ({"attendees": [{**ANN, "optional": False, "additionalGuests": 0}, BOB]}, {}),
        ({"reminders": {"useDefault": True, "overrides": []}}, {}),
        ({"reminders": None}, {}),
        ({"reminders": {"overrides": [{"method": "popup", "minutes": 5}]}},
         {"reminders": {"overrides": [{"method": "popup", "minutes": 5}], "useDefault": False}}),
        ({"extendedProperties": {"private": {"a": "1", "b": "3"}, "shared": {}}},
         {"extendedProperties": {"private": {"b": "3"}}}),
        ({"extendedProperties": {"private": None}}, {"extendedProperties": {"private": {"a": None, "b": None}}}),
        ({"extendedProperties": None}, {"extendedProperties": {"private": {"a": None, "b": None}}}),
        ({"recurrence": []}, {}),
    ],
)  # fmt: skip
def test_a_patch_becomes_the_smallest_changes(body: Json, changes: Json) -> None:
    assert changes_of_patch(LUNCH, body) == changes


def test_a_day_becomes_a_time_without_keeping_the_date() -> None:
    base = lunch(start={"date": "2026-03-10"}, end={"date": "2026-03-11"})
    assert changes_of_patch(base, {"start": NINE})["start"] == {"date": None, **NINE}


def test_the_calendars_reminders_take_the_place_of_the_events_own() -> None:
    base = lunch(reminders={"useDefault": False, "overrides": [{"method": "popup", "minutes": 5}]})
    wanted = {"useDefault": True, "overrides": None}
    assert changes_of_patch(base, {"reminders": {"useDefault": True}}) == {"reminders": wanted}


def test_reminders_in_another_order_are_no_change() -> None:
    five, ten = {"method": "popup", "minutes": 5}, {"method": "email", "minutes": 10}
    base = lunch(reminders={"useDefault": False, "overrides": [five, ten]})
    assert changes_of_patch(base, {"reminders": {"overrides": [ten, five]}}) == {}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["RRULE:FREQ=WEEKLY;BYDAY=MO,TU"], ["rrule:BYDAY=TU,MO;FREQ=WEEKLY;INTERVAL=1"]),
        (["RRULE:FREQ=DAILY", "EXDATE:20260310T080000Z"], ["EXDATE:20260310T080000Z", "RRULE:FREQ=DAILY"]),
        (["EXDATE:20260310,20260311"], ["EXDATE:20260311", "EXDATE:20260310"]),
    ],
)
def test_rules_are_compared_by_what_they_mean(one: list[str], other: list[str]) -> None:
    assert left_of({"recurrence": one}, {"recurrence": other}) == {}
    assert left_of({"recurrence": one}, {"recurrence": ["RRULE:FREQ=DAILY"]}) == {"recurrence": one}


def test_a_time_without_an_offset_counts_in_its_zone_or_the_calendars() -> None:
    theirs = {"start": {"dateTime": "2026-07-01T09:00:00+02:00", "timeZone": "Europe/Berlin"}}
    assert left_of({"start": {"dateTime": "2026-07-01T08:00:00", "timeZone": "Europe/London"}}, theirs) != {}
    wanted = {"start": {"dateTime": "2026-07-01T09:00:00", "timeZone": None}}
    assert left_of(wanted, theirs, BERLIN) == {}
    assert left_of(wanted, theirs) == wanted
    assert left_of({"start": {"dateTime": "no time"}}, theirs) != {}


def test_attached_files_keep_what_is_known_of_them() -> None:
    plan = {"fileUrl": "https://drive.example.com/1", "title": "Plan", "fileId": "1"}
    base, menu = lunch(attachments=[plan]), {"fileUrl": "https://drive.example.com/2"}
    assert changes_of_patch(base, {"attachments": [{"fileUrl": plan["fileUrl"]}, menu]}) == {
        "attachments": [plan, menu]
    }


def test_a_meeting_is_compared_by_what_is_asked_of_it() -> None:
    asked = {"createRequest": {"requestId": "1", "conferenceSolutionKey": {"type": "hangoutsMeet"}}}
    answered = {
        "createRequest": {**asked["createRequest"], "status": {"statusCode": "success"}},
        "conferenceId": "x",
    }
    assert left_of({"conferenceData": asked}, {"conferenceData": answered}) == {}
    assert changes_of_patch(lunch(conferenceData=answered), {"conferenceData": None}) == {
        "conferenceData": None
    }


def test_an_insert_is_a_patch_of_nothing() -> None:
    body = {"kind": "calendar#event", "summary": "Tea", "start": NINE, "end": TEN, "location": None,
            "transparency": "opaque", "attendees": [{"email": "bob@example.com"}]}  # fmt: skip
    assert changes_of_patch({}, body) == {
        "summary": "Tea", "start": NINE, "end": TEN, "attendees": [{"email": "bob@example.com"}],
    }  # fmt: skip


@pytest.mark.parametrize("body", [{"attendees": []}, {}, {"attendees": None}])
def test_a_put_removes_what_it_does_not_name_but_never_people_or_attached_things(body: Json) -> None:
    attached = {
        "attachments": [{"fileUrl": "https://example.com/1"}],
        "conferenceData": {"conferenceId": "x"},
    }
    base = lunch(**attached, description="Noodles", visibility="private", guestsCanModify=True, colorId="3")
    put = {"start": NINE, "end": TEN, "summary": "Lunch", **body}
    assert changes_of_update(base, put) == {**body, "description": None, "visibility": None}


def test_an_object_in_a_put_takes_the_place_of_the_former_one() -> None:
    put = {**LUNCH, "extendedProperties": {"private": {"b": "2"}}}
    assert changes_of_update(LUNCH, put) == {"extendedProperties": {"private": {"a": None}}}
    tentative = lunch(status="tentative")
    assert changes_of_update(tentative, {k: v for k, v in LUNCH.items() if k != "status"}) == {
        "status": "confirmed"
    }


def test_a_put_of_the_event_itself_changes_nothing() -> None:
    assert changes_of_update(LUNCH, LUNCH) == {}


def test_edits_of_different_fields_go_together() -> None:
    merged = merge(LUNCH, {"summary": "Dinner"}, lunch(location="Hall"))
    assert (merged.clear, merged.overlapping) == ({"summary": "Dinner"}, {})


def test_edits_of_the_same_field_overlap_unless_they_agree() -> None:
    merged = merge(LUNCH, {"summary": "Dinner", "location": "Hall"}, lunch(summary="Tea", location="Hall"))
    assert (merged.clear, merged.overlapping) == ({}, {"summary": "Dinner"})
    assert overlapping_fields(merged) == ["summary"]


def test_times_and_recurrence_are_one_field() -> None:
    rules = ["RRULE:FREQ=DAILY"]
    merged = merge(LUNCH, {"start": TEN, "end": ELEVEN, "summary": "Tea"}, lunch(recurrence=rules))
    assert merged.clear == {"summary": "Tea"}
    assert overlapping_fields(merged) == ["end", "start"]
    agreed = merge(LUNCH, {"start": TEN, "end": ELEVEN}, lunch(start=TEN))
    assert (agreed.clear, agreed.overlapping) == ({"end": ELEVEN}, {})


def test_what_overlaps_can_be_sent_to_the_event_as_it_is_now() -> None:
    theirs = lunch(start={"date": "2026-03-12"}, end={"date": "2026-03-13"})
    merged = merge(LUNCH, {"start": TEN, "end": ELEVEN}, theirs)
    assert merged.overlapping == {"start": {"date": None, **TEN}, "end": {"date": None, **ELEVEN}}


def test_properties_are_merged_one_by_one() -> None:
    theirs = lunch(extendedProperties={"private": {"a": "1", "b": "9", "c": "3"}})
    changes = {"extendedProperties": {"private": {"a": None, "b": "5", "c": "3"}, "shared": {"d": "4"}}}
    merged = merge(LUNCH, changes, theirs)
    assert merged.clear == {"extendedProperties": {"private": {"a": None}, "shared": {"d": "4"}}}
    assert merged.overlapping == {"extendedProperties": {"private": {"b": "5"}}}
    assert joined(merged.clear, merged.overlapping) == {
        "extendedProperties": {"private": {"a": None, "b": "5"}, "shared": {"d": "4"}}
    }


CAROL = {"email": "carol@example.com"}
DAVE = {"email": "dave@example.com", "responseStatus": "needsAction"}
COMES = {**BOB, "responseStatus": "accepted"}
DECLINES = {**BOB, "responseStatus": "declined"}
OPTIONAL = {**BOB, "optional": True}


@pytest.mark.parametrize(
    ("ours", "theirs", "clear"),
    [
        ([ANN, BOB, CAROL], [ANN, BOB, DAVE], [ANN, BOB, CAROL, DAVE]),
        ([ANN, BOB, CAROL], [ANN, COMES], [ANN, COMES, CAROL]),
        ([BOB], [ANN, BOB, DAVE], [BOB, DAVE]),
        ([ANN, BOB, CAROL], [ANN], [ANN, CAROL]),
        ([ANN, OPTIONAL], [ANN, COMES], [ANN, {**COMES, "optional": True}]),
        ([ANN], [ANN], None),
        ([ANN, COMES], [ANN, COMES], None),
    ],
)
def test_guests_are_merged_person_by_person(
    ours: list[Json], theirs: list[Json], clear: list[Json] | None
) -> None:
    merged = merge(LUNCH, {"attendees": ours}, lunch(attendees=theirs))
    assert (merged.clear.get("attendees"), merged.overlapping) == (clear, {})


@pytest.mark.parametrize(
    ("ours", "theirs", "clear", "overlapping"),
    [
        ([ANN, COMES], [ANN, DECLINES], None, [ANN, COMES]),
        ([ANN, COMES, CAROL], [ANN, DECLINES], [ANN, DECLINES, CAROL], [ANN, COMES, CAROL]),
        ([ANN], [ANN, COMES], None, [ANN]),
        ([ANN, COMES], [ANN], None, [ANN, COMES]),
    ],
)
def test_two_answers_of_one_person_overlap(
    ours: list[Json], theirs: list[Json], clear: list[Json] | None, overlapping: list[Json]
) -> None:
    merged = merge(LUNCH, {"attendees": ours}, lunch(attendees=theirs))
    assert (merged.clear.get("attendees"), merged.overlapping["attendees"]) == (clear, overlapping)


def test_odd_values_of_a_source_are_survived() -> None:
    odd = {
        "summary": "Lunch",
        "start": 1,
        "attendees": "x",
        "recurrence": 3,
        "reminders": [],
        "extendedProperties": {"private": 4},
    }
    changes = changes_of_patch(LUNCH, {"summary": "Tea", "attendees": [BOB], "start": TEN})
    assert merge(LUNCH, changes, odd).clear["summary"] == "Tea"
    assert left_of({"source": {"url": "https://example.com"}}, {"source": "x"}) != {}


words = st.sampled_from(["", "a", "b", "c"])
stamps = st.one_of(
    st.sampled_from(
        [NINE, TEN, ELEVEN, {"dateTime": "2026-03-10T08:00:00Z"}, {"dateTime": "2026-03-10T09:30:00"}]
    ),
    st.sampled_from([{"date": "2026-03-10"}, {"date": "2026-03-11"}]),
)
guests = st.lists(
    st.fixed_dictionaries(
        {
            "email": st.sampled_from(
                ["ann@example.com", "bob@example.com", "Bob@example.com", "eve@example.com"]
            )
        },
        optional={
            "responseStatus": st.sampled_from(["needsAction", "accepted", "declined"]),
            "optional": st.booleans(),
            "comment": words,
        },
    ),
    max_size=3,
    unique_by=lambda guest: guest["email"].casefold(),
)
reminders = st.fixed_dictionaries(
    {"useDefault": st.just(False)},
    optional={
        "overrides": st.lists(
            st.fixed_dictionaries({"method": st.just("popup"), "minutes": st.integers(0, 3)}), max_size=2
        )
    },
) | st.just({"useDefault": True})
properties = st.dictionaries(st.sampled_from(["x", "y"]), words, max_size=2)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "summary": words,
    "location": words,
    "status": st.sampled_from(["confirmed", "tentative"]),
    "transparency": st.sampled_from(["opaque", "transparent"]),
    "guestsCanInviteOthers": st.booleans(),
    "start": stamps,
    "end": stamps,
    "recurrence": st.lists(
        st.sampled_from(["RRULE:FREQ=DAILY", "EXDATE:20260311", "RDATE:20260312"]), max_size=2
    ),
    "attendees": guests,
    "reminders": reminders,
    "extendedProperties": st.dictionaries(st.sampled_from(["private", "shared"]), properties, max_size=2),
    "source": st.fixed_dictionaries({}, optional={"title": words, "url": words}),
}
events = st.fixed_dictionaries({}, optional=FIELDS).map(lambda event: apply({}, event))
bodies = st.fixed_dictionaries({}, optional={name: st.none() | values for name, values in FIELDS.items()})


@given(events, bodies)
def test_changes_are_only_what_is_left_of_a_body(base: Json, body: Json) -> None:
    for changes in (changes_of_patch(base, body, BERLIN), changes_of_update(base, body, BERLIN)):
        assert left_of(changes, base, BERLIN) == changes
        assert left_of(changes, apply(base, changes), BERLIN) == {}


@given(events, bodies)
def test_applying_twice_is_applying_once(base: Json, body: Json) -> None:
    once = apply(base, changes_of_patch(base, body))
    assert apply(once, changes_of_patch(base, body)) == once
    assert None not in once.values()
    assert all(not {"date", "dateTime"} <= set(once.get(name, ())) for name in ("start", "end"))


@given(events, bodies)
def test_nobody_else_means_no_conflict(base: Json, body: Json) -> None:
    changes = changes_of_patch(base, body, BERLIN)
    alone = merge(base, changes, base, BERLIN)
    assert (alone.clear, alone.overlapping) == (changes, {})
    done = merge(base, changes, apply(base, changes), BERLIN)
    assert (done.clear, done.overlapping) == ({}, {})


WHEN = {"start", "end", "recurrence"}


@given(events, bodies, bodies)
def test_disjoint_edits_go_together_in_any_order(base: Json, body: Json, other: Json) -> None:
    changes = changes_of_patch(base, body, BERLIN)
    named = set(changes) | (WHEN if WHEN & set(changes) else set())
    theirs = changes_of_patch(
        base, {name: value for name, value in other.items() if name not in named}, BERLIN
    )
    merged = merge(base, changes, apply(base, theirs), BERLIN)
    both = apply(apply(base, theirs), merged.clear)
    assert merged.overlapping == {}
    assert left_of(changes, both, BERLIN) == {}
    assert left_of(theirs, both, BERLIN) == {}
    assert both == apply(apply(base, changes), theirs)


@given(events, bodies, bodies)
def test_ours_prevails_when_it_is_sent_whole(base: Json, body: Json, other: Json) -> None:
    changes = changes_of_patch(base, body, BERLIN)
    changes.pop("attendees", None)
    theirs = apply(base, changes_of_patch(base, other, BERLIN))
    merged = merge(base, changes, theirs, BERLIN)
    assert left_of(changes, apply(theirs, joined(merged.clear, merged.overlapping)), BERLIN) == {}
    again = merge(theirs, joined(merged.clear, merged.overlapping), theirs, BERLIN)
    assert again.overlapping == {}


@given(events, guests, guests)
def test_nobody_disappears_whom_neither_side_removed(
    base: Json, ours: list[Json], theirs: list[Json]
) -> None:
    now = apply(base, {"attendees": theirs})
    merged = merge(base, changes_of_patch(base, {"attendees": ours}), now)
    both = apply(now, joined(merged.clear, merged.overlapping))
    before, mine, others, after = (
        {guest["email"].casefold() for guest in people} for people in
        (base.get("attendees", ()), ours, theirs, both.get("attendees", ()))
    )  # fmt: skip
    assert mine & others <= after <= mine | others
    assert (mine | others) - before <= after
