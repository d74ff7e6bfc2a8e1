"""Series, instances and exceptions, as events.list and events.instances tell of them."""

from typing import Any

import pytest

from calferry.emulator.world import shelf
from tests.unit.emulator.desk import Desk, timed

WINDOW = {"timeMin": "2026-11-01T00:00:00Z", "timeMax": "2027-02-01T00:00:00Z"}


def weekly(desk: Desk, rule: str = "RRULE:FREQ=WEEKLY;COUNT=4") -> str:
    return str(desk.insert(summary="Weekly", recurrence=[rule])["id"])


def series_instances(desk: Desk, event_id: str, **query: Any) -> Any:
    return desk.api("GET", f"calendars/primary/events/{event_id}/instances", **query)


def expanded(desk: Desk, **query: Any) -> list[Any]:
    items, _ = desk.all_events(singleEvents="true", **query)
    return sorted(items, key=lambda item: str(item["id"]))


def test_instance_ids_carry_the_original_start_in_utc(desk: Desk) -> None:
    series = weekly(desk)
    found = [item["id"] for item in expanded(desk)]
    assert found == [f"{series}_202611{day}T090000Z" for day in ("23", "30")] + [
        f"{series}_202612{day}T090000Z" for day in ("07", "14")
    ]


def test_all_day_instance_ids_carry_the_date(desk: Desk) -> None:
    event = desk.insert(
        start={"date": "2026-11-23"}, end={"date": "2026-11-25"}, recurrence=["RRULE:FREQ=DAILY;COUNT=2"]
    )
    items = expanded(desk)
    assert [item["id"] for item in items] == [f"{event['id']}_20261123", f"{event['id']}_20261124"]
    assert items[1]["end"] == {"date": "2026-11-26"}


def test_instances_keep_wall_clock_time_across_a_zone_change(desk: Desk) -> None:
    desk.insert(**timed("2026-03-26"), recurrence=["RRULE:FREQ=WEEKLY;COUNT=2"])
    assert [item["start"]["dateTime"] for item in expanded(desk)] == [
        "2026-03-26T10:00:00+01:00",
        "2026-04-02T10:00:00+02:00",
    ]


