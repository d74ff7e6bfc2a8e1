"""Whatever arrives, the pure rules answer with a value or with one of their own errors."""

import contextlib
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from calferry.google import (
    GoogleError,
    Notification,
    ProtocolViolation,
    classify,
    classify_oauth,
    next_page_token_early,
    read_events_page,
    read_notification,
    read_retry_after,
    receive,
)
from calferry.google.splitting import split_list_body
from tests.unit.google.fakes import events_body, zipped

texts = st.text(st.characters(codec=None), max_size=20) | st.sampled_from(
    ["cancelled", "2026-03-01T10:00:00+01:00", "2026-03-01", "a_20260301", "a_20260301T100000Z", "UTC"]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
times = values | st.fixed_dictionaries({}, optional=dict.fromkeys(("date", "dateTime", "timeZone"), values))
EVENT_FIELDS: dict[str, Any] = {
    "id": values,
    "status": values,
    "etag": values,
    "updated": values,
    "sequence": values,
    "recurrence": values,
    "recurringEventId": values,
    "iCalUID": values,
    "eventType": values,
    "start": times,
    "end": times,
    "originalStartTime": times,
    "summary": values,
}
events = st.fixed_dictionaries({}, optional=EVENT_FIELDS).map(lambda event: json.dumps(event).encode())
good_ids = st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True)


@given(st.lists(events | values.map(lambda value: json.dumps(value).encode()), max_size=6))
def test_every_item_of_a_page_is_accounted_for_as_it_was_sent(raws) -> None:
    page = read_events_page(events_body(raws, nextSyncToken="s"))
    found = sorted([item.raw for item in page.items] + [item.raw for item in page.unreadable])
    assert found == sorted(raws)
    for item in page.items:
        assert item.event_id
        for text in (item.event_id, item.status, item.etag, item.i_cal_uid, item.time_zone, item.series_id):
            assert text is None or ("\x00" not in text and text.encode())
        for number in (item.start_ms, item.end_ms, item.updated_ms, item.sequence):
            assert number is None or -(2**63) < number < 2**63


@given(st.lists(st.tuples(good_ids, texts), max_size=6))
def test_items_keep_their_order(pairs) -> None:
    raws = [json.dumps({"id": event_id, "summary": summary}).encode() for event_id, summary in pairs]
    page = read_events_page(events_body(raws, nextPageToken="p"))
    assert [item.event_id for item in page.items] == [event_id for event_id, _ in pairs]


@given(st.lists(values.map(lambda value: json.dumps(value).encode()), max_size=6))
def test_taking_a_page_apart_finds_the_same_items(raws) -> None:
    body = events_body(raws, nextSyncToken="s")
    outside, items = split_list_body(body)
    assert items == raws
    assert json.loads(outside)["items"] == []


@given(
    st.binary(max_size=200)
    | st.builds(lambda raw, at: raw[:at], st.just(events_body([{}])), st.integers(0, 99))
)
def test_any_bytes_are_a_page_or_a_violation(body) -> None:
    with contextlib.suppress(ProtocolViolation):
        assert read_events_page(body).items is not None
    assert isinstance(next_page_token_early(body), str | None)


headers = st.dictionaries(
    st.sampled_from(["content-encoding", "Content-Length", "retry-after", "date", "x"]),
    st.sampled_from(["gzip", "br", "", "-1", "5", "9" * 30]) | texts,
)


@given(st.integers(100, 599), headers, st.binary(max_size=100) | st.binary(max_size=50).map(zipped))
def test_any_answer_is_a_response_or_an_error_of_ours(status, named, raw) -> None:
    try:
        response = receive(status, named, raw, 1000)
    except GoogleError:
        assert 200 <= status < 300
        return
    assert response.status == status


@given(st.integers(100, 599), headers, st.binary(max_size=100) | values.map(lambda v: json.dumps(v).encode()))
def test_any_refusal_has_a_name(status, named, body) -> None:
    wrapped = json.dumps({"error": {"errors": [{"reason": body.decode("latin-1")}]}}).encode()
    for sent in (body, wrapped):
        for error in (classify(status, sent, named, now=1.0), classify_oauth(status, sent, named)):
            assert isinstance(error, GoogleError)
            assert error.retry_after_s is None or 0 <= error.retry_after_s <= 3600
            assert str(error).encode()


@given(texts | st.from_regex(r"\w{3}, \d+ \w{3} \d+ \d+:\d+:\d+ \w*"), st.none() | st.floats(0, 1e11))
def test_any_retry_after_is_seconds_within_an_hour_or_nothing(value, now) -> None:
    seconds = read_retry_after(value, now)
    assert seconds is None or 0 <= seconds <= 3600


google_headers = st.sampled_from(
    ["X-Goog-Channel-ID", "x-goog-message-number", "X-GOOG-CHANNEL-EXPIRATION", "x-goog-resource-state", "y"]
)


@given(st.dictionaries(google_headers, texts))
def test_any_headers_are_a_notification_or_none(named) -> None:
    assert isinstance(read_notification(named), Notification | None)
