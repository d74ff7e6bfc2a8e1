"""A deletion of what is gone has reached its aim: it succeeds, and is not tried again."""

import pytest

from tests.scenarios.stage import Stage, staged


@staged()
async def test_event_that_others_have_deleted(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    stage.delete("lunch")
    assert await stage.edited("delete", "lunch") == "done"
    assert await stage.conflict_rows() == []


@pytest.mark.parametrize("action", ["return-404:notFound", "return-410:deleted"])
def test_google_says_in_two_ways_that_it_is_gone(action: str) -> None:
    @staged()
    async def scenario(stage: Stage) -> None:
        stage.add("lunch")
        await stage.done()
        stage.faults({"method": "events.delete", "action": action, "times": 1})
        assert await stage.edited("delete", "lunch") == "done"
        assert [request["status"] for request in stage.written()] == [int(action[7:10])]
        assert await stage.shown("lunch") is None

    scenario()


@pytest.mark.parametrize("action", ["commit-then-return-503", "commit-then-reset"])
def test_lost_answer_of_a_deletion_is_no_failure(action: str) -> None:
    @staged()
    async def scenario(stage: Stage) -> None:
        stage.add("lunch")
        await stage.done()
        stage.faults({"method": "events.delete", "action": action, "times": 1})
        await stage.edited("delete", "lunch")
        assert await stage.send(60) == ["done"]
        assert stage.names_at_google() == []

    scenario()


@staged()
async def test_patch_of_what_is_gone_is_no_success(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    stage.faults({"method": "events.patch", "action": "return-410:deleted", "times": 1})
    stage.delete("lunch")
    assert await stage.edited("patch", "lunch", {"summary": "Brunch"}) == "conflict"
