import json
from urllib.parse import parse_qs, urlsplit

import pytest

from calferry.google import (
    CalendarListGet,
    CalendarListList,
    CalendarListWatch,
    ChannelStop,
    EventDelete,
    EventGet,
    EventInsert,
    EventInstances,
    EventPatch,
    EventsList,
    EventsWatch,
    EventUpdate,
)
from calferry.google.calls import Call


def query_of(call: Call) -> dict[str, list[str]]:
    return parse_qs(urlsplit(call.target()).query, strict_parsing=True, keep_blank_values=True)


def test_a_plain_events_list_asks_for_large_compact_pages_with_deletions() -> None:
    call = EventsList(calendar_id="primary").call()
    assert (call.method, call.path, call.body) == ("GET", "/calendars/primary/events", None)
    assert query_of(call) == {"prettyPrint": ["false"], "maxResults": ["2500"], "showDeleted": ["true"]}


def test_every_parameter_goes_out_under_googles_name() -> None:
    request = EventsList(
        calendar_id="c",
        single_events=True,
        show_deleted=False,
        show_hidden_invitations=True,
        max_results=250,
        time_min="2026-01-01T00:00:00+01:00",
        time_max="2027-01-01T00:00:00Z",
        updated_min="2026-06-01T00:00:00Z",
        order_by="startTime",
        q="a & b",
        i_cal_uid="x@google.com",
        event_types=("default", "focusTime"),
        private_extended_property=("a=b", "c=d"),
        shared_extended_property=("e=f",),
        time_zone="Europe/Berlin",
        max_attendees=5,
        page_token="p/+=",
    )
    assert query_of(request.call()) == {
        "prettyPrint": ["false"],
        "singleEvents": ["true"],
        "showHiddenInvitations": ["true"],
        "maxResults": ["250"],
        "timeMin": ["2026-01-01T00:00:00+01:00"],
        "timeMax": ["2027-01-01T00:00:00Z"],
        "updatedMin": ["2026-06-01T00:00:00Z"],
        "orderBy": ["startTime"],
        "q": ["a & b"],
        "iCalUID": ["x@google.com"],
        "eventTypes": ["default", "focusTime"],
        "privateExtendedProperty": ["a=b", "c=d"],
        "sharedExtendedProperty": ["e=f"],
        "timeZone": ["Europe/Berlin"],
        "maxAttendees": ["5"],
        "pageToken": ["p/+="],
    }


@pytest.mark.parametrize(
    ("calendar_id", "path"),
    [
        ("a@group.calendar.google.com", "/calendars/a%40group.calendar.google.com/events"),
        ("en.usa#holiday@group.v.calendar.google.com", "/calendars/en.usa%23holiday%40group.v.calendar.google.com/events"),
        ("a/b?c", "/calendars/a%2Fb%3Fc/events"),
        ("ü", "/calendars/%C3%BC/events"),
    ],
)  # fmt: skip
def test_ids_cannot_leave_their_place_in_the_path(calendar_id, path) -> None:
    assert EventsList(calendar_id=calendar_id).call().path == path


@pytest.mark.parametrize("calendar_id", ["", ".", ".."])
def test_an_id_that_would_change_the_path_is_refused(calendar_id) -> None:
    for make in (EventsList, CalendarListGet):
        with pytest.raises(ValueError, match="calendar_id"):
            make(calendar_id=calendar_id)
    with pytest.raises(ValueError, match="event_id"):
        EventGet(calendar_id="c", event_id=calendar_id)


@pytest.mark.parametrize("size", [0, -1, 2501])
def test_a_page_size_google_would_not_honour_is_refused(size) -> None:
    with pytest.raises(ValueError, match="max_results"):
        EventsList(calendar_id="c", max_results=size)


