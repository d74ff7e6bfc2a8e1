import json

import pytest

from calferry.google import ProtocolViolation, read_calendar_list_page, read_channel
from calferry.google.calendar_list import read_calendar_list_entry

ENTRY = {
    "kind": "calendar#calendarListEntry",
    "etag": '"0"',
    "id": "alice@example.com",
    "summary": "Alice",
    "summaryOverride": "Me",
    "timeZone": "Europe/London",
    "colorId": "17",
    "backgroundColor": "#9a9cff",
    "foregroundColor": "#000000",
    "selected": True,
    "accessRole": "writerWithoutPrivateAccess",
    "defaultReminders": [{"method": "email", "minutes": 10}],
    "primary": True,
}


def list_body(items: list[object], **envelope: object) -> bytes:
    return json.dumps({"kind": "calendar#calendarList", **envelope, "items": items}).encode()


def test_entries_are_observed_with_their_json_as_sent() -> None:
    page = read_calendar_list_page(list_body([ENTRY], nextSyncToken="s", etag='"e"'))
    entry = page.items[0]
    assert (entry.calendar_id, entry.summary, entry.summary_override) == ("alice@example.com", "Alice", "Me")
    assert (entry.access_role, entry.time_zone) == ("writerWithoutPrivateAccess", "Europe/London")
    assert (entry.color_id, entry.background_color, entry.foreground_color) == ("17", "#9a9cff", "#000000")
    assert (entry.is_primary, entry.is_selected, entry.is_hidden, entry.is_deleted) == (
        True,
        True,
        False,
        False,
    )
    assert json.loads(entry.raw) == ENTRY
    assert (page.next_sync_token, page.etag) == ("s", '"e"')


def test_deleted_and_hidden_entries_are_marked() -> None:
    body = list_body([{"id": "a", "deleted": True}, {"id": "b", "hidden": True}], nextPageToken="p")
    deleted, hidden = read_calendar_list_page(body).items
    assert (deleted.is_deleted, hidden.is_hidden) == (True, True)


@pytest.mark.parametrize(
    "item", [{}, {"id": ""}, {"id": 7}, {"id": "x" * 1025}, 7, None, {"id": "a", "summary": 5}]
)
def test_a_poisonous_entry_is_set_aside(item) -> None:
    page = read_calendar_list_page(list_body([ENTRY, item], nextSyncToken="s"))
    assert len(page.items) == len(page.unreadable) == 1


def test_odd_text_in_an_entry_is_replaced() -> None:
    page = read_calendar_list_page(list_body([{"id": "a", "summary": "x\x00\ud83d"}], nextSyncToken="s"))
    assert page.items[0].summary == "x\ufffd\ufffd"


@pytest.mark.parametrize(
    "body", [b"", b"{}", list_body([]), b'{"kind":"calendar#events","nextSyncToken":"s"}']
)
def test_what_is_no_calendar_list_is_refused(body) -> None:
    with pytest.raises(ProtocolViolation):
        read_calendar_list_page(body)


def test_one_entry_is_read_alone() -> None:
    assert read_calendar_list_entry(json.dumps(ENTRY).encode()).is_primary
    with pytest.raises(ProtocolViolation):
        read_calendar_list_entry(b"[]")


@pytest.mark.parametrize(
    ("expiration", "ms"),
    [
        ("1426325213000", 1426325213000),
        (1426325213000, 1426325213000),
        (None, None),
        ("soon", None),
        ("-5", None),
    ],
)
def test_a_channels_expiration_comes_as_text_or_number(expiration, ms) -> None:
    body = {"kind": "api#channel", "id": "c", "resourceId": "r", "resourceUri": "u", "expiration": expiration}
    channel = read_channel(json.dumps(body | {"token": "s3cret"}).encode())
    assert (channel.channel_id, channel.resource_id, channel.resource_uri) == ("c", "r", "u")
    assert channel.expiration_ms == ms
    assert "s3cret" not in repr(channel)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"id":"c"}', b'{"id":"c","resourceId":""}', b'{"id":7,"resourceId":"r"}']
)
def test_what_is_no_channel_is_refused(body) -> None:
    with pytest.raises(ProtocolViolation):
        read_channel(body)
