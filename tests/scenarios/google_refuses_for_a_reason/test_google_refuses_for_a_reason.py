"""403, 410, 429 and 400 mean many things: the reason decides what follows."""

import pytest

from tests.scenarios.stage import Stage, staged

HOUR_MS = 3_600_000
# (action, what happens to the account, least and most wait in ms, most requests of the run)
REFUSALS = [
    ("return-403:rateLimitExceeded", "active", 1, HOUR_MS, 5),
    ("return-403:userRateLimitExceeded", "active", 1, HOUR_MS, 5),
    ("return-429", "active", 1, HOUR_MS, 5),
    ("return-403:quotaExceeded", "active", HOUR_MS, HOUR_MS, 5),
    ("return-403:calendarUsageLimitsExceeded", "active", HOUR_MS, HOUR_MS, 5),
    ("return-403:dailyLimitExceeded", "active", 4 * HOUR_MS, 4 * HOUR_MS, 5),
    ("return-403:forbidden", "active", 60_000, HOUR_MS, 1),
    ("return-403:accessNotConfigured", "active", 600_000, 600_000, 1),
    ("return-403:insufficientPermissions", "partial", 4 * HOUR_MS, 4 * HOUR_MS, 1),
    ("return-403:notACalendarUser", "calendar_disabled", 0, HOUR_MS, 1),
    ("return-400:badRequest", "active", HOUR_MS, HOUR_MS, 1),
    ("return-404", "active", 10_000, HOUR_MS, 1),
    ("return-500", "active", 10_000, HOUR_MS, 5),
    ("return-502", "active", 10_000, HOUR_MS, 5),
    ("return-503", "active", 10_000, HOUR_MS, 5),
    ("return-504", "active", 10_000, HOUR_MS, 5),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=[one[0] for one in REFUSALS])
def test_refusal_has_its_own_consequence(refusal: tuple[str, str, int, int, int]) -> None:
    action, status, least_ms, most_ms, requests = refusal

    @staged()
    async def scenario(stage: Stage) -> None:
        stage.add("lunch")
        await stage.done()
        token = (await stage.state()).sync_token
        stage.asked()
        stage.faults({"method": "events.list", "action": action, "times": 99})
        report = await stage.run()
        assert report.outcome == "failed"
        assert report.error is not None
        assert (await stage.account()).status == status
        state = await stage.state()
        assert least_ms <= state.not_before_at - stage.clock.now_ms() <= most_ms
        assert stage.asked_methods()["events.list"] <= requests
        assert state.sync_token == token
        assert await stage.live() == ["lunch"]

    scenario()


@staged()
async def test_quota_is_no_loss_of_permission(stage: Stage) -> None:
    stage.faults({"method": "events.list", "action": "return-403:rateLimitExceeded", "times": 2})
    stage.add("lunch")
    await stage.done()
    assert (await stage.account()).status == "active"
    assert await stage.live() == ["lunch"]


RETRY_AFTER = [
    "20",
    "1000000000",
    "-3",
    "soon",
    "",
    "Mon, 21 Sep 2026 15:00:00 GMT",
    "Fri, 01 Jan 1990 00:00:00 GMT",
]


@pytest.mark.parametrize("value", RETRY_AFTER)
def test_retry_after_is_honoured_within_reason(value: str) -> None:
    @staged()
    async def scenario(stage: Stage) -> None:
        fault = {"method": "events.list", "action": "return-429", "times": 99, "retry_after": value}
        stage.faults(fault)
        started_ms = stage.clock.now_ms()
        report = await stage.run()
        assert report.outcome == "failed"
        assert stage.clock.now_ms() - started_ms < 65_000
        assert 0 < (await stage.state()).not_before_at - stage.clock.now_ms() <= HOUR_MS + 1000

    scenario()


@staged()
async def test_body_of_an_error_may_be_anything(stage: Stage) -> None:
    from calferry.emulator import Request, Response

    emulator = stage.google.emulator
    bodies = [b"", b"<html>", b"[]", b'{"error":[]}', b'{"error":{"errors":[]}}', b"\xff\xfe", b"[" * 100_000]

    class Odd:
        body = b""

        def handle(self, request: Request) -> Response:
            if request.path.endswith("/events"):
                return Response(403, {}, self.body)
            return emulator.handle(request)

    odd = Odd()
    stage.service.transport.emulator = odd
    for body in bodies:
        odd.body = body
        report = await stage.run()
        assert (report.outcome, report.error and report.error.code) == ("failed", "403")
        assert (await stage.account()).status == "active"
        await stage.clock.sleep(4000)
