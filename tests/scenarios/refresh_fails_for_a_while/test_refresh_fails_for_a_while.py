"""Google's token endpoint is ill, or our client is refused: nobody has to connect again."""

from calferry.core.failure import Cause, SourceFailure
from tests.scenarios.stage import Stage, staged

TRANSIENT = [
    "return-500",
    "return-503",
    "return-429",
    "html-502",
    "reset",
    "commit-then-reset",
    "empty-body",
    "invalid-json",
    "stall-60000",
    "return-400:temporarily_unavailable",
]


async def expired(stage: Stage) -> None:
    await stage.done()
    await stage.clock.sleep(3600)
    stage.asked()


@staged()
async def test_passing_trouble_changes_no_account(stage: Stage) -> None:
    await expired(stage)
    for action in TRANSIENT:
        stage.faults({"method": "token", "action": action, "times": 9})
        report = await stage.run()
        assert report.outcome == "failed", action
        assert report.error is not None
        assert report.error.retryable, action
        assert (await stage.account()).status == "active", action
        state = await stage.state()
        assert (state.status, state.next_due_at is not None) == ("idle", True)
        stage.control("faults", {"faults": []})
        await stage.clock.sleep(4000)
    await stage.done()


@staged()
async def test_one_word_of_revocation_is_asked_about_again(stage: Stage) -> None:
    await expired(stage)
    stage.faults({"method": "token", "action": "return-400:invalid_grant"})
    await stage.done()
    assert (await stage.account()).status == "active"
    assert stage.asked_methods()["token"] == 2


@staged()
async def test_refused_client_kills_no_grant(stage: Stage) -> None:
    await expired(stage)
    stage.faults({"method": "token", "action": "return-401:invalid_client", "times": 99})
    report = await stage.run()
    assert report.outcome == "failed"
    assert (await stage.account()).status == "active"
    state = await stage.state()
    assert state.not_before_at - stage.clock.now_ms() >= 590_000
    stage.control("faults", {"faults": []})
    await stage.clock.sleep(700)
    await stage.done()


@staged()
async def test_wrong_clock_is_put_right_by_a_401(stage: Stage) -> None:
    """The token looks valid to us and is not: one refresh, one repetition."""
    await stage.done()
    stage.asked()
    stage.google.emulator.world.oauth.access_tokens.clear()
    await stage.done()
    assert stage.asked_methods() == {"events.list": 2, "token": 1}


@staged()
async def test_second_401_stops_the_account(stage: Stage) -> None:
    await stage.done()
    stage.asked()
    stage.faults({"method": "events.list", "action": "return-401", "times": 99})
    report = await stage.run()
    assert (report.outcome, report.error and report.error.code) == ("failed", "401")
    assert stage.asked_methods() == {"events.list": 2, "token": 1}
    assert (await stage.account()).status == "needs_reauth"
    stage.asked()
    await stage.scan(3600)
    assert stage.asked_methods() == {}


@staged()
async def test_refresh_without_a_new_refresh_token_keeps_the_old_one(stage: Stage) -> None:
    before = (await stage.account()).refresh_token
    await expired(stage)
    await stage.done()
    assert (await stage.account()).refresh_token == before


@staged()
async def test_crash_before_the_new_token_is_stored_costs_one_more_refresh(stage: Stage) -> None:
    await expired(stage)
    give_back = stage.service.credentials.give_back

    async def dies(row: object, values: object) -> bool:
        raise SourceFailure(Cause.UNREACHABLE, "gone")

    type(stage.service.credentials).give_back = dies  # type: ignore[assignment,method-assign]
    try:
        await stage.run()
    finally:
        type(stage.service.credentials).give_back = give_back.__func__  # type: ignore[method-assign,attr-defined]
    await stage.clock.sleep(120)
    await stage.done()
    assert (await stage.account()).status == "active"
