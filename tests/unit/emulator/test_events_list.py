"""events.list: pages, sync tokens, windows, filters and what they show."""

import json
from typing import Any

import pytest

from tests.unit.emulator.desk import ALICE, BOB, START, Desk, timed

PRIMARY = ALICE


def ids(items: list[Any]) -> list[str]:
    return [item["id"] for item in items]


def test_envelope_keys_stand_in_googles_order_with_the_token_before_the_items(desk: Desk) -> None:
    desk.insert()
    desk.insert()
    keys = list(desk.events(maxResults=1).json)
    assert keys == [
        "kind", "etag", "summary", "description", "updated", "timeZone", "accessRole", "defaultReminders",
        "nextPageToken", "items",
    ]  # fmt: skip
    assert list(desk.events().json)[-2:] == ["nextSyncToken", "items"]


def test_pages_together_are_the_listing_and_only_the_last_carries_a_sync_token(desk: Desk) -> None:
    made = [desk.insert()["id"] for _ in range(7)]
    items, token = desk.all_events(maxResults=3)
    assert ids(items) == made
    assert token


def test_page_token_with_another_question_is_refused(desk: Desk) -> None:
    desk.insert()
    desk.insert()
    token = desk.events(maxResults=1).json["nextPageToken"]
    answer = desk.events(maxResults=1, pageToken=token, showDeleted="true")
    assert (answer.status, answer.message) == (400, "Invalid page token value.")
    assert desk.events(maxResults=1, pageToken="nonsense").status == 400
    assert desk.events(maxResults=1, pageToken=token, prettyPrint="false").status == 200


def test_change_made_while_paging_is_in_the_next_delta(desk: Desk) -> None:
    first, second, third = (desk.insert()["id"] for _ in range(3))
    page = desk.events(maxResults=2).json
    desk.change("PATCH", first, {"summary": "late"})
    fresh = desk.insert()["id"]
    last = desk.events(maxResults=2, pageToken=page["nextPageToken"]).json
    assert ids(page["items"]) == [first, second]
    assert ids(last["items"]) == [third]
    delta, _ = desk.all_events(syncToken=last["nextSyncToken"])
    assert ids(delta) == [first, fresh]


def test_event_changed_before_its_page_is_shown_in_its_newest_version(desk: Desk) -> None:
    desk.insert()
    second = desk.insert()["id"]
    page = desk.events(maxResults=1).json
    desk.change("PATCH", second, {"summary": "newer"})
    last = desk.events(maxResults=1, pageToken=page["nextPageToken"]).json
    assert last["items"][0]["summary"] == "newer"


def test_event_deleted_before_its_page_is_left_out_unless_asked_for(desk: Desk) -> None:
    desk.insert()
    second = desk.insert()["id"]
    page = desk.events(maxResults=1).json
    desk.change("DELETE", second)
    last = desk.events(maxResults=1, pageToken=page["nextPageToken"]).json
    assert last["items"] == []
    assert "nextSyncToken" in last


def test_delta_brings_deleted_events_as_stubs(desk: Desk) -> None:
    gone = desk.insert(summary="secret")["id"]
    _, token = desk.all_events()
    desk.change("DELETE", gone)
    (stub,), _ = desk.all_events(syncToken=token)
    assert list(stub) == ["kind", "etag", "id", "status"]
    assert stub["status"] == "cancelled"


def test_delta_with_show_deleted_keeps_the_details(desk: Desk) -> None:
    gone = desk.insert(summary="secret")["id"]
    _, token = desk.all_events(showDeleted="true")
    desk.change("DELETE", gone)
    (tombstone,), _ = desk.all_events(syncToken=token, showDeleted="true")
    assert (tombstone["status"], tombstone["summary"]) == ("cancelled", "secret")


def test_sync_token_can_be_used_again_and_an_older_one_gives_more(desk: Desk) -> None:
    _, oldest = desk.all_events()
    first = desk.insert()["id"]
    _, older = desk.all_events(syncToken=oldest)
    second = desk.insert()["id"]
    assert ids(desk.all_events(syncToken=older)[0]) == [second]
    assert ids(desk.all_events(syncToken=oldest)[0]) == [first, second]


