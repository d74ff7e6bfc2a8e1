"""Of a calendar that is mirrored as instances one, some or all occurrences can be edited: Google is asked for the series."""

import pytest

from calferry.core.failure import SourceFailure
from calferry.sync.change_mode import change_mode
from tests.scenarios.stage import Json, Stage, staged

WEEKLY = {"id": "retro", "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=4"]}
FIRST, SECOND, THIRD, FOURTH = (f"retro_202610{day}T080000Z" for day in ("01", "08", "15", "22"))


async def expanded(stage: Stage) -> None:
    stage.add(WEEKLY)
    stage.add("lunch")
    await stage.done()
    await change_mode(stage.engine, stage.calendar_id, "instances")
    await stage.done()
    assert await stage.live() == ["lunch", FIRST, SECOND, THIRD, FOURTH]
    stage.written()


async def summaries(stage: Stage) -> list[str]:
    """Of the series at Google, by date, once the mirror is the same again."""
    await stage.done()
    items: list[Json] = stage.call("GET", stage.events_path("retro") + "/instances")["items"]
    await stage.assert_equal()
    return [item["summary"] for item in sorted(items, key=lambda item: str(item["id"]))]


@staged()
async def test_one_occurrence(stage: Stage) -> None:
    await expanded(stage)
    assert await stage.edited("patch", SECOND, {"summary": "Special"}) == "done"
    assert '"Special"' in (await stage.shown(SECOND)).raw
    assert await summaries(stage) == ["retro", "Special", "retro", "retro"]


@staged()
async def test_one_occurrence_is_cancelled(stage: Stage) -> None:
    await expanded(stage)
    assert await stage.edited("delete", SECOND) == "done"
    assert await stage.shown(SECOND) is None
    assert len(await summaries(stage)) == 3


@staged()
async def test_all_occurrences(stage: Stage) -> None:
    await expanded(stage)
    assert await stage.edited("patch", SECOND, {"summary": "Ours"}, scope="all") == "done"
    assert await summaries(stage) == ["Ours"] * 4


@staged()
async def test_this_and_those_that_follow(stage: Stage) -> None:
    await expanded(stage)
    assert await stage.edited("patch", THIRD, {"summary": "Later"}, scope="following") == "done"
    assert await summaries(stage) == ["retro", "retro"]
    assert stage.names_at_google() == ["Later", "lunch", "retro"]


@staged()
async def test_single_event(stage: Stage) -> None:
    await expanded(stage)
    assert await stage.edited("patch", "lunch", {"summary": "Brunch"}) == "done"
    assert await stage.edited("insert", None, {"id": "dinner"}) == "done"
    await stage.done()
    assert await stage.live() == ["dinner", "lunch", FIRST, SECOND, THIRD, FOURTH]


@staged()
async def test_series_that_google_does_not_tell_is_not_edited(stage: Stage) -> None:
    await expanded(stage)
    stage.service.transport.is_down = True
    with pytest.raises(SourceFailure):
        await stage.edit("patch", SECOND, {"summary": "Ours"}, scope="all")
    assert await stage.intent_rows() == []
