"""An edit of this and the following occurrences makes two series of one, or leaves everything as it was."""

from tests.scenarios.stage import Json, Stage, staged

WEEKLY = {"id": "retro", "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=4"]}
THIRD = "retro_20261015T080000Z"


async def stored(stage: Stage) -> None:
    stage.add(WEEKLY)
    await stage.done()


def instances(stage: Stage) -> list[str]:
    query = "?singleEvents=true&orderBy=startTime&timeMin=2026-09-01T00:00:00Z&timeMax=2027-01-01T00:00:00Z"
    items: list[Json] = stage.call("GET", stage.events_path() + query)["items"]
    return [item["summary"] for item in items]


@staged()
async def test_both_halves_are_made(stage: Stage) -> None:
    await stored(stage)
    assert await stage.edited("patch", THIRD, {"summary": "Later"}, scope="following") == "done"
    assert instances(stage) == ["retro", "retro", "Later", "Later"]
    await stage.done()
    await stage.assert_equal()


@staged()
async def test_insert_that_is_refused_ends_nothing(stage: Stage) -> None:
    await stored(stage)
    stage.faults({"method": "events.insert", "action": "return-400:invalid", "times": 1})
    await stage.edit("patch", THIRD, {"summary": "Later"}, scope="following")
    assert await stage.send(60) == ["failed", "failed"]
    assert instances(stage) == ["retro"] * 4


@staged()
async def test_end_that_is_refused_takes_the_second_half_back(stage: Stage) -> None:
    await stored(stage)
    stage.faults({"method": "events.patch", "action": "return-403:forbiddenForNonOrganizer", "times": 1})
    await stage.edit("patch", THIRD, {"summary": "Later"}, scope="following")
    assert await stage.send(60) == ["done", "failed", "done"]
    assert instances(stage) == ["retro"] * 4
    await stage.done()
    await stage.assert_equal()


@staged()
async def test_crash_between_the_halves_is_made_up_for(stage: Stage) -> None:
    await stored(stage)
    stage.faults({"method": "events.patch", "action": "return-503", "times": 5})
    await stage.edit("patch", THIRD, {"summary": "Later"}, scope="following")
    assert await stage.send() == ["done", "pending"]
    stage.engine = stage.another("next").engine
    stage.faults()
    assert await stage.send(60) == ["done", "done"]
    assert instances(stage) == ["retro", "retro", "Later", "Later"]


@staged()
async def test_following_of_the_first_occurrence_are_all(stage: Stage) -> None:
    await stored(stage)
    first = "retro_20261001T080000Z"
    assert await stage.edited("patch", first, {"summary": "Later"}, scope="following") == "done"
    assert (instances(stage), len(await stage.intent_rows())) == (["Later"] * 4, 1)


@staged()
async def test_following_are_cancelled_by_their_status_as_by_a_deletion(stage: Stage) -> None:
    await stored(stage)
    assert await stage.edited("patch", THIRD, {"status": "cancelled"}, scope="following") == "done"
    assert instances(stage) == ["retro", "retro"]
    assert [request["method"] for request in stage.written()] == ["PATCH"]