@pytest.mark.parametrize(
    "extra",
    [
        {"timeMin": "2026-01-01T00:00:00Z"},
        {"timeMax": "2026-01-01T00:00:00Z"},
        {"updatedMin": "2026-11-01T00:00:00Z"},
        {"q": "x"},
        {"iCalUID": "x"},
        {"privateExtendedProperty": "a=b"},
        {"sharedExtendedProperty": "a=b"},
        {"showDeleted": "false"},
    ],
)
def test_sync_token_goes_with_no_restriction(desk: Desk, extra: dict[str, str]) -> None:
    _, token = desk.all_events()
    answer = desk.events(syncToken=token, **extra)
    assert (answer.status, answer.reason) == (400, "syncTokenWithRequestRestrictions")
    assert answer.message == "Sync token cannot be used with other request restrictions."


def test_sync_token_goes_with_no_order(desk: Desk) -> None:
    _, token = desk.all_events()
    answer = desk.events(syncToken=token, orderBy="updated")
    assert (answer.status, answer.reason) == (400, "syncTokenWithNonDefaultOrdering")


@pytest.mark.parametrize("token", ["x", "Q1BEQWx2V0R4NzBDRVBEQWx2V0R4NzBDR0FVPQ==", "====", "é"])
def test_malformed_sync_token_is_400(desk: Desk, token: str) -> None:
    answer = desk.events(syncToken=token)
    assert (answer.status, answer.message) == (400, "Invalid sync token value.")


def test_sync_token_of_another_calendar_or_person_is_400(desk: Desk) -> None:
    _, token = desk.all_events()
    assert desk.events("alice-team@group.calendar.google.com", syncToken=token).status == 400
    assert desk.events(syncToken=token, user=BOB).status == 400


def test_expired_sync_token_is_410_and_the_calendars_beside_it_are_spared(desk: Desk) -> None:
    team = "alice-team@group.calendar.google.com"
    _, token = desk.all_events()
    _, other = desk.all_events(team)
    desk.control("expire-sync-tokens", {"calendar_id": PRIMARY})
    answer = desk.events(syncToken=token)
    assert (answer.status, answer.reason) == (410, "fullSyncRequired")
    assert desk.events(team, syncToken=other).status == 200
    _, fresh = desk.all_events()
    assert desk.events(syncToken=fresh).status == 200


def test_sync_token_of_an_earlier_life_of_the_emulator_is_410(desk: Desk) -> None:
    _, token = desk.all_events()
    desk.now += 60
    desk.control("reset", {})
    desk.forget_tokens()
    assert desk.events(syncToken=token).reason == "fullSyncRequired"


def test_changed_role_expires_sync_tokens(desk: Desk) -> None:
    _, token = desk.all_events()
    desk.control("seed", {"acl": {ALICE: [{"scope": {"type": "user", "value": BOB}, "role": "reader"}]}})
    assert desk.events(syncToken=token).reason == "fullSyncRequired"


def test_sync_token_of_another_form_of_listing_needs_a_full_sync(desk: Desk) -> None:
    _, token = desk.all_events()
    assert desk.events(syncToken=token, singleEvents="true").status == 410


@pytest.mark.parametrize(
    "query",
    [
        {"orderBy": "startTime", "singleEvents": "true"},
        {"q": "x"},
        {"iCalUID": "x"},
        {"updatedMin": "2026-11-10T00:00:00Z"},
    ],
)
def test_some_listings_end_without_a_sync_token(desk: Desk, query: dict[str, str]) -> None:
    assert "nextSyncToken" not in desk.events(**query).json


def test_window_is_open_at_both_ends(desk: Desk) -> None:
    desk.insert(**timed("2026-11-23", "10:00", "11:00"))
    window = {"timeMin": "2026-11-23T11:00:00+01:00", "timeMax": "2026-11-23T12:00:00+01:00"}
    assert desk.events(**window).json["items"] == []
    window["timeMin"] = "2026-11-23T10:59:59+01:00"
    assert len(desk.events(**window).json["items"]) == 1
    window |= {"timeMin": "2026-11-23T08:00:00+01:00", "timeMax": "2026-11-23T10:00:00+01:00"}
    assert desk.events(**window).json["items"] == []


