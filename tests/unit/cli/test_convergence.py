"""The demo's judgement: it sees a difference, and it sees when there is none any more."""

import random

from calferry.cli.convergence import arrival, converge, log_head, pushes
from calferry.sync.run_calendar import run_calendar
from tests.harness.ports import VirtualClock
from tests.harness.service import LocalGoogle, Service
from tests.harness.virtual_loop import run_virtually

ALICE = "alice@example.com"


async def mirrored() -> tuple[Service, str]:
    clock, dice = VirtualClock(), random.Random(3)
    service = Service(LocalGoogle(clock, dice), clock, dice)
    await service.sign_in()
    calendar_id = await service.calendar_id(ALICE)
    await run_calendar(service.engine, calendar_id)
    return service, calendar_id


def add_event(service: Service) -> None:
    body = {"summary": "Lunch", "start": {"date": "2026-12-24"}, "end": {"date": "2026-12-25"}}
    service.google.call("POST", f"/calendar/v3/calendars/{ALICE}/events", body, user=ALICE)


def test_an_event_that_did_not_arrive_is_a_difference_until_it_does() -> None:
    async def story() -> None:
        service, calendar_id = await mirrored()
        add_event(service)
        before = await converge(service.engine, [calendar_id], deadline_s=0)
        assert not before.converged
        assert [len(found.missing) for found in before.differing] == [1]
        await service.clock.sleep(2)
        report = await run_calendar(service.engine, calendar_id)
        assert report.outcome == "done"
        assert (await converge(service.engine, [calendar_id], deadline_s=0)).converged

    run_virtually(story())


def test_arrival_is_told_by_the_change_log() -> None:
    async def story() -> None:
        service, calendar_id = await mirrored()
        head = await log_head(service.engine)
        add_event(service)
        assert await arrival(service.engine, head, deadline_s=0) is None
        await service.clock.sleep(2)
        report = await run_calendar(service.engine, calendar_id)
        assert report.outcome == "done"
        assert await arrival(service.engine, head, deadline_s=0) is not None
        assert await log_head(service.engine) == head + 1

    run_virtually(story())


def test_only_believed_messages_count_as_pushes() -> None:
    async def story() -> None:
        service, _ = await mirrored()
        assert await pushes(service.engine) == 0

    run_virtually(story())
