"""Somebody asks for a sync while a run is under way: what they are told is defined by their request, not by the run."""

import asyncio

from calferry.store import sync_requests
from calferry.sync.run_calendar import run_calendar
from calferry.sync.run_many import run_many
from tests.scenarios.stage import Stage, staged


async def accept(stage: Stage, number: int = 1) -> sync_requests.SyncRequest:
    now_ms = stage.clock.now_ms()
    asked = await stage.service.store.write(
        lambda tx: sync_requests.accept(tx, f"req_{number}", 1, [stage.calendar_id], now_ms, now_ms + 300_000)
    )
    assert isinstance(asked, sync_requests.SyncRequest)
    return asked


async def look(
    stage: Stage, request: sync_requests.SyncRequest, position: int
) -> sync_requests.StreamSnapshot:
    now_ms = stage.clock.now_ms()
    return await stage.service.store.read(
        lambda tx: sync_requests.stream_state(tx, request, position, now_ms, limit=250)
    )


@staged(page_size=2)
async def test_entries_after_the_request_until_it_is_clean(stage: Stage) -> None:
    stage.add_many(8)
    stage.service.transport.latency_s = 0.5
    await stage.clock.sleep(1)
    run = asyncio.create_task(run_calendar(stage.engine, stage.calendar_id))
    await stage.clock.sleep(2.2)
    stored_before = len(await stage.live())
    assert 0 < stored_before < 8
    request = await accept(stage)
    stage.add("lunch")
    assert (await look(stage, request, request.head)).progress[stage.calendar_id].state == "working"
    await run
    assert (await look(stage, request, request.head)).progress[stage.calendar_id].state == "working"
    await run_many(stage.engine, [stage.calendar_id], marks=request.marks)
    snapshot = await look(stage, request, request.head)
    assert snapshot.progress[stage.calendar_id].state == "clean"
    assert len(snapshot.entries) == 8 - stored_before + 1
    assert len({entry.event_id for entry in snapshot.entries}) == len(snapshot.entries)
    assert "lunch" in {entry.event_id for entry in snapshot.entries}


@staged()
async def test_unknown_calendar_is_named_without_saying_whose(stage: Stage) -> None:
    now_ms = stage.clock.now_ms()
    asked = await stage.service.store.write(
        lambda tx: sync_requests.accept(tx, "req_2", 1, ["cal_nobodys"], now_ms, now_ms + 300_000)
    )
    assert isinstance(asked, sync_requests.SyncRequest)
    progress = (await look(stage, asked, 0)).progress["cal_nobodys"]
    assert (progress.state, progress.error and progress.error.code) == ("failed", "404")


@staged()
async def test_failed_run_fails_the_request_and_not_the_next_one(stage: Stage) -> None:
    stage.faults({"method": "events.list", "action": "return-500", "times": 5})
    request = await accept(stage)
    await run_many(stage.engine, [stage.calendar_id], marks=request.marks)
    assert (await look(stage, request, 0)).progress[stage.calendar_id].state == "failed"
    stage.control("faults", {"faults": []})
    await stage.clock.sleep(60)
    again = await accept(stage, 2)
    assert (await look(stage, again, 0)).progress[stage.calendar_id].state == "working"
    await run_many(stage.engine, [stage.calendar_id], marks=again.marks)
    assert (await look(stage, again, 0)).progress[stage.calendar_id].state == "clean"


@staged()
async def test_only_accepted_requests_use_up_the_cooldown(stage: Stage) -> None:
    await accept(stage)
    for wait_s, expected in ((1.0, 4), (2.5, 2), (1.4, 1)):
        await stage.clock.sleep(wait_s)
        now_ms = stage.clock.now_ms()
        refused = await stage.service.store.write(
            lambda tx, now_ms=now_ms: sync_requests.accept(
                tx, "req_3", 1, [stage.calendar_id], now_ms, now_ms
            )
        )
        assert refused == sync_requests.TooSoon(expected)
    await stage.clock.sleep(0.2)
    await accept(stage, 4)