def test_all_day_events_lie_on_days_of_the_calendars_zone(desk: Desk) -> None:
    desk.insert(start={"date": "2026-11-23"}, end={"date": "2026-11-24"})
    late = {"timeMin": "2026-11-23T22:30:00Z", "timeMax": "2026-11-24T05:00:00Z"}
    assert len(desk.events(**late).json["items"]) == 1
    later = {**late, "timeMin": "2026-11-23T23:00:00Z"}
    assert desk.events(**later).json["items"] == []


def test_series_is_in_a_window_if_any_instance_is(desk: Desk) -> None:
    desk.insert(recurrence=["RRULE:FREQ=WEEKLY"])
    inside = {"timeMin": "2027-03-01T00:00:00Z", "timeMax": "2027-03-02T12:00:00Z"}
    assert len(desk.events(**inside).json["items"]) == 1
    between = {"timeMin": "2027-03-02T00:00:00Z", "timeMax": "2027-03-03T12:00:00Z"}
    assert desk.events(**between).json["items"] == []


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"timeMin": "2026-01-02T00:00:00Z", "timeMax": "2026-01-01T00:00:00Z"}, "timeRangeEmpty"),
        ({"timeMin": "2026-01-01T00:00:00"}, "badRequest"),
        ({"timeMin": "yesterday"}, "badRequest"),
        ({"maxResults": "0"}, "invalidParameter"),
        ({"maxResults": "many"}, "invalidParameter"),
        ({"singleEvents": "perhaps"}, "invalidParameter"),
        ({"orderBy": "summary"}, "invalidParameter"),
        ({"eventTypes": "party"}, "invalidParameter"),
        ({"timeZone": "Mars/Base"}, "invalidParameter"),
        ({"orderBy": "startTime"}, "badRequest"),
        ({"fields": "items(id"}, "invalidParameter"),
    ],
)
def test_bad_parameters_are_refused(desk: Desk, query: dict[str, str], reason: str) -> None:
    answer = desk.events(**query)
    assert (answer.status, answer.reason) == (400, reason)


def test_too_old_updated_min_is_410(desk: Desk) -> None:
    answer = desk.events(updatedMin="2026-01-01T00:00:00Z")
    assert (answer.status, answer.reason) == (410, "updatedMinTooLongAgo")


def test_updated_min_includes_deleted_events(desk: Desk) -> None:
    desk.insert()
    desk.now += 10
    gone = desk.insert()["id"]
    desk.change("DELETE", gone)
    items = desk.events(updatedMin="2026-11-18T11:06:45Z").json["items"]
    assert ids(items) == [gone]


def test_page_size_is_250_unless_asked_and_never_above_2500(desk: Desk) -> None:
    many = [{**timed(), "id": f"event{n:05d}"} for n in range(2600)]
    desk.control("seed", {"events": {PRIMARY: many}})
    assert len(desk.events().json["items"]) == 250
    assert len(desk.events(maxResults=9999).json["items"]) == 2500


def test_empty_pages_come_on_demand_and_lose_nothing(desk: Desk) -> None:
    made = [desk.insert()["id"] for _ in range(3)]
    desk.control("empty-pages", {"calendar_id": PRIMARY, "count": 2})
    first = desk.events().json
    assert first["items"] == []
    assert "nextPageToken" in first
    second = desk.events(pageToken=first["nextPageToken"]).json
    assert second["items"] == []
    third = desk.events(pageToken=second["nextPageToken"]).json
    assert ids(third["items"]) == made
    assert "nextSyncToken" in third


def test_filters_by_text_property_type_and_uid(desk: Desk) -> None:
    found = desk.insert(summary="Zahnarzt", extendedProperties={"private": {"a": "1", "b": "2"}})
    desk.insert(summary="other", attendees=[{"email": "zahn@example.org"}])
    assert ids(desk.events(q="zahnARZT").json["items"]) == [found["id"]]
    assert len(desk.events(q="zahn").json["items"]) == 2
    assert ids(desk.events(privateExtendedProperty=["a=1", "b=2"]).json["items"]) == [found["id"]]
    assert desk.events(privateExtendedProperty=["a=1", "b=3"]).json["items"] == []
    assert ids(desk.events(iCalUID=found["iCalUID"]).json["items"]) == [found["id"]]
    assert desk.events(eventTypes="focusTime").json["items"] == []


def test_order_by_updated(desk: Desk) -> None:
    first, second = desk.insert()["id"], desk.insert()["id"]
    desk.now += 5
    desk.change("PATCH", first, {"summary": "x"})
    assert ids(desk.events(orderBy="updated").json["items"]) == [second, first]


