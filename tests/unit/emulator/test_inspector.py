"""The page that shows what was asked and what was sent."""

import re

from tests.unit.emulator.desk import Desk


def watched(desk: Desk) -> None:
    body = {"id": "my-channel", "type": "web_hook", "address": "https://example.org/hook"}
    desk.api("POST", "calendars/primary/events/watch", body)
    for delivery in desk.google.take_deliveries():
        desk.google.delivered(delivery, 400)


def test_an_empty_world_has_an_empty_page(desk: Desk) -> None:
    answer = desk.send("GET", "/_emulator/").response
    assert answer.body.count(b"None yet.") == 3
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert b"<script" not in answer.body
    assert b" style=" not in answer.body


def test_requests_notifications_and_channels_are_shown(desk: Desk) -> None:
    watched(desk)
    desk.events(q="<b>&")
    page = desk.send("GET", "/_emulator/").response.body.decode()
    for text in ("events.watch", "my-channel", "alice@example.com", 'class="bad">400', "q=&lt;b&gt;&amp;"):
        assert text in page
    style = re.findall(r'href="([^"]+\.css)"', page)[0]
    assert desk.send("GET", style).response.headers["Content-Type"].startswith("text/css")


def test_a_notification_is_sent_again_as_it_was(desk: Desk) -> None:
    watched(desk)
    answer = desk.send("POST", "/_emulator/resend", b"number=1").response
    assert (answer.status, answer.headers["Location"]) == (303, "/_emulator")
    again = desk.google.take_deliveries()
    assert [(d.channel_id, d.attempt, d.headers["X-Goog-Message-Number"]) for d in again] == [
        ("my-channel", 1, "1")
    ]
    assert desk.send("POST", "/_emulator/resend", b"number=9").status == 404


def test_the_bare_address_leads_to_the_page(desk: Desk) -> None:
    answer = desk.send("GET", "/").response
    assert (answer.status, answer.headers["Location"]) == (302, "/_emulator")