FORBIDDEN = {
    "time_min": "2026-01-01T00:00:00Z",
    "time_max": "2026-01-01T00:00:00Z",
    "updated_min": "2026-01-01T00:00:00Z",
    "order_by": "updated",
    "q": "x",
    "i_cal_uid": "x",
    "private_extended_property": ("a=b",),
    "shared_extended_property": ("a=b",),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_google_forbids_with_a_sync_token_is_refused_here(name) -> None:
    with pytest.raises(ValueError, match=name):
        EventsList.from_json(json.dumps({"method": "events.list", "calendar_id": "c", "sync_token": "s", name: FORBIDDEN[name]}))  # fmt: skip


def test_an_incremental_request_keeps_what_must_be_repeated_and_drops_what_is_forbidden() -> None:
    first = EventsList(
        calendar_id="c",
        single_events=True,
        max_results=250,
        time_zone="UTC",
        event_types=("default",),
        page_token="p",
        **FORBIDDEN,
    )
    assert first.incremental("s") == EventsList(
        calendar_id="c",
        single_events=True,
        max_results=250,
        time_zone="UTC",
        event_types=("default",),
        sync_token="s",
    )


def test_a_page_of_an_incremental_listing_repeats_the_sync_token() -> None:
    query = query_of(EventsList(calendar_id="c").incremental("s").page("p").call())
    assert (query["syncToken"], query["pageToken"]) == (["s"], ["p"])


def test_a_request_survives_storage_with_its_page_token() -> None:
    request = EventsList(calendar_id="c", event_types=("default",), time_min="2026-01-01T00:00:00Z").page("p")
    assert EventsList.from_json(request.to_json()) == request
    shared = CalendarListList().incremental("s").page("p")
    assert CalendarListList.from_json(shared.to_json()) == shared


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "{}",
        '{"method":"events.list"}',
        '{"method":"events.list","calendar_id":7}',
        '{"method":"events.list","calendar_id":"c","new_parameter":1}',
        '{"method":"calendarList.list"}',
        '{"method":"events.list","calendar_id":"c","max_results":0}',
    ],
)
def test_a_stored_request_that_is_not_ours_is_refused(text) -> None:
    with pytest.raises(ValueError, match=r".+"):
        EventsList.from_json(text)


def test_a_fingerprint_names_everything_but_the_page() -> None:
    request = EventsList(calendar_id="c")
    assert (
        request.fingerprint() == request.page("p").fingerprint() == EventsList(calendar_id="c").fingerprint()
    )
    others = [
        EventsList(calendar_id="d"),
        request.incremental("s"),
        request.incremental("t"),
        EventsList(calendar_id="c", single_events=True),
        EventsList(calendar_id="c", max_results=250),
        EventsList(calendar_id="c", show_deleted=False),
        EventsList(calendar_id="c", time_min="2026-01-01T00:00:00Z"),
        EventsList(calendar_id="c", time_max="2026-01-01T00:00:00Z"),
        EventsList(calendar_id="c", event_types=("default",)),
    ]
    assert len({request.fingerprint(), *(other.fingerprint() for other in others)}) == len(others) + 1


@pytest.mark.parametrize("name", FORBIDDEN)
def test_only_a_plain_listing_earns_a_sync_token(name) -> None:
    assert EventsList(calendar_id="c").earns_sync_token
    assert EventsList(calendar_id="c").incremental("s").earns_sync_token
    request = EventsList(calendar_id="c", **{name: FORBIDDEN[name]})
    assert request.earns_sync_token is (name in ("time_min", "time_max"))


def test_the_calendar_list_asks_for_hidden_and_deleted_entries() -> None:
    query = query_of(CalendarListList().call())
    assert (query["showDeleted"], query["showHidden"], query["maxResults"]) == (["true"], ["true"], ["250"])
    with pytest.raises(ValueError, match="min_access_role"):
        CalendarListList(sync_token="s", min_access_role="owner")


