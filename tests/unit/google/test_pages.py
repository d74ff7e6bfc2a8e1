import gc
import json

import msgspec
import pytest

from calferry.google import (
    ObservedItem,
    ProtocolViolation,
    UnreadableItem,
    next_page_token_early,
    read_event,
    read_events_page,
)
from tests.unit.google.fakes import events_body

TIMED = {
    "kind": "calendar#event",
    "etag": '"3456154005934000"',
    "id": "abc",
    "status": "tentative",
    "updated": "2026-03-01T09:00:00.123Z",
    "summary": "Grüße 🎂",
    "start": {"dateTime": "2026-03-01T10:00:00+01:00", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2026-03-01T11:00:00+01:00", "timeZone": "Europe/Berlin"},
    "iCalUID": "abc@google.com",
    "sequence": 2,
    "eventType": "default",
}


def one(item: object) -> ObservedItem:
    page = read_events_page(events_body([item], nextSyncToken="s"))
    assert page.unreadable == []
    return page.items[0]


def bad(item: object) -> UnreadableItem:
    page = read_events_page(events_body([TIMED, item, TIMED], nextSyncToken="s"))
    assert [kept.event_id for kept in page.items] == ["abc", "abc"]
    return page.unreadable[0]


def test_a_timed_event_is_observed_with_its_json_as_sent() -> None:
    raw = json.dumps(TIMED, ensure_ascii=False, indent=1).encode()
    assert one(raw) == ObservedItem(
        event_id="abc",
        status="tentative",
        etag='"3456154005934000"',
        updated_ms=1_772_355_600_123,
        start_ms=1_772_355_600_000,
        end_ms=1_772_359_200_000,
        start_date=None,
        end_date=None,
        time_zone="Europe/Berlin",
        series_id=None,
        original_start=None,
        i_cal_uid="abc@google.com",
        event_type="default",
        sequence=2,
        is_recurring=False,
        has_odd_times=False,
        view=msgspec.Raw(raw),
    )


def test_an_all_day_event_stays_a_date() -> None:
    item = one({"id": "a", "start": {"date": "2026-03-01"}, "end": {"date": "2026-03-02"}})
    assert (item.start_date, item.end_date) == ("2026-03-01", "2026-03-02")
    assert (item.start_ms, item.end_ms, item.has_odd_times) == (None, None, False)


@pytest.mark.parametrize(
    ("recurrence", "is_recurring"), [(["RRULE:FREQ=DAILY"], True), ([], False), (None, False)]
)
def test_a_series_is_known_by_its_recurrence(recurrence, is_recurring) -> None:
    assert one({"id": "a", "recurrence": recurrence}).is_recurring is is_recurring


@pytest.mark.parametrize(
    ("original", "key"),
    [
        ({"dateTime": "2026-03-01T10:00:00+01:00", "timeZone": "Europe/Berlin"}, "20260301T090000Z"),
        ({"dateTime": "2026-03-01T09:00:00Z"}, "20260301T090000Z"),
        ({"dateTime": "2026-03-01T10:00:00", "timeZone": "Europe/Berlin"}, "20260301T090000Z"),
        ({"date": "2026-03-01"}, "20260301"),
    ],
)
def test_the_original_start_is_canonical_however_it_is_written(original, key) -> None:
    item = one({"id": "x", "recurringEventId": "abc", "originalStartTime": original})
    assert (item.series_id, item.original_start) == ("abc", key)


def test_a_cancelled_stub_of_three_fields_is_an_exception() -> None:
    item = one(
        {
            "id": "abc_20260301T090000Z",
            "status": "cancelled",
            "recurringEventId": "abc",
            "originalStartTime": {"dateTime": "2026-03-01T10:00:00+01:00"},
        }
    )
    assert item.is_cancelled
    assert (item.series_id, item.original_start, item.etag) == ("abc", "20260301T090000Z", None)


@pytest.mark.parametrize(
    ("event_id", "series_id", "key"),
    [
        ("abc_20260301T090000Z", "abc", "20260301T090000Z"),
        ("abc_20260301", "abc", "20260301"),
        ("abc", None, None),
    ],
)
def test_a_stub_with_nothing_but_an_id_is_placed_by_it(event_id, series_id, key) -> None:
    item = one({"id": event_id, "status": "cancelled"})
    assert (item.series_id, item.original_start) == (series_id, key)


def test_an_id_that_looks_like_an_instance_means_nothing_on_a_live_event() -> None:
    assert one({"id": "abc_20260301", "status": "confirmed"}).series_id is None


def test_a_stated_series_wins_over_the_one_in_the_id() -> None:
    item = one({"id": "abc_20260301", "status": "cancelled", "recurringEventId": "abc_R20260101"})
    assert (item.series_id, item.original_start) == ("abc_R20260101", "20260301")


ODD_TIMES = [
    {"dateTime": "9999-12-31T23:00:00-05:00"},
    {"dateTime": "0000-01-01T00:00:00Z"},
    {"dateTime": "2026-01-01T24:00:00Z"},
    {"dateTime": "2026-06-30T23:59:60Z"},
    {"dateTime": "2026-01-01T10:00:00Z", "date": "2026-01-01"},
    {"dateTime": "2026-01-01T10:00:00"},
    {"dateTime": "2026-01-01T10:00:00", "timeZone": "Mars/Olympus"},
    {"dateTime": "soon"},
    {"date": "2026-02-30"},
    {"date": "9999-12-31"},
    {"date": ""},
]


@pytest.mark.parametrize("start", ODD_TIMES, ids=str)
def test_an_odd_time_is_kept_as_sent_and_flagged(start) -> None:
    sent = json.dumps({"id": "a", "start": start, "updated": "2026-01-01T10:00:00Z"}).encode()
    item = one(sent)
    assert (item.start_ms, item.start_date, item.has_odd_times) == (None, None, True)
    assert item.updated_ms == 1_767_261_600_000
    assert item.raw == sent


def test_an_event_that_ends_before_it_starts_has_no_times_to_search_by() -> None:
    item = one({"id": "a", "start": {"date": "2026-03-02"}, "end": {"date": "2026-03-01"}})
    assert (item.start_date, item.end_date, item.has_odd_times) == (None, None, True)
    assert not one({"id": "a", "start": {"date": "2026-03-02"}, "end": {"date": "2026-03-02"}}).has_odd_times


def test_an_odd_original_start_falls_back_to_the_id() -> None:
    stub = {"id": "abc_20260301", "recurringEventId": "abc", "originalStartTime": {"dateTime": "soon"}}
    assert one(stub).original_start == "20260301"
    assert one(stub).has_odd_times


def test_an_unreadable_updated_is_only_missing() -> None:
    item = one({"id": "a", "updated": "yesterday"})
    assert (item.updated_ms, item.has_odd_times) == (None, False)
    assert one({"id": "a", "updated": "2026-01-01T10:00:00"}).updated_ms is None


def test_unknown_words_and_fields_survive() -> None:
    item = one({"id": "a", "status": "maybe", "eventType": "siesta", "eventLabelId": "7", "new": {"x": [1]}})
    assert (item.status, item.event_type) == ("maybe", "siesta")
    assert b'"new": {"x": [1]}' in item.raw


def test_fields_may_be_null() -> None:
    fields = [
        "status",
        "etag",
        "updated",
        "start",
        "end",
        "recurringEventId",
        "originalStartTime",
        "sequence",
    ]
    item = one({"id": "a"} | dict.fromkeys(fields))
    assert (item.status, item.start_ms, item.sequence) == ("confirmed", None, None)


UNREADABLE = [
    (b"{}", None),
    (b'{"id":null}', None),
    (b'{"id":7}', None),
    (b'{"id":""}', None),
    (b'{"id":"' + b"x" * 2001 + b'"}', "x" * 1024),
    (b'{"id":"a\\u0000b"}', None),
    (b'{"id":"a\\ud83d"}', None),
    (b'{"id":"a","status":7}', "a"),
    (b'{"id":"a","start":"2026-01-01"}', "a"),
    (b'{"id":"a","start":{"dateTime":17}}', "a"),
    (b'{"id":"a","sequence":"x"}', "a"),
    (b'{"id":"a","sequence":99999999999999999999}', "a"),
    (b'{"id":"a","sequence":' + b"9" * 5000 + b"}", "a"),
    (b'{"id":"a","x":' + b"9" * 5000 + b"}", "a"),
    (b'{"id":"a","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "a"),
    (b'{"id":"a","x":NaN}', "a"),
    (b'{"id":"a","x":-Infinity}', "a"),
    (b'{"id":"a","x":tru}', "a"),
    (b'{"id":"a","summary":"\xff\xfe"}', "a"),
    (b'{"id":"a\xff"}', None),
    (b"null", None),
    (b"7", None),
    (b'"text"', None),
    (b"[]", None),
]


@pytest.mark.parametrize(("raw", "event_id"), UNREADABLE, ids=lambda value: repr(value)[:40])
def test_a_poisonous_item_is_set_aside_and_spoils_nothing(raw, event_id) -> None:
    item = bad(raw)
    assert item.raw == raw
    assert item.event_id == event_id
    assert item.reason
    assert "\n" not in item.reason


@pytest.mark.parametrize("text", [b"\\u0000", b"\\ud83d", b"\\udc00 \\ud83d", b"a\\u0000\\ud800"])
def test_text_that_no_database_holds_is_replaced_in_columns_only(text) -> None:
    raw = b'{"id":"a","etag":"' + text + b'","summary":"' + text + b'","start":{"date":"2026-01-01"}}'
    item = one(raw)
    assert item.etag is not None
    assert not set(item.etag) & set("\x00\ud83d\ud800\udc00")
    assert "\ufffd" in item.etag
    assert (item.raw, item.start_date) == (raw, "2026-01-01")


def test_nul_in_a_zone_is_replaced_as_well() -> None:
    item = one(b'{"id":"a","start":{"dateTime":"2026-01-01T10:00:00Z","timeZone":"U\\u0000TC"}}')
    assert item.time_zone == "U\ufffdTC"


def test_long_texts_and_many_digits_in_text_are_harmless() -> None:
    raw = json.dumps({"id": "a", "summary": "9" * 70_000, "description": "<b>" * 3000}).encode()
    assert one(raw).raw == raw


def test_one_item_that_is_not_utf8_spares_the_others_of_a_large_page() -> None:
    text = json.dumps({"id": "a", "summary": "ä🎂" * 50_000}, ensure_ascii=False).encode()
    for shift in range(4):
        page = read_events_page(events_body([text, b" " * shift + text, TIMED], nextSyncToken="s"))
        assert [item.event_id for item in page.items] == ["a", "a", "abc"]
        cut = b'{"id":"cut","summary":"' + "🎂".encode()[: shift + 1] + b'"}'
        page = read_events_page(events_body([text, cut, TIMED], nextSyncToken="s"))
        assert [item.event_id for item in page.items if item.event_id != "cut"] == ["a", "abc"]
        assert [item.raw for item in page.unreadable] == ([cut] if shift < 3 else [])


def test_text_that_looks_like_structure_is_only_text() -> None:
    tricky = json.dumps({"id": "b", "summary": '"items":[{"}],\\'}).encode()
    poison = b'{"id":"c","x":NaN}'
    page = read_events_page(events_body([tricky, poison, tricky], nextPageToken="p"))
    assert [item.raw for item in page.items] == [tricky, tricky]
    assert page.unreadable[0].raw == poison
    assert page.next_page_token == "p"


def test_the_envelope_is_handed_over() -> None:
    reminders = [{"method": "popup", "minutes": 30}]
    page = read_events_page(
        events_body(
            nextSyncToken="s", accessRole="owner", etag='"p"', defaultReminders=reminders, updated="u"
        )
    )
    assert (page.summary, page.time_zone, page.access_role, page.etag) == ("Work", "UTC", "owner", '"p"')
    assert json.loads(page.default_reminders or b"") == reminders
    assert (page.items, page.next_page_token, page.next_sync_token) == ([], None, "s")


def test_an_envelope_with_odd_decoration_is_still_a_page() -> None:
    page = read_events_page(events_body(nextSyncToken="s", summary=5, timeZone=None, accessRole=["x"]))
    assert (page.summary, page.time_zone, page.access_role) == (None, None, None)


def test_an_empty_page_with_a_page_token_is_a_page() -> None:
    assert read_events_page(events_body(nextPageToken="p")).items == []
    assert read_events_page(b'{"kind":"calendar#events","nextPageToken":"p"}').next_page_token == "p"
    assert read_events_page(b'{"kind":"calendar#events","nextPageToken":"p","items":null}').items == []


def test_a_last_page_with_items_and_no_token_is_left_to_the_reader() -> None:
    page = read_events_page(events_body([TIMED]))
    assert (len(page.items), page.next_page_token, page.next_sync_token) == (1, None, None)


def test_a_list_that_earns_no_token_may_be_empty() -> None:
    assert read_events_page(events_body(), is_token_due=False).items == []


VIOLATIONS = {
    "nothing": b"",
    "empty object": b"{}",
    "no kind": b'{"items":[]}',
    "no kind but a token": b'{"items":[],"nextSyncToken":"s"}',
    "other kind": b'{"kind":"calendar#event","items":[],"nextSyncToken":"s"}',
    "kind of another type": b'{"kind":7,"items":[],"nextSyncToken":"s"}',
    "no items and no token": b'{"kind":"calendar#events"}',
    "empty items and no token": b'{"kind":"calendar#events","items":[]}',
    "both tokens": events_body([TIMED], nextPageToken="p", nextSyncToken="s"),
    "empty page token": events_body([TIMED], nextPageToken=""),
    "empty sync token": events_body(nextSyncToken=""),
    "token of another type": events_body([TIMED], nextPageToken=7),
    "items are an object": b'{"kind":"calendar#events","items":{},"nextSyncToken":"s"}',
    "items are text": b'{"kind":"calendar#events","items":"x","nextSyncToken":"s"}',
    "array": b"[]",
    "null": b"null",
    "html": b"<html>Sign in to the hotel network</html>",
    "cut short": events_body([TIMED] * 3, nextSyncToken="s")[:-40],
    "cut after an item": events_body([TIMED], nextSyncToken="s")[:-2],
    "cut within poison": events_body([TIMED, b'{"id":"a","x":NaN}'], nextSyncToken="s")[:-1],
    "brackets that do not match": b'{"kind":"calendar#events","nextSyncToken":"s","items":[{]}}',
    "two bodies": events_body([TIMED], nextSyncToken="s") * 2,
    "poison around the items": b'{"kind":"calendar#events","nextSyncToken":"s","x":NaN,"items":[{"id":"a"}]}',
    "depth around the items": events_body(nextSyncToken="s", x=0).replace(b'"x": 0', b'"x":' + b"[" * 10**5),
    "a quote left open": b'{"kind":"calendar#events","nextSyncToken":"s","items":[{"id":"a}]}',
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_body_that_cannot_be_a_true_list_is_never_an_empty_calendar(name) -> None:
    with pytest.raises(ProtocolViolation) as caught:
        read_events_page(VIOLATIONS[name])
    assert caught.value.transient


def test_every_prefix_of_a_page_is_refused() -> None:
    body = events_body([TIMED, {"id": "b", "x": [{}]}], nextSyncToken="s")
    for end in range(len(body)):
        with pytest.raises(ProtocolViolation):
            read_events_page(body[:end])


def test_collection_is_paused_for_a_large_page_and_comes_back() -> None:
    large = events_body([TIMED] * 500, nextSyncToken="s")
    assert gc.isenabled()
    read_events_page(large)
    assert gc.isenabled()
    with pytest.raises(ProtocolViolation):
        read_events_page(large[:-1])
    assert gc.isenabled()
    gc.disable()
    try:
        read_events_page(large)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_page_token_is_found_before_the_items_arrive() -> None:
    body = events_body([TIMED] * 10, nextPageToken='CiA="\\x')
    token = next_page_token_early(body[:200])
    assert token == read_events_page(body).next_page_token == 'CiA="\\x'


@pytest.mark.parametrize(
    "prefix",
    [
        b"",
        b'{"kind":"calendar#events","nextPageTok',
        b'{"nextPageToken":"abc',
        b'{"nextPageToken":""',
        b'{"summary":"\\"nextPageToken\\":\\"forged\\"","items":[',
        b'{"items":[{"nextPageToken":"forged"}]',
        b'{"nextPageToken":"\\ud83d"}',
        b'{"nextPageToken":"\xff"}',
    ],
)
def test_an_early_token_is_never_guessed(prefix) -> None:
    assert next_page_token_early(prefix) is None


def test_a_single_event_is_read_like_an_item() -> None:
    assert read_event(b' {"id":"a"}\n').event_id == "a"
    for body in (b"", b"{}", b"[]", b'{"id":7}', b"<html>"):
        with pytest.raises(ProtocolViolation):
            read_event(body)