def test_instances_keep_their_exact_length_across_a_zone_change(desk: Desk) -> None:
    """RFC 5545, section 3.8.5.3: `the same exact duration will apply to all the members`."""
    zone = "Europe/Berlin"
    night = {"start": {"dateTime": "2026-03-27T22:00:00", "timeZone": zone}}
    night["end"] = {"dateTime": "2026-03-28T06:00:00", "timeZone": zone}
    desk.insert(**night, recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    assert [(item["start"]["dateTime"], item["end"]["dateTime"]) for item in expanded(desk)] == [
        ("2026-03-27T22:00:00+01:00", "2026-03-28T06:00:00+01:00"),
        ("2026-03-28T22:00:00+01:00", "2026-03-29T07:00:00+02:00"),
        ("2026-03-29T22:00:00+02:00", "2026-03-30T06:00:00+02:00"),
    ]


def test_an_instance_in_a_skipped_hour_starts_after_it_and_keeps_its_length(desk: Desk) -> None:
    desk.insert(**timed("2026-03-28", "02:45", "03:15"), recurrence=["RRULE:FREQ=DAILY;COUNT=2"])
    skipped = expanded(desk)[1]
    assert skipped["start"]["dateTime"] == "2026-03-29T03:45:00+02:00"
    assert skipped["end"]["dateTime"] == "2026-03-29T04:15:00+02:00"
    assert skipped["id"].endswith("_20260329T014500Z")


def test_instance_of_an_unchanged_series_can_be_read_and_a_wrong_one_not(desk: Desk) -> None:
    series = weekly(desk)
    instance = desk.change("GET", f"{series}_20261130T090000Z").json
    assert instance["recurringEventId"] == series
    assert instance["originalStartTime"] == instance["start"]
    assert "recurrence" not in instance
    for wrong in ("20261130T090001Z", "20261201T090000Z", "20261221T090000Z", "20261130t090000z"):
        assert desk.change("GET", f"{series}_{wrong}").status == 404


def test_patching_an_instance_makes_an_exception_that_keeps_its_id(desk: Desk) -> None:
    series = weekly(desk)
    _, token = desk.all_events()
    target = f"{series}_20261130T090000Z"
    moved = timed("2026-12-02", "12:00", "13:00")
    desk.change("PATCH", target, {"start": moved["start"], "end": moved["end"]})
    (exception,), _ = desk.all_events(syncToken=token)
    assert exception["id"] == target
    assert exception["originalStartTime"]["dateTime"] == "2026-11-30T10:00:00+01:00"
    assert exception["start"]["dateTime"] == "2026-12-02T12:00:00+01:00"
    assert "recurrence" not in exception
    assert [item["id"] for item in desk.all_events()[0]] == [series, target]
    assert len(expanded(desk)) == 4


def test_cancelled_instance_is_a_sparse_stub_even_without_show_deleted(desk: Desk) -> None:
    series = weekly(desk)
    desk.change("DELETE", f"{series}_20261130T090000Z")
    items, _ = desk.all_events()
    (stub,) = [item for item in items if item["status"] == "cancelled"]
    assert list(stub) == ["kind", "etag", "id", "status", "recurringEventId", "originalStartTime"]
    assert len(expanded(desk)) == 3
    assert len(expanded(desk, showDeleted="true")) == 4


def test_put_with_status_cancelled_cancels_an_instance(desk: Desk) -> None:
    series = weekly(desk)
    target = f"{series}_20261130T090000Z"
    body = {**timed("2026-11-30"), "status": "cancelled"}
    assert desk.change("PUT", target, body).json["status"] == "cancelled"
    assert desk.change("DELETE", target).reason == "deleted"


def test_editing_the_master_shows_only_the_master(desk: Desk) -> None:
    series = weekly(desk)
    desk.change("PATCH", f"{series}_20261130T090000Z", {"summary": "own"})
    _, token = desk.all_events()
    desk.change("PATCH", series, {"summary": "new"})
    items, _ = desk.all_events(syncToken=token)
    assert [item["id"] for item in items] == [series]
    assert {item["summary"] for item in expanded(desk)} == {"new", "own"}


def test_deleting_the_master_is_one_stub_and_takes_its_exceptions_along(desk: Desk) -> None:
    series = weekly(desk)
    exception = f"{series}_20261130T090000Z"
    desk.change("PATCH", exception, {"summary": "own"})
    _, token = desk.all_events()
    desk.change("DELETE", series)
    delta, _ = desk.all_events(syncToken=token)
    assert [item["id"] for item in delta] == [series]
    assert desk.all_events()[0] == []
    assert {item["status"] for item in desk.all_events(showDeleted="true")[0]} == {"cancelled"}
    assert desk.change("GET", exception).json["status"] == "cancelled"
    assert desk.change("DELETE", exception).status == 410
    assert series_instances(desk, series).reason == "deleted"


def test_undeleted_master_brings_its_exceptions_back_and_deltas_tell_them(desk: Desk) -> None:
    series = weekly(desk)
    changed, cancelled = f"{series}_20261130T090000Z", f"{series}_20261207T090000Z"
    desk.change("PATCH", changed, {"summary": "own"})
    desk.change("DELETE", cancelled)
    desk.change("DELETE", series)
    _, token = desk.all_events()
    gone = desk.change("GET", changed).json["etag"]
    desk.change("PATCH", series, {"status": "confirmed"})
    delta, _ = desk.all_events(syncToken=token)
    assert {item["id"]: item["status"] for item in delta} == {
        series: "confirmed", changed: "confirmed", cancelled: "cancelled",
    }  # fmt: skip
    assert desk.change("GET", changed).json["etag"] != gone
    assert [item["summary"] for item in expanded(desk)].count("own") == 1
    assert len(expanded(desk)) == 3


def test_changed_rule_drops_exceptions_it_no_longer_has_without_a_tombstone(desk: Desk) -> None:
    series = weekly(desk)
    kept, lost = f"{series}_20261123T090000Z", f"{series}_20261214T090000Z"
    desk.change("PATCH", kept, {"summary": "kept"})
    desk.change("PATCH", lost, {"summary": "lost"})
    _, token = desk.all_events()
    desk.change("PATCH", series, {"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=2"]})
    delta, _ = desk.all_events(syncToken=token)
    assert [item["id"] for item in delta] == [series]
    assert {item["id"] for item in desk.all_events()[0]} == {series, kept}
    assert desk.change("GET", lost).status == 404


def test_expanded_delta_cancels_instances_that_a_rule_lost(desk: Desk) -> None:
    series = weekly(desk)
    _, token = desk.all_events(singleEvents="true")
    desk.change("PATCH", series, {"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=2"]})
    delta, _ = desk.all_events(singleEvents="true", syncToken=token)
    states = {item["id"][-16:]: item["status"] for item in delta}
    assert states == {
        "20261123T090000Z": "confirmed",
        "20261130T090000Z": "confirmed",
        "20261207T090000Z": "cancelled",
        "20261214T090000Z": "cancelled",
    }


