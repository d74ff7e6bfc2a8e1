"""events.insert, update, patch and delete: defaults, validation, conditions, notifications."""

import json
from typing import Any

import pytest

from tests.unit.emulator.desk import ALICE, BOB, Desk, timed

TEAM = "alice-team@group.calendar.google.com"


def insert(desk: Desk, **fields: Any) -> Any:
    return desk.api("POST", "calendars/primary/events", fields)


def test_insert_fills_in_googles_defaults_in_googles_order(desk: Desk) -> None:
    made = desk.insert(transparency="opaque", guestsCanModify=False, guestsCanSeeOtherGuests=False)
    assert list(made) == [
        "kind", "etag", "id", "status", "htmlLink", "created", "updated", "summary", "creator", "organizer",
        "start", "end", "iCalUID", "sequence", "guestsCanSeeOtherGuests", "reminders", "eventType",
    ]  # fmt: skip
    assert made["creator"] == made["organizer"] == {"email": ALICE, "self": True}
    assert made["iCalUID"] == f"{made['id']}@google.com"
    assert len(made["id"]) == 26
    assert made["created"].endswith(".000Z")
    assert made["start"] == {"dateTime": "2026-11-23T10:00:00+01:00", "timeZone": "Europe/Berlin"}


def test_on_a_secondary_calendar_the_organizer_is_the_calendar(desk: Desk) -> None:
    made = desk.insert(TEAM, organizer={"email": "somebody@example.org"})
    assert made["organizer"] == {"email": TEAM, "displayName": "Team", "self": True}
    assert made["creator"] == {"email": ALICE}


def test_etag_is_twice_the_microseconds_of_updated(desk: Desk) -> None:
    desk.now += 0.123
    made = desk.insert()
    microseconds = int(made["etag"].strip('"')) // 2
    assert made["updated"].endswith(f".{microseconds // 1000 % 1000:03d}Z")


def test_two_writes_of_one_event_never_share_updated(desk: Desk) -> None:
    made = desk.insert()
    again = desk.change("PATCH", made["id"], {"summary": "x"}).json
    assert again["updated"] > made["updated"]
    assert again["etag"] != made["etag"]


def test_naive_times_are_times_of_the_calendars_zone(desk: Desk) -> None:
    made = desk.insert(start={"dateTime": "2026-07-01T10:00:00"}, end={"dateTime": "2026-07-01T11:00:00.5Z"})
    assert made["start"] == {"dateTime": "2026-07-01T10:00:00+02:00", "timeZone": "Europe/Berlin"}
    assert made["end"]["dateTime"] == "2026-07-01T13:00:00+02:00"


def test_client_chosen_id_is_taken_once_even_after_deletion(desk: Desk) -> None:
    assert desk.insert(id="abcde")["id"] == "abcde"
    assert insert(desk, **timed(), id="abcde").reason == "duplicate"
    desk.change("DELETE", "abcde")
    answer = insert(desk, **timed(), id="abcde")
    assert (answer.status, answer.message) == (409, "The requested identifier already exists.")


@pytest.mark.parametrize("event_id", ["abcd", "ABCDE", "with-dash", "wxyz0", "a" * 1025])
def test_ids_outside_base32hex_are_refused(desk: Desk, event_id: str) -> None:
    answer = insert(desk, **timed(), id=event_id)
    assert (answer.status, answer.message) == (400, "Invalid resource id value.")


@pytest.mark.parametrize(
    ("fields", "message", "reason"),
    [
        ({"end": None}, "Missing end time.", "required"),
        ({"start": None}, "Missing start time.", "required"),
        ({"start": {"date": "2026-11-23"}}, "Start and end times must either both be date or both be dateTime.", "invalid"),
        ({"start": {"dateTime": "soon"}}, "Invalid start time.", "invalid"),
        ({"end": {"date": "2026-11-31"}}, "Invalid end time.", "invalid"),
        ({"end": {"dateTime": "2026-11-23T09:00:00+01:00"}}, "The specified time range is empty.", "timeRangeEmpty"),
        ({"start": {"dateTime": "2026-11-23T10:00:00", "timeZone": "Moon"}}, "Invalid time zone definition for start time.", "invalid"),
        ({"recurrence": ["RRULE:FREQ=NEVER"]}, "Invalid recurrence rule.", "invalid"),
        ({"recurrence": ["RRULE:FREQ=HOURLY"]}, "Invalid recurrence rule.", "invalid"),
        ({"recurrence": ["RRULE:FREQ=DAILY;COUNT=2;UNTIL=20270101T000000Z"]}, "Invalid recurrence rule.", "invalid"),
        ({"recurrence": ["DTSTART:20260101"]}, "Invalid recurrence rule.", "invalid"),
        ({"reminders": {"useDefault": True, "overrides": [{"method": "popup", "minutes": 1}]}}, None, "cannotUseDefaultRemindersAndSpecifyOverride"),
        ({"reminders": {"useDefault": False, "overrides": [{"method": "pigeon", "minutes": 1}]}}, None, "invalid"),
        ({"attendees": [{"displayName": "nobody"}]}, None, "required"),
        ({"summary": 5}, None, "invalid"),
        ({"status": "perhaps"}, None, "invalid"),
        ({"outOfOfficeProperties": {}}, None, "invalid"),
        ({"eventType": "fromGmail"}, None, "eventTypeRestriction"),
    ],
)  # fmt: skip
def test_events_that_make_no_sense_are_refused(
    desk: Desk, fields: dict[str, Any], message: str | None, reason: str
) -> None:
    answer = insert(desk, **{**timed(), **fields})
    assert (answer.status, answer.reason) == (400, reason)
    assert message in (None, answer.message)


