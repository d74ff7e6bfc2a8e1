import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest

from calferry.google import (
    AclGet,
    Conflict,
    Duplicate,
    Endpoints,
    EventDelete,
    EventGet,
    EventInsert,
    EventPatch,
    GoogleCalendar,
    GoogleError,
    GrantRevoked,
    NotFound,
    ProtocolViolation,
    RateLimited,
    RetryBudget,
    ServerError,
    SlidingQuota,
    Unauthorized,
    Unreachable,
    WireRequest,
    WireResponse,
)
from tests.unit.google.fakes import FakeClock, FixedDice, Tokens, answer, refusal

Answer = WireResponse | Exception
PART = re.compile(rb"Content-ID: <([^>]+)>\r\n\r\n(\S+) (\S+) HTTP/1.1")


class BatchServer:
    """Answers a part by the last piece of its path: by a script of answers, the last one for ever, or with 200."""

    def __init__(self, **script: list[WireResponse | None]) -> None:
        self.script = script
        self.whole: list[Answer] = []
        self.batches: list[list[str]] = []
        self.singles: list[str] = []
        self.requests: list[WireRequest] = []
        self.shape: Callable[[list[bytes]], list[bytes]] = lambda parts: parts

    async def send(self, request: WireRequest) -> WireResponse:
        self.requests.append(request)
        if not request.url.startswith("https://google.test/batch/calendar/v3"):
            self.singles.append(name_of(request.url))
            return self._next(self.singles[-1]) or answer(200, {"id": self.singles[-1]})
        found = [
            (part_id, name_of(target.decode())) for part_id, _, target in PART.findall(request.body or b"")
        ]
        self.batches.append([name for _, name in found])
        if self.whole:
            outcome = self.whole.pop(0)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome
        parts = [text for part_id, name in found if (text := self._part(part_id, name))]
        body = b"".join(b"--x\r\n%s\r\n" % part for part in self.shape(parts)) + b"--x--"
        return answer(200, body, content_type="multipart/mixed; boundary=x")

    def _part(self, part_id: bytes, name: str) -> bytes:
        response = self._next(name) or answer(200, {"id": name})
        if response.status == 299:
            return b""
        head = f"HTTP/1.1 {response.status} Whatever\r\n" + "".join(
            f"{key}: {value}\r\n" for key, value in response.headers.items()
        )
        return b"Content-ID: <response-%s>\r\n\r\n%s\r\n%s" % (part_id, head.encode(), response.body)

    def _next(self, name: str) -> WireResponse | None:
        script = self.script.get(name, [None])
        return script.pop(0) if len(script) > 1 else script[0]


def name_of(target: str) -> str:
    return target.partition("?")[0].rpartition("/")[2]


LOST = answer(299)
BUSY, SLOW = refusal(503, "backendError"), refusal(403, "rateLimitExceeded")
BROKEN, GONE = refusal(500, "backendError"), refusal(404, "notFound")


class Setting:
    def __init__(self, server: BatchServer, **more: Any) -> None:
        self.server, self.clock, self.tokens = server, FakeClock(), Tokens()
        quota = more.pop("quota", None)
        self.client = GoogleCalendar(
            server,
            self.tokens,
            self.clock,
            FixedDice(0.5),
            Endpoints(api_url="https://google.test"),
            quota=SlidingQuota(self.clock, per_minute_per_user=quota) if quota else None,
            **more,
        )


def get(name: str) -> EventGet:
    return EventGet(calendar_id="c", event_id=name)


def patch(name: str) -> EventPatch:
    return EventPatch(calendar_id="c", event_id=name, event={"summary": "x"}, if_match='"1"')


async def outcomes(setting: Setting, *requests: Any, **more: Any) -> list[str]:
    """Per part the id it answered or the name of its error."""
    found = await setting.client.batch(requests, **more)
    return [
        type(each).__name__ if isinstance(each, GoogleError) else getattr(each, "event_id", "-")
        for each in found
    ]


async def test_results_come_in_the_order_of_the_requests_whatever_the_answers_order() -> None:
    server = BatchServer(b=[GONE])
    server.shape = lambda parts: parts[::-1]
    setting = Setting(server)
    assert await outcomes(setting, get("a"), get("b"), get("c")) == ["a", "NotFound", "c"]
    assert server.batches == [["a", "b", "c"]]
    assert setting.clock.slept == []


async def test_a_batch_is_one_post_with_the_token_and_a_part_for_each_request() -> None:
    setting = Setting(BatchServer(), quota_user="bob")
    await outcomes(setting, get("a"), patch("b"))
    [sent] = setting.server.requests
    assert (sent.method, sent.url) == ("POST", "https://google.test/batch/calendar/v3")
    assert sent.headers["Authorization"] == "Bearer ya29.first"
    assert sent.headers["X-Goog-Quota-User"] == "bob"
    body = (sent.body or b"").decode()
    assert "GET /calendar/v3/calendars/c/events/a?prettyPrint=false HTTP/1.1" in body
    assert 'If-Match: "1"' in body
    assert "ya29" not in body


