"""Duties over a whole service and a local Google, on virtual time."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import select, update

from calferry.core.limits import CRON_STALE_MS
from calferry.duties.finish_closing import finish_closing
from calferry.duties.open_channels import setup_channels
from calferry.duties.poll_stale import sync_calendars
from calferry.duties.renew_channels import renew_channels
from calferry.jobs.scheduler import Scheduler
from calferry.store import calendars as calendar_rows
from calferry.store.tables import accounts, calendars, channels, events, sync_states
from calferry.sync import google_source
from calferry.sync.accounts import disconnect
from calferry.sync.run_calendar import run_calendar
from tests.harness.ports import VirtualClock
from tests.harness.service import LocalGoogle, Service
from tests.harness.virtual_loop import run_virtually

ALICE = "alice@example.com"
TEAM = "alice-team@group.calendar.google.com"
DAY_S = 24 * 3_600


async def service_with(*google_ids: str, **options: Any) -> Service:
    """Alice's service, with these calendars selected."""
    clock, dice = VirtualClock(), random.Random(5)
    service = Service(LocalGoogle(clock, dice), clock, dice, **options)
    await service.sign_in()
    chosen = [await service.calendar_id(google_id) for google_id in google_ids]
    await service.store.write(lambda tx: calendar_rows.select_for_sync(tx, chosen))
    return service


def virtually(story: Callable[[], Awaitable[None]]) -> None:
    async def told() -> None:
        await story()

    run_virtually(told())


def add_event(service: Service, title: str, calendar: str = ALICE) -> None:
    times = {"start": {"date": "2026-12-24"}, "end": {"date": "2026-12-25"}}
    path = f"/calendar/v3/calendars/{calendar}/events"
    service.google.call("POST", path, {"summary": title, **times}, user=ALICE)


async def stored_titles(service: Service) -> int:
    return len(await service.rows(select(events.c.event_id)))


def test_cron_syncs_the_neglected_and_leaves_the_fresh_alone() -> None:
    async def story() -> None:
        service = await service_with(ALICE, TEAM)
        add_event(service, "Christmas")
        report = await sync_calendars(service.engine)
        assert (report.total, report.successful, report.incomplete, report.failed) == (2, 2, 0, 0)
        assert (await sync_calendars(service.engine)).total == 0
        await asyncio.sleep(CRON_STALE_MS / 1000 + 1)
        assert (await sync_calendars(service.engine)).total == 2

    virtually(story)


def test_cron_takes_two_pages_of_each_and_the_next_one_goes_on(monkeypatch: Any) -> None:
    sent = google_source.events_list
    small = {"max_results": 2}
    monkeypatch.setattr(
        google_source,
        "events_list",
        lambda *asked: type(found := sent(*asked))(**{**vars_of(found), **small}),
    )

    async def story() -> None:
        service = await service_with(ALICE)
        for number in range(7):
            add_event(service, f"Event {number}")
        first = await sync_calendars(service.engine)
        assert (first.total, first.incomplete, await stored_titles(service)) == (1, 1, 4)
        second = await sync_calendars(service.engine)
        assert (second.total, second.successful, await stored_titles(service)) == (1, 1, 7)

    virtually(story)


def vars_of(request: Any) -> dict[str, Any]:
    return {name: getattr(request, name) for name in request.__struct_fields__}


def test_cron_counts_what_google_refuses_as_failed() -> None:
    async def story() -> None:
        service = await service_with(ALICE, TEAM)
        refusal = {"method": "events.list", "times": 99, "action": "return-404:notFound", "calendar_id": TEAM}
        service.google.faults(refusal)
        report = await sync_calendars(service.engine)
        assert (report.total, report.successful, report.incomplete, report.failed) == (2, 1, 0, 1)

    virtually(story)


def test_cron_has_nothing_to_do_without_selected_calendars() -> None:
    async def story() -> None:
        report = await sync_calendars((await service_with()).engine)
        assert (report.total, report.successful, report.incomplete, report.failed) == (0, 0, 0, 0)

    virtually(story)


async def channel_states(service: Service) -> list[str]:
    return sorted(row.state for row in await service.rows(select(channels.c.state)))


def test_setup_opens_what_is_missing_once() -> None:
    async def story() -> None:
        service = await service_with(ALICE, TEAM)
        assert await setup_channels(service.engine) == (2, 0)
        assert await setup_channels(service.engine) == (0, 0)
        assert await channel_states(service) == ["active", "active"]

    virtually(story)


def test_setup_leaves_a_calendar_that_cannot_be_watched_for_a_day() -> None:
    async def story() -> None:
        service = await service_with(ALICE, TEAM)
        service.google.call("POST", "/_emulator/watchable", {"calendar_id": TEAM, "watchable": False})
        assert await setup_channels(service.engine) == (1, 0)
        asked = len(service.google.requests("events.watch"))
        assert await setup_channels(service.engine) == (0, 0)
        assert len(service.google.requests("events.watch")) == asked

    virtually(story)


def test_setup_and_renewal_do_nothing_without_a_webhook_address() -> None:
    async def story() -> None:
        service = await service_with(ALICE, webhook=None)
        assert await setup_channels(service.engine) == (0, 0)
        assert await renew_channels(service.engine) == (0, 0)

    virtually(story)


