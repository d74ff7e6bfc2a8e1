"""One calendar has more pages than a minute allows: we wait instead of being refused, and others get their share."""

import asyncio
from dataclasses import replace

from calferry import google
from calferry.sync.google_source import GoogleSource
from calferry.sync.run_calendar import run_calendar
from tests.harness.service import ENDPOINTS
from tests.scenarios.stage import Stage, staged


def limited(stage: Stage, per_minute: int, per_user: int) -> None:
    quota = google.SlidingQuota(stage.clock, per_minute, per_user)

    def source(account_id):  # type: ignore[no-untyped-def]
        service = stage.service
        client = google.GoogleCalendar(
            service.transport,
            service.credentials.of(account_id),
            stage.clock,
            stage.dice,
            ENDPOINTS,
            quota=quota,
            user=account_id,
        )
        return GoogleSource(client)

    stage.engine = replace(stage.engine, source=source)


def most_in_a_minute(moments: list[float]) -> int:
    return max(sum(at <= other < at + 60 for other in moments) for at in moments)


@staged(page_size=2)
async def test_no_minute_holds_more_than_allowed(stage: Stage) -> None:
    stage.add_many(23)
    limited(stage, 1000, 5)
    await stage.run()
    await stage.scan(300)
    moments = [one["at"] for one in stage.asked() if one["api_method"] == "events.list"]
    assert len(moments) >= 12
    assert most_in_a_minute(moments) == 5
    limited(stage, 1000, 1000)
    await stage.assert_equal()


@staged(page_size=2)
async def test_one_person_does_not_use_up_the_minute_of_others(stage: Stage) -> None:
    stage.add_many(23)
    busy = stage.calendar_id
    await stage.connect("bob@example.com")
    stage.add("lunch", "bob@example.com")
    limited(stage, 20, 5)
    await stage.clock.sleep(1)
    run = asyncio.create_task(run_calendar(stage.engine, busy))
    await stage.clock.sleep(2)
    started_ms = stage.clock.now_ms()
    await stage.done()
    assert stage.clock.now_ms() - started_ms < 5_000
    await run
    stage.calendar_id = busy
    await stage.scan(300)
    assert len(await stage.live()) == 23