async def test_a_block_sends_when_it_ends_and_gives_each_part_its_result() -> None:
    setting = Setting(BatchServer(b=[GONE]))
    async with setting.client.batch() as batch:
        found = batch.add(get("a"))
        missing = batch.add(AclGet(calendar_id="c", rule_id="b"))
        with pytest.raises(RuntimeError, match="has not been sent"):
            found.result()
        assert setting.server.batches == []
    assert found.result().event_id == "a"
    assert isinstance(missing.error, NotFound)
    with pytest.raises(NotFound):
        missing.result()


async def test_a_block_that_fails_sends_nothing() -> None:
    setting = Setting(BatchServer())

    async def fails() -> None:
        async with setting.client.batch() as batch:
            batch.add(get("a"))
            raise LookupError

    with pytest.raises(LookupError):
        await fails()
    assert setting.server.requests == []


async def test_an_empty_batch_asks_nobody() -> None:
    setting = Setting(BatchServer())
    assert await setting.client.batch([]) == []
    assert setting.server.requests == []


async def test_more_parts_than_fit_are_sent_in_several_batches() -> None:
    setting = Setting(BatchServer())
    names = [f"e{number}" for number in range(120)]
    assert await outcomes(setting, *map(get, names)) == names
    assert [len(batch) for batch in setting.server.batches] == [50, 50, 20]
    assert await outcomes(setting, *map(get, names), parts_max=1000) == names
    for size in (0, 1001):
        with pytest.raises(ValueError, match="parts_max"):
            setting.client.batch([], parts_max=size)


async def test_only_parts_that_failed_in_passing_are_sent_again() -> None:
    setting = Setting(BatchServer(b=[BUSY, SLOW, None], c=[GONE]))
    assert await outcomes(setting, get("a"), get("b"), get("c")) == ["a", "b", "NotFound"]
    assert setting.server.batches == [["a", "b", "c"], ["b"], ["b"]]
    assert setting.clock.slept == [1.5, 2.5]


async def test_a_part_whose_outcome_is_unclear_is_sent_again_only_if_it_may_be() -> None:
    setting = Setting(BatchServer(a=[BROKEN, None], b=[BROKEN, None], c=[BUSY, None], d=[BROKEN, None]))
    insert = EventInsert(calendar_id="c", event={})
    delete = EventDelete(calendar_id="c", event_id="d")
    assert await outcomes(setting, get("a"), patch("b"), patch("c"), delete) == ["a", "ServerError", "c", "-"]
    assert setting.server.batches == [["a", "b", "c", "d"], ["a", "c", "d"]]
    setting = Setting(BatchServer(events=[BROKEN, None]))
    assert await outcomes(setting, insert) == ["ServerError"]


async def test_the_longest_wait_that_a_part_asks_for_is_kept() -> None:
    wait = refusal(429, "rateLimitExceeded", retry_after="20")
    setting = Setting(BatchServer(a=[wait, None], b=[BUSY, None]))
    assert await outcomes(setting, get("a"), get("b")) == ["a", "b"]
    assert setting.clock.slept == [20.0]


async def test_parts_that_never_succeed_end_with_their_last_error() -> None:
    setting = Setting(BatchServer(a=[BUSY]))
    [error] = await setting.client.batch([get("a")])
    assert isinstance(error, ServerError)
    assert len(setting.server.batches) == 5


async def test_a_budget_that_is_spent_ends_the_retries() -> None:
    setting = Setting(BatchServer(a=[BUSY], b=[BUSY]), retry_budget=RetryBudget(free=1))
    assert await outcomes(setting, get("a"), get("b")) == ["ServerError", "ServerError"]
    assert setting.server.batches == [["a", "b"], ["a", "b"]]


async def test_a_batch_is_one_retry_however_many_parts_it_has() -> None:
    setting = Setting(BatchServer())
    setting.server.whole = [BUSY, BUSY]
    names = [f"e{number}" for number in range(50)]
    assert await outcomes(setting, *map(get, names)) == names
    assert len(setting.server.batches) == 3


async def test_a_part_that_is_told_to_wait_too_long_holds_up_nobody() -> None:
    later = refusal(429, "rateLimitExceeded", retry_after="3000")
    setting = Setting(BatchServer(a=[later], b=[BUSY, None]))
    [error, found] = await setting.client.batch([get("a"), get("b")])
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == 3000.0
    assert found.event_id == "b"
    assert setting.clock.slept == [1.5]


