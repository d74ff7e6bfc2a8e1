"""Frames that no content can break."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calferry.core.failure import FailureInfo
from calferry.web import frames, sse


def parse(stream: bytes) -> list[tuple[str, str, str]]:
    """The WHATWG algorithm, for one frame after another."""
    found, event, data, last_id = [], "", [], ""
    for line in stream.decode().replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                found.append((event, "\n".join(data), last_id))
            event, data = "", []
        elif name == "event":
            event = value
        elif name == "data":
            data.append(value)
        elif name == "id":
            last_id = value
    return found


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_data_arrives_whole_in_one_frame(data: str) -> None:
    expected = "\n".join(sse.LINE_BREAK.split(data))
    assert parse(sse.frame("events", data, "sync_a:1.2.3.4")) == [("events", expected, "sync_a:1.2.3.4")]


@given(st.dictionaries(st.text(), st.text()))
def test_pretty_printed_json_keeps_its_meaning(event: dict[str, str]) -> None:
    body = frames.events("cal_a", [json.dumps(event, indent=2), json.dumps(event)])
    ((_, data, _),) = parse(sse.frame("events", body, "a"))
    assert json.loads(data) == {"calendar_id": "cal_a", "events": [event, event]}


@pytest.mark.parametrize("event", ["a\nb", "", "events:", "Events"])
def test_an_event_name_that_would_break_the_stream_is_refused(event: str) -> None:
    with pytest.raises(ValueError, match="break the stream"):
        sse.frame(event, "{}", "a")


@pytest.mark.parametrize("frame_id", ["", "a\nb", "a b", "a\0", "ä"])
def test_an_id_that_would_break_the_stream_is_refused(frame_id: str) -> None:
    with pytest.raises(ValueError, match="break the stream"):
        sse.frame("events", "{}", frame_id)


def test_bodies_hold_exactly_the_documented_fields() -> None:
    assert frames.sync_token("cal_a") == '{"calendar_id":"cal_a"}'
    assert json.loads(frames.sync_error("cal_a", FailureInfo("403", "No", True))) == {
        "calendar_id": "cal_a",
        "code": "403",
        "message": "No",
        "retryable": True,
    }
    assert frames.complete(3, 2, 1_772_620_200_999) == (
        '{"total_events":3,"calendars_synced":2,"last_sync_at":"2026-03-04T10:30:00Z"}'
    )
    assert frames.complete(0, 0, None) == '{"total_events":0,"calendars_synced":0,"last_sync_at":null}'
    assert frames.TIMED_OUT == '{"code":"408","message":"Sync timed out"}'


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ('{"id":"a"}', '{"calendar_id":"cal_x","id":"a"}'),
        ('\n {\n "id": "a"\n}', '\n {"calendar_id":"cal_x",\n "id": "a"\n}'),
        ("{}", '{"calendar_id":"cal_x"}'),
        ("{ }", '{"calendar_id":"cal_x" }'),
    ],
)
def test_the_calendar_id_is_put_in_front_of_an_untouched_event(raw: str, expected: str) -> None:
    assert frames.with_calendar_id("cal_x", raw) == expected
    json.loads(expected)