def test_series_needs_a_zone_of_its_own(desk: Desk) -> None:
    times = {"start": {"dateTime": "2026-11-23T10:00:00Z"}, "end": {"dateTime": "2026-11-23T11:00:00Z"}}
    answer = insert(desk, **times, recurrence=["RRULE:FREQ=DAILY"])
    assert answer.message == "Missing time zone definition for start time."


def test_zero_length_events_are_accepted(desk: Desk) -> None:
    assert insert(desk, **timed(end="10:00")).status == 200
    assert insert(desk, start={"date": "2026-11-23"}, end={"date": "2026-11-23"}).status == 200


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff"])
def test_malformed_body_is_a_parse_error(desk: Desk, body: bytes) -> None:
    answer = desk.api("POST", "calendars/primary/events", body)
    assert (answer.status, answer.reason, answer.message) == (400, "parseError", "Parse Error")


def test_patch_merges_objects_replaces_arrays_and_null_clears(desk: Desk) -> None:
    made = desk.insert(
        location="here",
        attendees=[{"email": BOB}],
        extendedProperties={"private": {"a": "1", "b": "2"}},
    )
    change = {
        "location": None,
        "attendees": [{"email": "kim@example.org"}],
        "extendedProperties": {"private": {"a": None, "c": "3"}},
    }
    patched = desk.change("PATCH", made["id"], change).json
    assert "location" not in patched
    assert [attendee["email"] for attendee in patched["attendees"]] == ["kim@example.org"]
    assert patched["extendedProperties"] == {"private": {"b": "2", "c": "3"}}
    assert patched["summary"] == made["summary"]


def test_patch_from_time_to_date_has_to_clear_the_time(desk: Desk) -> None:
    made = desk.insert()
    dates = {"start": {"date": "2026-11-23"}, "end": {"date": "2026-11-24"}}
    assert desk.change("PATCH", made["id"], dates).status == 400
    cleared = {name: {**stamp, "dateTime": None, "timeZone": None} for name, stamp in dates.items()}
    assert desk.change("PATCH", made["id"], cleared).json["start"] == {"date": "2026-11-23"}


def test_put_resets_what_it_leaves_out_and_keeps_what_is_read_only(desk: Desk) -> None:
    made = desk.insert(location="here", colorId="5")
    put = desk.change("PUT", made["id"], {**timed(), "id": "other", "created": "1999-01-01T00:00:00Z"}).json
    assert "location" not in put
    assert "colorId" not in put
    for name in ("id", "created", "iCalUID", "creator"):
        assert put[name] == made[name]


def test_put_without_times_is_refused(desk: Desk) -> None:
    made = desk.insert()
    assert desk.change("PUT", made["id"], {"summary": "x"}).message == "Missing end time."


def test_sequence_rises_with_significant_changes_only(desk: Desk) -> None:
    made = desk.insert()
    assert desk.change("PATCH", made["id"], {"summary": "x"}).json["sequence"] == 0
    assert desk.change("PATCH", made["id"], {"location": "x"}).json["sequence"] == 1
    answer = desk.change("PATCH", made["id"], {"sequence": 0})
    assert (answer.status, answer.message) == (400, "Invalid sequence value.")


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
def test_write_with_an_old_etag_fails_and_changes_nothing(desk: Desk, method: str) -> None:
    made = desk.insert()
    body = None if method == "DELETE" else {**timed(), "summary": "mine"}
    newer = desk.change("PATCH", made["id"], {"summary": "theirs"}).json
    answer = desk.change(method, made["id"], body, headers={"If-Match": made["etag"]})
    assert (answer.status, answer.reason) == (412, "conditionNotMet")
    assert desk.change("GET", made["id"]).json == newer
    assert desk.change(method, made["id"], body, headers={"If-Match": newer["etag"]}).status in (200, 204)


