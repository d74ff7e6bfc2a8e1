import pytest

from calferry.google import (
    AclList,
    CalendarListList,
    Endpoints,
    EventInstances,
    EventsList,
    GoogleCalendar,
    PageTokenInvalid,
    ProtocolViolation,
    SyncTokenExpired,
)
from tests.unit.google.fakes import (
    Answer,
    FakeClock,
    FixedDice,
    ScriptedTransport,
    Tokens,
    answer,
    events_body,
    refusal,
)

FIRST = answer(200, events_body([{"id": "a"}, {"id": "b"}], nextPageToken="p2"))
LAST = answer(200, events_body([{"id": "c", "status": "cancelled"}, 7], nextSyncToken="s2"))
ENDLESS = answer(200, events_body([{"id": "a"}], nextPageToken="p"))


class Setting:
    def __init__(self, *script: Answer) -> None:
        self.transport = ScriptedTransport(list(script))
        self.client = GoogleCalendar(
            self.transport, Tokens(), FakeClock(), FixedDice(), Endpoints(api_url="https://google.test")
        )

    @property
    def queries(self) -> list[str]:
        return [request.url.partition("?")[2] for request in self.transport.requests]


async def test_events_of_every_page_and_the_sync_token_at_the_end() -> None:
    setting = Setting(FIRST, LAST)
    listing = setting.client.events("c", single_events=True, time_min="2026-01-01T00:00:00Z")
    tokens = []
    found = []
    async for event in listing:
        found.append(event.event_id)
        tokens.append(listing.next_sync_token)
    assert (found, tokens) == (["a", "b", "c"], [None, None, None])
    assert listing.next_sync_token == "s2"
    assert [item.raw for item in listing.unreadable] == [b"7"]
    assert "singleEvents=true" in setting.queries[0]
    assert "showDeleted" not in setting.queries[0]
    assert setting.queries[1] == setting.queries[0] + "&pageToken=p2"


async def test_a_page_is_asked_for_when_it_is_needed() -> None:
    setting = Setting(FIRST, LAST)
    async for event in setting.client.events("c"):
        if event.event_id == "b":
            break
    assert len(setting.queries) == 1


async def test_a_listing_that_is_walked_again_starts_at_the_beginning() -> None:
    setting = Setting(FIRST, LAST, LAST)
    listing = setting.client.events("c")
    for expected in (["a", "b", "c"], ["c"]):
        assert [event.event_id async for event in listing] == expected
        assert len(listing.unreadable) == 1


async def test_changes_hand_over_the_next_sync_token() -> None:
    setting = Setting(FIRST, LAST)
    changes = setting.client.changes("c", "s1", single_events=True)
    found = [(change.event_id, change.is_cancelled) async for change in changes]
    assert found == [("a", False), ("b", False), ("c", True)]
    assert changes.next_sync_token == "s2"
    assert "syncToken=s1" in setting.queries[0]
    assert "singleEvents=true" in setting.queries[0]


async def test_changes_ask_with_the_parameters_of_the_listing_before() -> None:
    setting = Setting(LAST)
    _ = [event async for event in setting.client.events("c")]
    _ = [event async for event in setting.client.changes("c", "s1")]
    assert setting.queries[1] == setting.queries[0] + "&syncToken=s1"


async def test_an_expired_sync_token_is_told_at_once() -> None:
    setting = Setting(refusal(410, "fullSyncRequired"))
    with pytest.raises(SyncTokenExpired):
        _ = [change async for change in setting.client.changes("c", "s1")]


async def test_a_page_token_that_went_stale_is_told() -> None:
    setting = Setting(FIRST, refusal(400, "invalid"))
    with pytest.raises(PageTokenInvalid):
        _ = [event async for event in setting.client.events("c")]


async def test_changes_without_a_next_token_are_not_believed_finished() -> None:
    setting = Setting(answer(200, events_body([{"id": "a"}])))
    changes = setting.client.changes("c", "s1")
    with pytest.raises(ProtocolViolation, match="sync token"):
        _ = [change async for change in changes]
    assert [event.event_id async for event in setting.client.events("c")] == ["a"]


async def test_a_page_token_that_comes_twice_ends_the_listing() -> None:
    setting = Setting(ENDLESS)
    with pytest.raises(ProtocolViolation, match="twice"):
        _ = [event async for event in setting.client.events("c")]
    assert len(setting.queries) == 2


async def test_every_list_can_be_walked() -> None:
    rules = {"kind": "calendar#acl", "items": [{"id": "default", "role": "reader"}], "nextSyncToken": "s"}
    calendars = {"kind": "calendar#calendarList", "items": [{"id": "c"}], "nextSyncToken": "s"}
    setting = Setting(answer(200, rules), answer(200, calendars), answer(200, events_body([{"id": "a"}])))
    assert [rule.rule_id async for rule in setting.client.listing(AclList(calendar_id="c"))] == ["default"]
    assert [entry.calendar_id async for entry in setting.client.listing(CalendarListList())] == ["c"]
    instances = setting.client.listing(EventInstances(calendar_id="c", event_id="e"))
    assert [event.event_id async for event in instances] == ["a"]
    assert instances.next_sync_token is None


async def test_a_listing_of_ones_own_says_everything_a_request_can() -> None:
    setting = Setting(LAST)
    request = EventsList(calendar_id="c", event_types=("focusTime",), max_results=7)
    assert [page.items[0].event_id async for page in setting.client.listing(request).pages()] == ["c"]
    assert "eventTypes=focusTime" in setting.queries[0]