def test_times_are_rendered_in_the_asked_zone_or_the_calendars(desk: Desk) -> None:
    desk.insert(
        start={"dateTime": "2026-11-23T10:00:00-05:00", "timeZone": "America/New_York"},
        end={"dateTime": "2026-11-23T11:00:00-05:00", "timeZone": "America/New_York"},
    )
    start = desk.events().json["items"][0]["start"]
    assert start == {"dateTime": "2026-11-23T16:00:00+01:00", "timeZone": "America/New_York"}
    start = desk.events(timeZone="UTC").json["items"][0]["start"]
    assert start == {"dateTime": "2026-11-23T15:00:00Z", "timeZone": "America/New_York"}


def test_max_attendees_leaves_only_the_own_entry(desk: Desk) -> None:
    desk.insert(attendees=[{"email": ALICE}, {"email": BOB}])
    (item,) = desk.events(maxAttendees=1).json["items"]
    assert [attendee["email"] for attendee in item["attendees"]] == [ALICE]
    assert item["attendeesOmitted"] is True
    assert "attendeesOmitted" not in desk.events(maxAttendees=2).json["items"][0]


def test_fields_narrow_the_answer_tokens_included(desk: Desk) -> None:
    desk.insert(summary="A")
    answer = desk.events(fields="items(summary,start/dateTime),nextSyncToken").json
    assert list(answer) == ["nextSyncToken", "items"]
    assert answer["items"] == [{"summary": "A", "start": {"dateTime": "2026-11-23T10:00:00+01:00"}}]
    assert list(desk.events(fields="items/id").json) == ["items"]


def test_pretty_and_compact_answers_say_the_same(desk: Desk) -> None:
    desk.insert(description='line\nbreak "quoted" 🎉')
    desk.insert()
    pretty, compact = desk.events(), desk.events(prettyPrint="false")
    assert pretty.json == compact.json
    assert b"\n" not in compact.response.body
    assert pretty.response.body == json.dumps(pretty.json, indent=1, ensure_ascii=False).encode()
    empty = desk.events("alice-team@group.calendar.google.com")
    assert empty.response.body == json.dumps(empty.json, indent=1, ensure_ascii=False).encode()


def test_free_busy_reader_gets_instances_in_a_reduced_shape(desk: Desk) -> None:
    rule = {"scope": {"type": "user", "value": BOB}, "role": "freeBusyReader"}
    desk.control("seed", {"acl": {ALICE: [rule]}})
    desk.insert(summary="secret", recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    page = desk.events(ALICE, user=BOB).json
    assert (page["accessRole"], len(page["items"])) == ("freeBusyReader", 3)
    assert list(page["items"][0]) == [
        "kind", "etag", "id", "status", "htmlLink", "updated", "start", "end", "recurringEventId",
        "originalStartTime", "visibility", "iCalUID",
    ]  # fmt: skip
    assert page["defaultReminders"] == []


def test_reader_sees_details_except_of_private_events(desk: Desk) -> None:
    desk.control("seed", {"acl": {ALICE: [{"scope": {"type": "default"}, "role": "reader"}]}})
    desk.insert(summary="open")
    desk.insert(summary="closed", visibility="private")
    items = desk.events(ALICE, user=BOB).json["items"]
    assert [item.get("summary") for item in items] == ["open", None]


def test_calendar_nobody_shared_is_not_found(desk: Desk) -> None:
    answer = desk.events(ALICE, user=BOB)
    assert (answer.status, answer.reason) == (404, "notFound")


def test_collection_etag_answers_304_until_something_changes(desk: Desk) -> None:
    etag = desk.events().json["etag"]
    assert desk.events(headers={"If-None-Match": etag}).status == 304
    desk.insert()
    assert desk.events(headers={"If-None-Match": etag}).status == 200


def test_lone_surrogates_survive_as_escapes(desk: Desk) -> None:
    desk.insert(summary="\ud800 broken")
    for pretty in ("true", "false"):
        answer = desk.events(prettyPrint=pretty)
        assert answer.json["items"][0]["summary"] == "\ud800 broken"


def test_start_of_the_world_is_in_2026() -> None:
    assert Desk().google.now() == START
