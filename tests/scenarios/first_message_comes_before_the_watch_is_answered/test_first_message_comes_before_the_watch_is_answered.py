"""Google greets a channel before its watch is answered, or the answer never comes."""

import asyncio
import sqlite3

from sqlalchemy.exc import OperationalError

from calferry.duties.rescue import rescue
from calferry.store import channels
from calferry.sync.accounts import disconnect
from calferry.sync.watch import ensure_channel
from tests.scenarios.stage import Stage, staged


@staged()
async def test_greeting_is_accepted_while_registering(stage: Stage) -> None:
    stage.service.transport.latency_s = 1.0
    opening = asyncio.create_task(ensure_channel(stage.engine, stage.calendar_id))
    await stage.clock.sleep(1.5)
    assert [row.state for row in await stage.channel_rows()] == ["registering"]
    assert await stage.deliver() == 1
    (row,) = await stage.channel_rows()
    assert (row.pushes, row.resource_id is not None) == (1, True)
    assert await opening == "active"
    assert [row.state for row in await stage.channel_rows()] == ["active"]


@staged()
async def test_lost_answer_leaves_no_channel_behind(stage: Stage) -> None:
    stage.faults({"method": "events.watch", "action": "commit-then-reset"})
    assert await ensure_channel(stage.engine, stage.calendar_id) == "failed"
    assert len(stage.open_channels()) == 1
    await stage.deliver()
    await rescue(stage.engine)
    assert stage.open_channels() == []
    assert [row.state for row in await stage.channel_rows()] == ["stopped"]
    assert await ensure_channel(stage.engine, stage.calendar_id) == "active"
    assert len(stage.open_channels()) == 1


@staged()
async def test_message_of_a_channel_whose_answer_was_lost_still_counts(stage: Stage) -> None:
    await stage.done()
    stage.faults({"method": "events.watch", "action": "commit-then-reset"})
    await ensure_channel(stage.engine, stage.calendar_id)
    stage.add("lunch")
    await stage.deliver()
    await stage.scan(2)
    assert await stage.live() == ["lunch"]


@staged()
async def test_watch_in_flight_does_not_survive_a_disconnect(stage: Stage) -> None:
    stage.service.transport.latency_s = 1.0
    opening = asyncio.create_task(ensure_channel(stage.engine, stage.calendar_id))
    await stage.clock.sleep(1.5)
    await disconnect(stage.engine, stage.account_id)
    await opening
    assert stage.open_channels() == []


@staged()
async def test_half_opened_channel_is_stopped_after_two_minutes(stage: Stage) -> None:
    stage.service.transport.latency_s = 1.0
    opening = asyncio.create_task(ensure_channel(stage.engine, stage.calendar_id))
    await stage.clock.sleep(1.5)
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
    await stage.deliver()
    await stage.clock.sleep(121)
    await rescue(stage.engine)
    assert stage.open_channels() == []
    assert [row.state for row in await stage.channel_rows()] == ["stopped"]


@staged()
async def test_answer_is_stored_although_the_store_was_down_when_it_came(stage: Stage) -> None:
    stage.service.transport.latency_s = 2.0
    write, refused = stage.service.store.write, list[float]()

    async def failing(work):  # type: ignore[no-untyped-def]
        if 1 < stage.clock.monotonic() - began_at < 10:
            refused.append(stage.clock.monotonic())
            raise OperationalError("", None, sqlite3.OperationalError("disk I/O error"))
        return await write(work)

    began_at = stage.clock.monotonic()
    stage.service.store.write = failing  # type: ignore[method-assign]
    assert await ensure_channel(stage.engine, stage.calendar_id) == "active"
    assert refused
    assert [row.state for row in await stage.channel_rows()] == ["active"]


@staged()
async def test_process_that_ends_before_the_answer_is_stored_leaves_no_channel_behind(stage: Stage) -> None:
    stage.service.transport.latency_s = 2.0
    write, cancelled = stage.service.store.write, list[float]()

    async def ending(work):  # type: ignore[no-untyped-def]
        if stage.open_channels() and not cancelled:
            cancelled.append(stage.clock.monotonic())
            raise asyncio.CancelledError
        return await write(work)

    stage.service.store.write = ending  # type: ignore[method-assign]
    opening = asyncio.create_task(ensure_channel(stage.engine, stage.calendar_id))
    await asyncio.wait([opening])
    assert (opening.cancelled(), len(cancelled), len(stage.open_channels())) == (True, 1, 1)
    await rescue(stage.engine)
    assert stage.open_channels() == []
    assert [row.state for row in await stage.channel_rows()] == ["stopped"]


@staged()
async def test_answer_to_a_watch_given_up_meanwhile_is_remembered_until_the_channel_is_stopped(
    stage: Stage,
) -> None:
    stage.service.transport.latency_s = 1.0
    opening = asyncio.create_task(ensure_channel(stage.engine, stage.calendar_id))
    await stage.clock.sleep(1.5)
    await stage.service.store.write(lambda tx: channels.drain(tx, stage.calendar_id))
    await rescue(stage.another().engine)
    assert [row.state for row in await stage.channel_rows()] == ["failed"]
    stage.faults({"method": "channels.stop", "action": "return-503", "times": 5})
    assert await opening == "failed"
    assert [row.state for row in await stage.channel_rows()] == ["draining"]
    stage.faults()
    await rescue(stage.engine)
    assert stage.open_channels() == []
    assert [row.state for row in await stage.channel_rows()] == ["stopped"]
