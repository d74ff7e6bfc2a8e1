"""Edits of one event, or of one series, reach Google in the order in which they were accepted, each made on the one before."""

import asyncio

import pytest

from calferry import google
from calferry.store import intents, leftovers
from calferry.sync.lease import terms
from calferry.sync.send_intent import send_intent
from tests.scenarios.stage import Stage, staged


async def cancel(stage: Stage, intent_id: str) -> bool:
    user_id, now_ms, lease = (await stage.account()).user_id, stage.clock.now_ms(), terms(stage.engine)
    return await stage.service.store.write(lambda tx: intents.cancel(tx, user_id, intent_id, lease, now_ms))


@staged()
async def test_insert_patches_and_deletion_wait_for_each_other(stage: Stage) -> None:
    await stage.done()
    stage.service.transport.is_down = True
    await stage.edit("insert", None, {"id": "lunch"})
    await stage.edit("patch", "lunch", {"summary": "Brunch"})
    await stage.edit("patch", "lunch", {"location": "Canteen"})
    await stage.edit("delete", "lunch")
    assert await stage.send() == ["pending"] * 4
    stage.service.transport.is_down = False
    assert await stage.send(120) == ["done"] * 4
    assert [(request["method"], request["status"]) for request in stage.written()] == [
        ("POST", 200),
        ("PATCH", 200),
        ("PATCH", 200),
        ("DELETE", 204),
    ]
    assert await stage.conflict_rows() == []


@staged()
async def test_edit_behind_another_takes_its_result_as_base(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    await stage.edit("patch", "lunch", {"summary": "Brunch"})
    await stage.edit("patch", "lunch", {"summary": "Supper"})
    assert await stage.send() == ["done", "done"]
    assert [request["status"] for request in stage.written()] == [200, 200]
    assert (stage.at_google("lunch")["summary"], await stage.conflict_rows()) == ("Supper", [])


@staged()
async def test_several_workers_keep_the_order(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    for number in range(4):
        await stage.edit("patch", "lunch", {"summary": f"Version {number}"})
    workers = [stage.another(f"worker-{number}") for number in range(3)]
    for worker in workers:
        worker.transport.latency_s = 0.5
    for _ in range(4):
        await asyncio.gather(*(stage.send(service=worker) for worker in workers))
    assert [row.status for row in await stage.intent_rows()] == ["done"] * 4
    assert stage.at_google("lunch")["summary"] == "Version 3"
    assert [request["status"] for request in stage.written()] == [200] * 4


class Held:
    """A way to Google on which the first event that is read arrives late."""

    def __init__(self, inner: google.Transport) -> None:
        self.inner = inner
        self.reached, self.freed = asyncio.Event(), asyncio.Event()

    async def send(self, request: google.WireRequest) -> google.WireResponse:
        response = await self.inner.send(request)
        if request.method == "GET" and not self.reached.is_set():
            self.reached.set()
            await self.freed.wait()
        return response


@staged()
async def test_process_that_wakes_up_late_does_not_overwrite_a_later_edit(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    stage.patch("lunch", {"summary": "theirs"})
    late = stage.another("late")
    late.transport = way = Held(late.transport)  # type: ignore[assignment]
    (intent_id,) = await stage.edit("patch", "lunch", {"summary": "first"}, on_conflict="ours")
    sending = asyncio.create_task(send_intent(late.engine, intent_id))
    await way.reached.wait()
    await stage.service.store.write(lambda tx: leftovers.free_leases_of(tx, ["late"]))
    assert await stage.send() == ["done"]
    assert await stage.edited("patch", "lunch", {"summary": "second"}) == "done"
    way.freed.set()
    assert not await sending
    assert stage.at_google("lunch")["summary"] == "second"


@staged()
async def test_events_do_not_wait_for_each_other(stage: Stage) -> None:
    stage.add("lunch")
    stage.add("dinner")
    await stage.done()
    stage.faults({"method": "events.patch", "action": "return-503", "times": 5})
    await stage.edit("patch", "lunch", {"summary": "Brunch"})
    assert await stage.send() == ["pending"]
    await stage.edit("patch", "dinner", {"summary": "Supper"})
    stage.faults()
    assert (await stage.send())[1] == "done"


@staged()
async def test_edit_that_was_taken_back_is_never_sent(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    first, second = [(await stage.edit("patch", "lunch", {name: "x"}))[0] for name in ("summary", "location")]
    assert await cancel(stage, first)
    assert not await cancel(stage, first)
    assert await stage.send() == ["cancelled", "done"]
    event = stage.at_google("lunch")
    assert (event["summary"], event["location"]) == ("lunch", "x")
    assert not await cancel(stage, second)


@staged()
async def test_edit_that_google_may_know_of_cannot_be_taken_back(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    (intent_id,) = await stage.edit("patch", "lunch", {"summary": "Brunch"})
    slow = stage.another("slow")
    slow.transport.latency_s = 2.0
    work = asyncio.create_task(stage.send(service=slow))
    await stage.clock.sleep(1)
    assert not await cancel(stage, intent_id)
    assert await work == ["done"]


@staged()
async def test_edit_whose_last_try_failed_for_sure_may_have_been_done_by_the_one_before(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    stage.faults(
        {"method": "events.delete", "action": "commit-then-return-503", "times": 1},
        {"method": "events.delete", "action": "return-403:quotaExceeded", "times": 1},
    )
    (intent_id,) = await stage.edit("delete", "lunch")
    assert await stage.send() == ["pending"]
    assert [request["status"] for request in stage.written()] == [503, 403]
    assert not await cancel(stage, intent_id)
    assert await stage.send(4000) == ["done"]


@pytest.mark.parametrize(
    "action", ["commit-then-return-503", "commit-then-reset", "truncate", "invalid-json"]
)
def test_lost_answer_of_a_patch_is_no_conflict(action: str) -> None:
    @staged()
    async def scenario(stage: Stage) -> None:
        stage.add("lunch")
        await stage.done()
        stage.faults({"method": "events.patch", "action": action, "times": 1})
        await stage.edit("patch", "lunch", {"summary": "Brunch"})
        await stage.edit("patch", "lunch", {"location": "Canteen"})
        assert await stage.send(60) == ["done", "done"]
        assert await stage.conflict_rows() == []
        event = stage.at_google("lunch")
        assert (event["summary"], event["location"]) == ("Brunch", "Canteen")
        await stage.done()
        await stage.assert_equal()

    scenario()


@staged()
async def test_occurrences_and_their_series_are_one_line(stage: Stage) -> None:
    stage.add({"id": "retro", "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=4"]})
    await stage.done()
    second, third = "retro_20261008T080000Z", "retro_20261015T080000Z"
    stage.faults({"method": "events.patch", "action": "return-503", "times": 5})
    await stage.edit("patch", second, {"summary": "Special"})
    await stage.edit("patch", third, {"location": "Canteen"}, scope="all")
    await stage.edit("delete", third)
    assert await stage.send() == ["pending"] * 3
    stage.written()
    stage.faults()
    assert await stage.send(120) == ["done"] * 3
    paths = [request["path"].rpartition("/")[2] for request in stage.written() if request["status"] < 300]
    assert paths == [second, "retro", third]
    await stage.done()
    await stage.assert_equal()