def test_get_with_the_current_etag_is_304(desk: Desk) -> None:
    made = desk.insert()
    answer = desk.change("GET", made["id"], headers={"If-None-Match": made["etag"]})
    assert (answer.status, answer.response.body) == (304, b"")
    assert answer.response.headers["ETag"] == made["etag"]


def test_deleted_event_can_be_read_and_revived_but_not_deleted_again(desk: Desk) -> None:
    made = desk.insert(summary="back soon")
    answer = desk.change("DELETE", made["id"])
    assert (answer.status, answer.response.body) == (204, b"")
    tombstone = desk.change("GET", made["id"]).json
    assert (tombstone["status"], tombstone["summary"]) == ("cancelled", "back soon")
    assert desk.change("DELETE", made["id"]).reason == "deleted"
    assert desk.change("PATCH", made["id"], {"status": "confirmed"}).json["status"] == "confirmed"
    assert len(desk.events().json["items"]) == 1


def test_unknown_event_is_not_found(desk: Desk) -> None:
    for method in ("GET", "DELETE"):
        assert desk.change(method, "nosuchevent").reason == "notFound"


def test_readers_cannot_write(desk: Desk) -> None:
    desk.control("seed", {"acl": {ALICE: [{"scope": {"type": "default"}, "role": "reader"}]}})
    answer = desk.api("POST", f"calendars/{ALICE}/events", timed(), BOB)
    assert (answer.status, answer.reason) == (403, "requiredAccessLevel")


def test_guest_may_answer_but_not_change_what_belongs_to_the_organizer(desk: Desk) -> None:
    event = {
        **timed(),
        "id": "invited",
        "organizer": {"email": BOB},
        "attendees": [{"email": BOB, "responseStatus": "accepted"}, {"email": ALICE}],
    }
    desk.control("seed", {"events": {ALICE: [event]}})
    answer = desk.change("PATCH", "invited", {"summary": "mine"})
    assert (answer.status, answer.reason) == (403, "forbiddenForNonOrganizer")
    attendees = desk.change("GET", "invited").json["attendees"]
    attendees[1]["responseStatus"] = "declined"
    assert desk.change("PATCH", "invited", {"attendees": attendees, "colorId": "3"}).status == 200


def test_attachments_and_conferences_count_only_with_their_switches(desk: Desk) -> None:
    extra = {"attachments": [{"fileUrl": "https://example.com/f"}], "conferenceData": {"conferenceId": "x"}}
    assert not {"attachments", "conferenceData"} & insert(desk, **timed(), **extra).json.keys()
    made = desk.api(
        "POST",
        "calendars/primary/events",
        {**timed(), **extra},
        supportsAttachments="true",
        conferenceDataVersion="1",
    ).json
    assert {"attachments", "conferenceData"} <= made.keys()
    kept = desk.change("PUT", made["id"], timed()).json
    assert {"attachments", "conferenceData"} <= kept.keys()


def test_overlong_properties_are_cut_or_dropped(desk: Desk) -> None:
    made = desk.insert(extendedProperties={"private": {"k" * 45: "x", "fits": "v" * 2000}})
    assert made["extendedProperties"] == {"private": {"fits": "v" * 1024}}


def test_unwritable_and_unknown_fields_are_ignored(desk: Desk) -> None:
    made = desk.insert(htmlLink="x", hangoutLink="x", locked=True, surprise=1, etag="x")
    assert not {"hangoutLink", "locked", "surprise"} & made.keys()
    assert made["etag"] != "x"


def test_seeded_events_keep_unknown_fields_and_their_own_times_of_change(desk: Desk) -> None:
    event = {
        **timed(),
        "id": "seeded",
        "surprise": {"deep": [1, None]},
        "updated": "2020-01-02T03:04:05.678Z",
    }
    desk.control("seed", {"events": {ALICE: [event]}})
    (item,) = desk.events().json["items"]
    assert item["surprise"] == {"deep": [1, None]}
    assert item["updated"] == "2020-01-02T03:04:05.678Z"
    assert item["etag"] == '"3155868491356000"'


def test_calendar_ids_may_arrive_encoded_or_raw(desk: Desk) -> None:
    made = desk.insert()
    for calendar in (ALICE, "alice%40example.com", "primary"):
        assert desk.api("GET", f"calendars/{calendar}/events/{made['id']}").status == 200


def test_tunnelled_patch_is_a_patch(desk: Desk) -> None:
    made = desk.insert()
    answer = desk.change("POST", made["id"], {"summary": "x"}, headers={"X-HTTP-Method-Override": "PATCH"})
    assert json.loads(answer.response.body)["summary"] == "x"
    assert desk.control("requests")["requests"][-1]["method"] == "PATCH"
