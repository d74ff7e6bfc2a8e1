import pytest

from calferry.google import read_notification

SENT = {
    "Host": "a.example",
    "X-Goog-Channel-ID": "chan",
    "X-Goog-Channel-Token": "s3cret",
    "X-Goog-Channel-Expiration": "Tue, 19 Nov 2013 01:13:52 GMT",
    "X-Goog-Resource-ID": "res",
    "X-Goog-Resource-URI": "https://www.googleapis.com/calendar/v3/calendars/x/events?alt=json",
    "X-Goog-Resource-State": "exists",
    "X-Goog-Message-Number": "2893231",
}


@pytest.mark.parametrize("spell", [str, str.lower, str.upper])
def test_a_push_is_read_whatever_the_case_of_its_headers(spell) -> None:
    notification = read_notification({spell(name): value for name, value in SENT.items()})
    assert notification is not None
    assert (notification.channel_id, notification.resource_id) == ("chan", "res")
    assert (notification.resource_state, notification.message_number) == ("exists", 2893231)
    assert (notification.channel_token, notification.channel_expiration_ms) == ("s3cret", 1384823632000)
    assert not notification.is_sync
    assert "s3cret" not in repr(notification)


def test_only_the_channel_is_needed() -> None:
    notification = read_notification({"x-goog-channel-id": "c", "x-goog-resource-state": "sync"})
    assert notification is not None
    assert notification.is_sync
    assert (notification.message_number, notification.channel_token) == (None, None)


@pytest.mark.parametrize(
    "headers", [{}, {"x-goog-channel-id": ""}, {"x-goog-channel-id": "  "}, {"x-goog-resource-id": "r"}]
)
def test_without_a_channel_it_is_no_push(headers) -> None:
    assert read_notification(headers) is None


@pytest.mark.parametrize(
    "header",
    ["X-Goog-Message-Number", "X-Goog-Channel-Expiration", "X-Goog-Resource-State", "X-Goog-Resource-ID"],
)
@pytest.mark.parametrize(
    "value", ["", "-1", "x" * 100_000, "9" * 5000, "\x00", "ÿ", "٣", "Tue, 99 Nov 99999 x"]
)
def test_nothing_a_sender_puts_there_makes_it_fail(header, value) -> None:
    notification = read_notification(SENT | {header: value})
    assert notification is not None
    assert len(notification.resource_state) <= 2048
    assert notification.message_number in (None, 2893231)