def test_expanded_delta_tells_a_lost_instance_only_to_those_who_knew_it(desk: Desk) -> None:
    series = weekly(desk)
    _, oldest = desk.all_events(singleEvents="true")
    desk.change("PATCH", series, {"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=2"]})
    _, older = desk.all_events(singleEvents="true", syncToken=oldest)
    desk.change("PATCH", series, {"summary": "renamed"})
    assert len(desk.all_events(singleEvents="true", syncToken=older)[0]) == 2
    assert len(desk.all_events(singleEvents="true", syncToken=oldest)[0]) == 4


def test_expanded_delta_tells_of_an_instance_once_that_was_cancelled_before_its_series(desk: Desk) -> None:
    series = weekly(desk)
    _, token = desk.all_events(singleEvents="true")
    desk.change("DELETE", f"{series}_20261130T090000Z")
    desk.change("DELETE", series)
    delta, _ = desk.all_events(singleEvents="true", syncToken=token)
    assert len(delta) == len({item["id"] for item in delta}) == 4
    assert {item["status"] for item in delta} == {"cancelled"}


def test_expanded_delta_of_a_deleted_series_tells_half_a_year_ahead(desk: Desk) -> None:
    series = weekly(desk, "RRULE:FREQ=WEEKLY")
    full, token = desk.all_events(singleEvents="true", maxResults=2500)
    assert len(full) == 730
    desk.change("DELETE", series)
    delta, _ = desk.all_events(singleEvents="true", syncToken=token)
    assert {item["status"] for item in delta} == {"cancelled"}
    assert 20 < len(delta) < 30


def test_expanded_delta_ignores_the_window_of_the_first_listing(desk: Desk) -> None:
    series = weekly(desk, "RRULE:FREQ=WEEKLY")
    items, token = desk.all_events(singleEvents="true", **WINDOW)
    assert len(items) == 10
    desk.change("PATCH", series, {"summary": "touched"})
    delta, _ = desk.all_events(singleEvents="true", syncToken=token, maxResults=2500)
    assert len(delta) == 730


def test_expanded_listing_is_ordered_by_start_and_holds_moved_exceptions(desk: Desk) -> None:
    series = weekly(desk)
    moved = timed("2026-12-20", "08:00", "09:00")
    desk.change("PATCH", f"{series}_20261123T090000Z", {"start": moved["start"], "end": moved["end"]})
    items = desk.events(singleEvents="true", orderBy="startTime", **WINDOW).json["items"]
    assert [item["start"]["dateTime"][:10] for item in items] == [
        "2026-11-30", "2026-12-07", "2026-12-14", "2026-12-20",
    ]  # fmt: skip
    until = {**WINDOW, "timeMax": "2026-11-25T00:00:00Z"}
    assert desk.events(singleEvents="true", **until).json["items"] == []


def test_instances_lists_one_series_with_an_inclusive_start(desk: Desk) -> None:
    series = weekly(desk)
    weekly(desk)
    assert len(series_instances(desk, series).json["items"]) == 4
    late = series_instances(desk, series, timeMin="2026-11-30T11:00:00+01:00").json["items"]
    assert len(late) == 3
    original = series_instances(desk, series, originalStart="2026-12-07T10:00:00+01:00").json["items"]
    assert [item["id"] for item in original] == [f"{series}_20261207T090000Z"]


def test_instances_of_an_instance_are_that_instance(desk: Desk) -> None:
    series = weekly(desk)
    target = f"{series}_20261207T090000Z"
    assert [item["id"] for item in series_instances(desk, target).json["items"]] == [target]
    desk.change("DELETE", target)
    assert series_instances(desk, target).json["items"] == []