def test_renewal_replaces_channels_in_their_last_day_and_stops_the_old() -> None:
    async def story() -> None:
        service = await service_with(ALICE)
        await setup_channels(service.engine)
        assert await renew_channels(service.engine) == (0, 0)
        await asyncio.sleep(6 * DAY_S + 60)
        assert await renew_channels(service.engine) == (1, 0)
        assert await channel_states(service) == ["active", "stopped"]
        assert len(service.google.requests("channels.stop")) == 1
        assert await renew_channels(service.engine) == (0, 0)

    virtually(story)


def test_a_channel_that_google_made_short_is_renewed_in_its_last_hour() -> None:
    async def story() -> None:
        service = await service_with(ALICE)
        await setup_channels(service.engine)
        soon = service.clock.now_ms() + 3_599_000
        short = update(channels).values(expires_at=soon, renew_at=soon)
        await service.store.write(lambda tx: tx.execute(short))
        assert await renew_channels(service.engine) == (1, 0)

    virtually(story)


def test_a_disconnection_that_google_did_not_hear_of_is_finished_later() -> None:
    async def story() -> None:
        service = await service_with(ALICE)
        account_id = (await service.rows(select(accounts.c.id)))[0].id
        service.google.faults({"method": "revoke", "times": 20, "action": "return-503"})
        await disconnect(service.engine, account_id)
        assert [row.status for row in await service.rows(select(accounts.c.status))] == ["closing"]
        service.google.faults()
        assert await finish_closing(service.engine) == 1
        assert await service.rows(select(accounts.c.id)) == []
        assert await service.rows(select(calendars.c.id)) == []
        assert await finish_closing(service.engine) == 0

    virtually(story)


def test_the_worker_mirrors_what_is_selected_and_follows_pushes() -> None:
    async def story() -> None:
        service = await service_with(ALICE)
        calendar_id = await service.calendar_id(ALICE)
        due = update(sync_states).where(sync_states.c.id == calendar_id).values(next_due_at=0)
        await service.store.write(lambda tx: tx.execute(due))
        scheduler = Scheduler(service.engine)
        working = asyncio.create_task(scheduler.run())
        await asyncio.sleep(10)
        assert await channel_states(service) == ["active", "active"]
        assert len(service.google.requests("calendarList.watch")) == 1
        listed = len(service.google.requests("events.list"))
        add_event(service, "New Year")
        await service.deliver()
        await asyncio.sleep(1.5)
        assert await stored_titles(service) == 1
        assert len(service.google.requests("events.list")) == listed + 1
        scheduler.stop()
        await working

    virtually(story)


def test_the_worker_lists_the_calendars_again_from_time_to_time() -> None:
    async def story() -> None:
        service = await service_with(ALICE)
        listed = len(service.google.requests("calendarList.list"))
        scheduler = Scheduler(service.engine, timers=())
        working = asyncio.create_task(scheduler.run())
        await asyncio.sleep(1_200)
        scheduler.stop()
        await working
        assert 1 <= len(service.google.requests("calendarList.list")) - listed <= 2

    virtually(story)


def test_an_unselected_calendar_is_never_asked_for() -> None:
    async def story() -> None:
        service = await service_with()
        scheduler = Scheduler(service.engine)
        working = asyncio.create_task(scheduler.run())
        await asyncio.sleep(300)
        scheduler.stop()
        await working
        assert service.google.requests("events.list") == []
        assert service.google.requests("events.watch") == []

    virtually(story)


def test_a_run_that_was_cancelled_is_due_again_and_holds_no_lease() -> None:
    async def story() -> None:
        service = await service_with(ALICE, latency_s=5.0)
        calendar_id = await service.calendar_id(ALICE)
        running = asyncio.create_task(run_calendar(service.engine, calendar_id))
        await asyncio.sleep(1)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        statement = select(sync_states).where(sync_states.c.id == calendar_id)
        (state,) = await service.rows(statement)
        assert (state.lease_owner, state.status) == (None, "idle")
        assert state.next_due_at <= service.clock.now_ms()

    virtually(story)


def test_calls_of_cron_at_the_same_time_sync_each_calendar_once() -> None:
    async def story() -> None:
        service = await service_with(ALICE, TEAM, latency_s=1.0)
        reports = await asyncio.gather(*(sync_calendars(service.engine) for _ in range(3)))
        assert [(report.total, report.successful) for report in reports] == [(2, 2)] * 3
        assert len(service.google.requests("events.list")) == 2

    virtually(story)


def test_calls_of_cron_at_the_same_time_open_and_renew_each_channel_once() -> None:
    async def story() -> None:
        service = await service_with(ALICE, TEAM, latency_s=1.0)
        opened = await asyncio.gather(*(setup_channels(service.engine) for _ in range(3)))
        assert (sum(one.created for one in opened), sum(one.failed for one in opened)) == (2, 0)
        assert len(service.google.requests("events.watch")) == 2
        await asyncio.sleep(6 * DAY_S + 60)
        renewed = await asyncio.gather(*(renew_channels(service.engine) for _ in range(3)))
        assert (sum(one.renewed for one in renewed), sum(one.failed for one in renewed)) == (2, 0)
        assert len(service.google.requests("events.watch")) == 4

    virtually(story)
