"""Somebody else edits the event before our edit reaches Google: nothing of theirs is lost, and nothing of ours in silence."""

import json

import pytest

from tests.scenarios.stage import Stage, staged

STORM = {"method": "events.patch", "action": "return-412:conditionNotMet"}


async def edited_meanwhile(stage: Stage, theirs: dict[str, object]) -> None:
    stage.add("lunch")
    await stage.done()
    stage.patch("lunch", theirs)
    stage.written()


@staged()
async def test_different_fields_are_merged(stage: Stage) -> None:
    await edited_meanwhile(stage, {"location": "Canteen"})
    assert await stage.edited("patch", "lunch", {"summary": "Brunch"}) == "done"
    event = stage.at_google("lunch")
    assert (event["summary"], event["location"]) == ("Brunch", "Canteen")
    assert [request["status"] for request in stage.written()] == [412, 200]
    assert await stage.conflict_rows() == []


@staged()
async def test_the_same_change_made_by_both_is_settled(stage: Stage) -> None:
    await edited_meanwhile(stage, {"summary": "Brunch"})
    assert await stage.edited("patch", "lunch", {"summary": "Brunch"}) == "done"
    assert [request["status"] for request in stage.written()] == [412]
    assert await stage.conflict_rows() == []


@pytest.mark.parametrize(
    ("policy", "status", "kept"),
    [("fail", "conflict", "Supper"), ("ours", "done", "Brunch"), ("theirs", "done", "Supper")],
)
def test_the_same_field_is_a_conflict_that_is_recorded(policy: str, status: str, kept: str) -> None:
    @staged()
    async def scenario(stage: Stage) -> None:
        await edited_meanwhile(stage, {"summary": "Supper"})
        assert await stage.edited("patch", "lunch", {"summary": "Brunch"}, on_conflict=policy) == status
        assert stage.at_google("lunch")["summary"] == kept
        (row,) = await stage.conflict_rows()
        told = (json.loads(row.base)["summary"], json.loads(row.ours), json.loads(row.theirs)["summary"])
        assert told == ("lunch", {"summary": "Brunch"}, "Supper")
        assert row.outcome == ("open" if policy == "fail" else policy)

    scenario()


@staged()
async def test_edit_of_what_was_deleted_brings_nothing_back(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    stage.delete("lunch")
    assert await stage.edited("patch", "lunch", {"summary": "Brunch"}, on_conflict="ours") == "conflict"
    (row,) = await stage.conflict_rows()
    assert (row.reason, row.theirs) == ("deleted", None)
    assert stage.names_at_google() == []


@staged()
async def test_deletion_of_what_was_changed_is_a_conflict(stage: Stage) -> None:
    await edited_meanwhile(stage, {"summary": "Supper"})
    assert await stage.edited("delete", "lunch") == "conflict"
    assert stage.names_at_google() == ["Supper"]


@staged()
async def test_event_that_never_rests_is_tried_a_few_times_now_and_again_later(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    stage.written()
    stage.faults({**STORM, "times": 6})
    assert await stage.edited("patch", "lunch", {"summary": "Brunch"}) == "pending"
    assert [request["status"] for request in stage.written()] == [412] * 4
    (row,) = await stage.intent_rows()
    assert (row.error_code, row.uncertain, row.next_try_at > stage.clock.now_ms()) == ("412", False, True)
    assert await stage.send(60) == ["done"]
    assert [request["status"] for request in stage.written()] == [412, 412, 200]
    assert stage.at_google("lunch")["summary"] == "Brunch"


@staged()
async def test_edit_that_waited_does_not_overwrite_what_its_author_never_saw(stage: Stage) -> None:
    await edited_meanwhile(stage, {"location": "Canteen"})
    await stage.edit("patch", "lunch", {"summary": "Brunch"})
    await stage.edit("patch", "lunch", {"location": "Roof"})
    await stage.edit("patch", "lunch", {"description": "Bring bread"})
    assert await stage.send() == ["done", "conflict", "done"]
    event = stage.at_google("lunch")
    assert (event["summary"], event["location"], event["description"]) == ("Brunch", "Canteen", "Bring bread")


@staged()
async def test_deletion_that_gave_way_leaves_the_event_in_sight(stage: Stage) -> None:
    await edited_meanwhile(stage, {"summary": "Supper"})
    assert await stage.edited("delete", "lunch", on_conflict="theirs") == "done"
    shown = await stage.shown("lunch")
    assert (shown.status, json.loads(shown.raw)["summary"]) == ("confirmed", "Supper")