def test_split_is_two_writes(desk: Desk) -> None:
    series = weekly(desk, "RRULE:FREQ=WEEKLY")
    desk.change("PATCH", series, {"recurrence": ["RRULE:FREQ=WEEKLY;UNTIL=20261206T225959Z"]})
    tail = desk.insert(**timed("2026-12-07"), recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"])["id"]
    parents = [item["recurringEventId"] for item in expanded(desk, **WINDOW)]
    assert sorted(parents) == sorted([series] * 2 + [tail] * 3)


def test_instance_removed_by_exdate_leaves_no_cancelled_item(desk: Desk) -> None:
    series = weekly(desk)
    rule = ["RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE;TZID=Europe/Berlin:20261130T100000"]
    desk.change("PATCH", series, {"recurrence": rule})
    assert [item["status"] for item in desk.all_events()[0]] == ["confirmed"]
    assert len(expanded(desk)) == 3


def test_master_without_recurrence_becomes_a_single_event(desk: Desk) -> None:
    series = weekly(desk)
    _, token = desk.all_events(singleEvents="true")
    desk.change("PATCH", series, {"recurrence": None})
    assert [item["id"] for item in expanded(desk)] == [series]
    delta, _ = desk.all_events(singleEvents="true", syncToken=token)
    assert sorted(item["status"] for item in delta) == ["cancelled"] * 4 + ["confirmed"]


def states_since(desk: Desk, token: str | None) -> dict[str, str]:
    delta, _ = desk.all_events(singleEvents="true", syncToken=token)
    return {item["id"]: item["status"] for item in delta}


def test_single_event_that_becomes_a_series_is_gone_from_expanded_deltas(desk: Desk) -> None:
    single = desk.insert()["id"]
    _, early = desk.all_events(singleEvents="true")
    desk.change("PATCH", single, {"recurrence": ["RRULE:FREQ=DAILY;COUNT=2"]})
    first, second = (f"{single}_202611{day}T090000Z" for day in (23, 24))
    assert states_since(desk, early) == {single: "cancelled", first: "confirmed", second: "confirmed"}
    _, late = desk.all_events(singleEvents="true")
    desk.change("PATCH", single, {"summary": "again"})
    assert states_since(desk, late) == {first: "confirmed", second: "confirmed"}
    desk.change("DELETE", single)
    assert states_since(desk, early) == {single: "cancelled", first: "cancelled", second: "cancelled"}
    desk.change("PATCH", single, {"status": "confirmed", "recurrence": None})
    assert states_since(desk, early) == {single: "confirmed", first: "cancelled", second: "cancelled"}


def test_single_event_that_was_deleted_and_came_back_as_a_series_is_gone_from_expanded_deltas(
    desk: Desk,
) -> None:
    single = desk.insert()["id"]
    _, token = desk.all_events(singleEvents="true")
    desk.change("DELETE", single)
    desk.change("PATCH", single, {"status": "confirmed", "recurrence": ["RRULE:FREQ=DAILY;COUNT=1"]})
    assert states_since(desk, token) == {single: "cancelled", f"{single}_20261123T090000Z": "confirmed"}


def test_later_page_of_an_expanded_listing_shows_no_series(desk: Desk) -> None:
    desk.insert()
    single = desk.insert()["id"]
    page = desk.events(singleEvents="true", maxResults=1).json
    desk.change("PATCH", single, {"recurrence": ["RRULE:FREQ=DAILY;COUNT=2"]})
    last = desk.events(singleEvents="true", maxResults=1, pageToken=page["nextPageToken"]).json
    assert last["items"] == []
    assert states_since(desk, last["nextSyncToken"])[single] == "cancelled"


def test_expanded_delta_is_refused_rather_than_told_without_lost_instances(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "HISTORY_LENGTH", 3)
    series = weekly(desk)
    tokens = [(desk.all_events(singleEvents="true")[1], desk.all_events()[1])]
    for day in range(24, 28):
        moved = timed(f"2026-11-{day}")
        desk.change("PATCH", series, {"start": moved["start"], "end": moved["end"]})
        tokens.append((desk.all_events(singleEvents="true")[1], desk.all_events()[1]))
    statuses = [desk.events(singleEvents="true", syncToken=expanded).status for expanded, _ in tokens]
    assert statuses == [410, 200, 200, 200, 200]
    desk.control("restore", desk.control("snapshot", {}))
    assert desk.events(singleEvents="true", syncToken=tokens[0][0]).reason == "fullSyncRequired"
    assert desk.events(syncToken=tokens[0][1]).status == 200
    lost = [state for state in states_since(desk, tokens[1][0]).values() if state == "cancelled"]
    assert len(lost) == 12


def test_later_page_shows_no_exception_live_that_was_gone_when_the_listing_began(desk: Desk) -> None:
    lunch, series = desk.insert(summary="Lunch")["id"], weekly(desk)
    target = f"{series}_20261130T090000Z"
    desk.change("PATCH", target, {"summary": "own"})
    desk.change("DELETE", series)
    first = desk.events(maxResults=1, showDeleted="true").json
    desk.change("PATCH", series, {"status": "confirmed"})
    moved = timed("2026-11-24")
    desk.change("PATCH", series, {"start": moved["start"], "end": moved["end"]})
    page, shown = first, {item["id"]: item["status"] for item in first["items"]}
    while "nextPageToken" in page:
        page = desk.events(maxResults=1, showDeleted="true", pageToken=page["nextPageToken"]).json
        shown |= {item["id"]: item["status"] for item in page["items"]}
    assert shown == {lunch: "confirmed", series: "confirmed", target: "cancelled"}