READS = [
    (CalendarListGet(calendar_id="primary"), "GET", "/users/me/calendarList/primary"),
    (EventGet(calendar_id="c", event_id="e_20260101"), "GET", "/calendars/c/events/e_20260101"),
    (EventInstances(calendar_id="c", event_id="e"), "GET", "/calendars/c/events/e/instances"),
    (EventsWatch(calendar_id="c", channel_id="x", address="https://a"), "POST", "/calendars/c/events/watch"),
    (CalendarListWatch(channel_id="x", address="https://a"), "POST", "/users/me/calendarList/watch"),
    (ChannelStop(channel_id="x", resource_id="r"), "POST", "/channels/stop"),
    (EventInsert(calendar_id="c", event=b"{}"), "POST", "/calendars/c/events"),
    (EventUpdate(calendar_id="c", event_id="e", event=b"{}"), "PUT", "/calendars/c/events/e"),
    (EventPatch(calendar_id="c", event_id="e", event=b"{}"), "PATCH", "/calendars/c/events/e"),
    (EventDelete(calendar_id="c", event_id="e"), "DELETE", "/calendars/c/events/e"),
]


@pytest.mark.parametrize(("request_value", "method", "path"), READS, ids=lambda value: type(value).__name__)
def test_each_method_has_googles_verb_and_path(request_value, method, path) -> None:
    call = request_value.call()
    assert (call.method, call.path) == (method, path)
    assert query_of(call)["prettyPrint"] == ["false"]
    assert "fields" not in query_of(call)


def test_instances_are_asked_page_by_page() -> None:
    request = EventInstances(
        calendar_id="c", event_id="e", original_start="2026-01-01", time_min="a", time_max="b"
    )
    query = query_of(request.page("p").call())
    assert (query["originalStart"], query["pageToken"], query["timeMin"]) == (["2026-01-01"], ["p"], ["a"])


def test_a_watch_asks_for_a_week_with_a_token() -> None:
    watch = EventsWatch(calendar_id="c", channel_id="chan", address="https://a/hook", token="s3cret")
    assert json.loads(watch.call().body or b"") == {
        "id": "chan",
        "type": "web_hook",
        "address": "https://a/hook",
        "token": "s3cret",
        "params": {"ttl": "604800"},
    }
    assert "s3cret" not in repr(watch) + repr(watch.call())
    assert not watch.call().is_repeatable


@pytest.mark.parametrize(("channel_id", "token"), [("", None), ("x" * 65, None), ("x", "t" * 257)])
def test_a_channel_google_would_refuse_is_refused_here(channel_id, token) -> None:
    with pytest.raises(ValueError, match="characters"):
        CalendarListWatch(channel_id=channel_id, address="https://a", token=token).call()


def test_a_stop_names_channel_and_resource_and_may_be_repeated() -> None:
    call = ChannelStop(channel_id="x", resource_id="r").call()
    assert json.loads(call.body or b"") == {"id": "x", "resourceId": "r"}
    assert call.is_repeatable


def test_nobody_is_notified_unless_it_is_asked_for() -> None:
    for request in (
        EventInsert(calendar_id="c", event={}),
        EventUpdate(calendar_id="c", event_id="e", event={}),
        EventPatch(calendar_id="c", event_id="e", event={}),
        EventDelete(calendar_id="c", event_id="e"),
    ):
        assert query_of(request.call())["sendUpdates"] == ["none"]
    everyone = EventDelete(calendar_id="c", event_id="e", send_updates="all").call()
    assert query_of(everyone)["sendUpdates"] == ["all"]
    with pytest.raises(ValueError, match="send_updates"):
        EventDelete(calendar_id="c", event_id="e", send_updates="some")


def test_a_write_carries_its_etag_and_its_json_untouched() -> None:
    sent = b'{ "summary" : "as typed" }'
    patch = EventPatch(
        calendar_id="c",
        event_id="e",
        event=sent,
        if_match='"7"',
        conference_data_version=1,
        supports_attachments=True,
        max_attendees=3,
    ).call()
    assert (patch.body, patch.if_match, patch.units, patch.is_repeatable) == (sent, '"7"', 3, False)
    assert query_of(patch)["conferenceDataVersion"] == ["1"]
    assert query_of(patch)["supportsAttachments"] == ["true"]
    assert query_of(patch)["maxAttendees"] == ["3"]
    assert EventInsert(calendar_id="c", event={"summary": "ü"}).call().body == '{"summary":"ü"}'.encode()
    assert EventDelete(calendar_id="c", event_id="e", if_match="*").call().if_match == "*"
