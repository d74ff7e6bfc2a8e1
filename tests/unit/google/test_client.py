import asyncio
import json

import pytest

from calferry.google import (
    AlreadyDeleted,
    CalendarListGet,
    CalendarListList,
    CalendarListWatch,
    ChannelStop,
    Endpoints,
    EventDelete,
    EventGet,
    EventInsert,
    EventInstances,
    EventPatch,
    EventsList,
    EventsWatch,
    EventUpdate,
    Forbidden,
    GoogleCalendar,
    GoogleError,
    GrantRevoked,
    PageTokenInvalid,
    ProtocolViolation,
    RateLimited,
    Redirected,
    ResponseTooLarge,
    RetryBudget,
    ServerError,
    SlidingQuota,
    SyncTokenExpired,
    Unauthorized,
    Unreachable,
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

PAGE = answer(200, events_body([{"id": "a"}], nextSyncToken="s"))
EVENT = answer(200, {"id": "a"})
CHANNEL = answer(200, {"id": "c", "resourceId": "r", "expiration": "1"})
BUSY = refusal(503, "backendError")
RESET = Unreachable("reset", kind="reset")


class Setting:
    """A client with everything around it in reach."""

    def __init__(self, *script: Answer, budget: RetryBudget | None = None, quota: int = 0) -> None:
        self.clock = FakeClock()
        self.transport = ScriptedTransport(list(script))
        self.tokens = Tokens()
        self.client = GoogleCalendar(
            self.transport,
            self.tokens,
            self.clock,
            FixedDice(0.5),
            Endpoints(api_url="https://google.test/"),
            retry_budget=budget,
            quota=SlidingQuota(self.clock, per_minute_per_user=quota) if quota else None,
        )

    async def page(self) -> object:
        return await self.client.events_page(EventsList(calendar_id="primary"))

    async def failure(self) -> GoogleError:
        with pytest.raises(GoogleError) as caught:
            await self.page()
        return caught.value


async def test_a_request_carries_token_and_asks_for_gzip() -> None:
    setting = Setting(PAGE)
    await setting.page()
    sent = setting.transport.requests[0]
    assert sent.url == (
        "https://google.test/calendar/v3/calendars/primary/events"
        "?prettyPrint=false&maxResults=2500&showDeleted=true"
    )
    assert sent.headers["Authorization"] == "Bearer ya29.first"
    assert sent.headers["Accept-Encoding"] == "gzip"
    assert "gzip" in sent.headers["User-Agent"]


async def test_a_server_error_is_retried_with_growing_waits() -> None:
    setting = Setting(BUSY, BUSY, BUSY, BUSY, PAGE)
    await setting.page()
    assert setting.clock.slept == [1.5, 2.5, 4.5, 8.5]


async def test_five_attempts_are_the_last() -> None:
    setting = Setting(BUSY)
    assert isinstance(await setting.failure(), ServerError)
    assert len(setting.transport.requests) == 5


RETRIED = [
    BUSY,
    refusal(500, "backendError"),
    answer(502, b"<html>"),
    answer(504, b""),
    refusal(429, "rateLimitExceeded"),
    refusal(403, "rateLimitExceeded"),
    refusal(403, "userRateLimitExceeded"),
    RESET,
    Unreachable("dns", kind="dns"),
    Unreachable("slow", kind="timeout"),
    Unreachable("short", kind="truncated"),
    ProtocolViolation("gzip"),
    answer(204, b""),
    answer(304, b""),
    answer(200, b'{"items":[]}'),
    answer(200, b"<html>Log in to the train</html>"),
    answer(200, events_body([{"id": "a"}], nextPageToken="p", nextSyncToken="s")),
]


@pytest.mark.parametrize("trouble", RETRIED, ids=repr)
async def test_passing_trouble_is_tried_again(trouble) -> None:
    setting = Setting(trouble, PAGE)
    await setting.page()
    assert len(setting.transport.requests) == 2


FINAL = [
    refusal(400, "badRequest"),
    refusal(403, "forbidden"),
    refusal(403, "quotaExceeded"),
    refusal(403, "dailyLimitExceeded"),
    refusal(403, "insufficientPermissions"),
    refusal(403, "accessNotConfigured"),
    refusal(404, "notFound"),
    refusal(409, "duplicate"),
    refusal(410, "fullSyncRequired"),
    refusal(412, "conditionNotMet"),
    answer(302, b"", location="https://elsewhere.example/"),
    ResponseTooLarge("too large"),
]


@pytest.mark.parametrize("trouble", FINAL, ids=repr)
async def test_what_time_does_not_cure_is_not_tried_again(trouble) -> None:
    setting = Setting(trouble, PAGE)
    await setting.failure()
    assert len(setting.transport.requests) == 1
    assert setting.clock.slept == []


async def test_an_answer_that_is_never_right_is_tried_three_times() -> None:
    setting = Setting(answer(200, b"{}"))
    assert isinstance(await setting.failure(), ProtocolViolation)
    assert len(setting.transport.requests) == 3


async def test_a_redirect_is_not_followed() -> None:
    setting = Setting(answer(307, b"", location="https://evil.example/"), PAGE)
    assert isinstance(await setting.failure(), Redirected)
    assert len(setting.transport.requests) == 1


async def test_retry_after_is_waited_for() -> None:
    setting = Setting(refusal(429, "rateLimitExceeded", retry_after="20"), PAGE)
    await setting.page()
    assert setting.clock.slept == [20.0]


async def test_a_retry_after_beyond_our_patience_is_handed_up_at_once() -> None:
    setting = Setting(refusal(429, "rateLimitExceeded", retry_after="1000000000"), PAGE)
    error = await setting.failure()
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == 3600.0
    assert setting.clock.slept == []


async def test_slow_failures_end_within_the_minute() -> None:
    setting = Setting(Unreachable("slow", kind="timeout"))
    setting.transport.on_send = lambda request: setattr(
        setting.clock, "at", setting.clock.at + request.timeout_s
    )
    began = setting.clock.at
    await setting.failure()
    assert setting.clock.at - began <= 61.0
    assert [round(request.timeout_s) for request in setting.transport.requests] == [30, 28]


async def test_an_outage_of_everything_costs_a_tenth_more_requests_at_most() -> None:
    budget = RetryBudget()
    setting = Setting(BUSY, budget=budget)
    for _ in range(500):
        await setting.failure()
    assert len(setting.transport.requests) <= 500 + 50 + 10


async def test_a_refused_token_is_renewed_once_and_the_request_replayed() -> None:
    setting = Setting(refusal(401, "authError"), PAGE)
    await setting.page()
    assert setting.tokens.renewals == ["ya29.first"]
    assert setting.transport.requests[1].headers["Authorization"] == "Bearer ya29.renewed1"
    assert setting.clock.slept == []


async def test_a_second_refusal_ends_it() -> None:
    setting = Setting(refusal(401, "authError"))
    assert isinstance(await setting.failure(), Unauthorized)
    assert len(setting.transport.requests) == 2


async def test_a_dead_grant_is_reported_as_such() -> None:
    setting = Setting(refusal(401, "authError"))
    setting.tokens.failure = GrantRevoked("revoked", reason="invalid_grant")
    assert isinstance(await setting.failure(), GrantRevoked)


async def test_the_cause_depends_on_the_tokens_that_were_sent() -> None:
    setting = Setting(refusal(400, "invalid"))
    request = EventsList(calendar_id="c").page("p")
    with pytest.raises(PageTokenInvalid):
        await setting.client.events_page(request)
    setting = Setting(answer(410, b""))
    with pytest.raises(SyncTokenExpired):
        await setting.client.events_page(EventsList(calendar_id="c").incremental("s"))


async def test_a_write_whose_outcome_is_unknown_is_not_sent_again() -> None:
    insert = EventInsert(calendar_id="c", event={"id": "aaaaa"})
    patch = EventPatch(calendar_id="c", event_id="a", event={})
    watch = EventsWatch(calendar_id="c", channel_id="x", address="https://a")
    for trouble in (
        RESET,
        refusal(500, "backendError"),
        answer(200, b"cut"),
        Unreachable("", kind="timeout"),
    ):
        for verb, request in (("insert_event", insert), ("patch_event", patch), ("watch_events", watch)):
            setting = Setting(trouble, EVENT)
            with pytest.raises(GoogleError):
                await getattr(setting.client, verb)(request)
            assert len(setting.transport.requests) == 1


async def test_a_write_that_surely_was_not_done_is_sent_again() -> None:
    insert = EventInsert(calendar_id="c", event={"id": "aaaaa"})
    for trouble in (BUSY, refusal(429, "rateLimitExceeded"), Unreachable("", kind="connect")):
        setting = Setting(trouble, EVENT)
        assert (await setting.client.insert_event(insert)).event_id == "a"


async def test_a_deletion_may_be_repeated_and_says_when_it_was_done_before() -> None:
    setting = Setting(RESET, refusal(410, "deleted"))
    with pytest.raises(AlreadyDeleted):
        await setting.client.delete_event(EventDelete(calendar_id="c", event_id="a", if_match='"7"'))
    assert setting.transport.requests[1].headers["If-Match"] == '"7"'


async def test_deleting_and_stopping_answer_with_nothing() -> None:
    for status in (200, 204):
        setting = Setting(answer(status, b""))
        await setting.client.delete_event(EventDelete(calendar_id="c", event_id="a"))
        await setting.client.stop_channel(ChannelStop(channel_id="c", resource_id="r"))
    setting = Setting(refusal(403, "forbidden"))
    with pytest.raises(Forbidden):
        await setting.client.stop_channel(ChannelStop(channel_id="c", resource_id="r"))


async def test_each_verb_reads_its_own_answer() -> None:
    entry = {"kind": "calendar#calendarList", "nextSyncToken": "s", "items": [{"id": "a"}]}
    client = Setting(answer(200, entry)).client
    assert (await client.calendar_list_page(CalendarListList())).items[0].calendar_id == "a"
    client = Setting(answer(200, {"id": "a"})).client
    assert (await client.calendar_list_entry(CalendarListGet(calendar_id="primary"))).calendar_id == "a"
    assert (await client.event(EventGet(calendar_id="c", event_id="a"))).event_id == "a"
    assert (await client.update_event(EventUpdate(calendar_id="c", event_id="a", event={}))).event_id == "a"
    client = Setting(CHANNEL).client
    watch = CalendarListWatch(channel_id="c", address="https://a")
    assert (await client.watch_calendar_list(watch)).resource_id == "r"
    client = Setting(answer(200, events_body())).client
    assert (await client.instances_page(EventInstances(calendar_id="c", event_id="a"))).items == []


async def test_an_empty_answer_to_a_search_is_no_violation() -> None:
    setting = Setting(answer(200, events_body()))
    assert (await setting.client.events_page(EventsList(calendar_id="c", q="nothing"))).items == []


async def test_a_body_is_announced_as_json() -> None:
    setting = Setting(EVENT)
    await setting.client.insert_event(EventInsert(calendar_id="c", event={"id": "aaaaa"}))
    sent = setting.transport.requests[0]
    assert sent.headers["Content-Type"].startswith("application/json")
    assert json.loads(sent.body or b"") == {"id": "aaaaa"}


async def test_the_quota_is_waited_for_before_anything_leaves() -> None:
    setting = Setting(PAGE, quota=1)
    await setting.page()
    setting.clock.at += 40.0
    await setting.page()
    assert setting.clock.slept == [20.0]


async def test_a_quota_without_room_in_time_is_a_rate_limit_of_our_own() -> None:
    setting = Setting(PAGE, quota=1)
    await setting.page()
    error = await setting.failure()
    assert error.reason == "localQuota"
    assert error.retry_after_s == 60.0
    assert len(setting.transport.requests) == 1


async def test_cancelling_a_request_stops_it_during_a_wait() -> None:
    setting = Setting(BUSY)
    waiting = asyncio.Event()

    async def hang(seconds: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    setting.clock.sleep = hang  # type: ignore[method-assign]
    task = asyncio.create_task(setting.page())
    await asyncio.wait_for(waiting.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(setting.transport.requests) == 1


async def test_no_token_shows_in_any_error() -> None:
    for trouble in (*RETRIED, *FINAL, refusal(401, "authError", "Bearer ya29.first")):
        error = await Setting(trouble).failure()
        assert "ya29" not in str(error) + repr(error)