async def test_changes_that_met_in_one_batch_are_sent_one_by_one() -> None:
    clash = refusal(409, "conflict")
    setting = Setting(BatchServer(a=[clash, None], b=[clash, None], c=[refusal(409, "duplicate")]))
    assert await outcomes(setting, patch("a"), patch("b"), patch("c")) == ["a", "b", "Duplicate"]
    assert setting.server.batches == [["a", "b", "c"]]
    assert setting.server.singles == ["a", "b"]


async def test_a_conflict_that_stays_is_told() -> None:
    setting = Setting(BatchServer(a=[refusal(409, "conflict")]))
    [error] = await setting.client.batch([patch("a")])
    assert isinstance(error, Conflict)
    assert not isinstance(error, Duplicate)


async def test_a_part_whose_token_ended_is_asked_with_a_new_one() -> None:
    refused = refusal(401, "authError")
    setting = Setting(BatchServer(a=[refused, refused, None]))
    assert await outcomes(setting, get("a"), get("b")) == ["a", "b"]
    assert setting.tokens.renewals == ["ya29.first"]
    assert setting.server.singles == ["a", "a"]


async def test_a_batch_whose_token_is_refused_is_sent_with_a_new_one() -> None:
    setting = Setting(BatchServer())
    setting.server.whole = [refusal(401, "authError")]
    assert await outcomes(setting, patch("a")) == ["a"]
    assert setting.tokens.renewals == ["ya29.first"]
    setting.server.whole = [refusal(401, "authError")] * 2
    [error] = await setting.client.batch([patch("a")])
    assert isinstance(error, Unauthorized)
    assert setting.server.singles == []


@pytest.mark.parametrize(
    ("whole", "expected", "again"),
    [
        (BUSY, ["a", "b"], ["a", "b"]),
        (refusal(429, "rateLimitExceeded"), ["a", "b"], ["a", "b"]),
        (Unreachable("no", kind="connect"), ["a", "b"], ["a", "b"]),
        (BROKEN, ["a", "ServerError"], ["a"]),
        (Unreachable("no", kind="reset"), ["a", "Unreachable"], ["a"]),
        (answer(200, {}, content_type="application/json"), ["a", "ProtocolViolation"], ["a"]),
        (refusal(400, "badRequest"), ["BadRequest", "BadRequest"], []),
    ],
)
async def test_a_batch_that_fails_as_a_whole_is_sent_again_as_far_as_that_is_safe(
    whole, expected, again
) -> None:
    setting = Setting(BatchServer())
    setting.server.whole = [whole]
    assert await outcomes(setting, get("a"), patch("b")) == expected
    assert setting.server.batches[1:] == ([again] if again else [])


async def test_a_part_without_an_answer_is_nobody_elses_trouble() -> None:
    setting = Setting(BatchServer(a=[LOST, None], b=[LOST, None]))
    found = await setting.client.batch([get("a"), patch("b"), get("c")])
    assert isinstance(found[1], ProtocolViolation)
    assert found[1].reason == "missingPart"
    assert setting.server.batches == [["a", "b", "c"], ["a"]]


async def test_answers_that_make_no_sense_are_asked_for_three_times() -> None:
    setting = Setting(BatchServer(a=[answer(200, b"nonsense")]))
    assert await outcomes(setting, get("a")) == ["ProtocolViolation"]
    assert len(setting.server.batches) == 3


async def test_what_fails_before_it_is_sent_reaches_every_part() -> None:
    setting = Setting(BatchServer())
    setting.server.whole = [refusal(401, "authError")]
    setting.tokens.failure = GrantRevoked("gone")
    assert await outcomes(setting, get("a"), get("b")) == ["GrantRevoked", "GrantRevoked"]


async def test_each_part_counts_against_the_quota() -> None:
    setting = Setting(BatchServer(), quota=10)
    assert await outcomes(setting, patch("a"), patch("b"), get("c")) == ["a", "b", "c"]
    assert await outcomes(setting, get("a"), get("b"), get("c")) == ["a", "b", "c"]
    assert setting.clock.slept == []
    setting.clock.at += 40.0
    assert await outcomes(setting, get("a")) == ["a"]
    assert setting.clock.slept == [20.0]


async def test_a_quota_that_is_used_up_for_long_is_told_to_the_parts() -> None:
    setting = Setting(BatchServer(), quota=1)
    await outcomes(setting, get("a"))
    [error] = await setting.client.batch([get("a")])
    assert isinstance(error, RateLimited)
    assert error.reason == "localQuota"


async def test_two_batches_at_once_do_not_mix() -> None:
    setting = Setting(BatchServer())
    found = await asyncio.gather(outcomes(setting, get("a")), outcomes(setting, get("b")))
    assert found == [["a"], ["b"]]


async def test_a_request_that_makes_no_sense_is_refused_before_anything_is_sent() -> None:
    setting = Setting(BatchServer())
    with pytest.raises(ValueError, match="event_id"):
        await setting.client.batch([get("a"), patch("")])
    assert setting.server.requests == []
