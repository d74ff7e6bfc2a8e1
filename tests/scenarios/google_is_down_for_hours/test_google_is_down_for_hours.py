"""Google answers nothing for hours, or every second request: few requests, and everything comes right afterwards."""

from dataclasses import replace

from calferry import google
from calferry.sync.google_source import GoogleSource
from tests.harness.service import ENDPOINTS
from tests.scenarios.stage import Stage, staged


@staged()
async def test_three_hours_without_an_answer(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    stage.add("dinner")
    stage.faults({"method": "*", "action": "return-503", "times": 100_000, "user": "alice@example.com"})
    stage.asked()
    await stage.scan(3 * 3600)
    assert stage.asked_methods()["events.list"] < 100
    assert await stage.live() == ["lunch"]
    stage.control("faults", {"faults": []})
    await stage.scan(3600 + 400)
    assert await stage.live() == ["dinner", "lunch"]
    await stage.assert_equal()


@staged()
async def test_every_second_answer_is_a_503(stage: Stage) -> None:
    budget = google.RetryBudget()

    def source(account_id):  # type: ignore[no-untyped-def]
        service = stage.service
        tokens = service.credentials.of(account_id)
        client = google.GoogleCalendar(service.transport, tokens, stage.clock, stage.dice, ENDPOINTS, budget)
        return GoogleSource(client)

    stage.engine = replace(stage.engine, source=source)
    await stage.done()
    for turn in range(200):
        stage.add({"summary": str(turn)})
        if turn % 2:
            stage.faults({"method": "events.list", "action": "return-503"})
        await stage.run()
        await stage.clock.sleep(18)
    stage.control("faults", {"faults": []})
    await stage.clock.sleep(3600)
    await stage.done()
    await stage.assert_equal()
