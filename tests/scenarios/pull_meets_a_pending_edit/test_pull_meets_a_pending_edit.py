"""A pull stores what Google has, whatever waits to be sent; readers see the edit until it is settled, and Google's version after."""

import json

from tests.scenarios.stage import AlteringTransport, Stage, replacing, staged

DOWN = {"method": "events.patch", "action": "return-503", "times": 99}


async def pending(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    stage.faults(DOWN)
    assert await stage.edited("patch", "lunch", {"summary": "Brunch"}) == "pending"
    stage.faults()


async def summary(stage: Stage) -> str:
    return str(json.loads((await stage.shown("lunch")).raw)["summary"])


@staged()
async def test_row_is_googles_and_the_reader_sees_the_edit_over_it(stage: Stage) -> None:
    await pending(stage)
    stage.patch("lunch", {"location": "Canteen"})
    await stage.done()
    row = json.loads((await stage.event_rows())["lunch"].raw)
    assert (row["summary"], row["location"]) == ("lunch", "Canteen")
    shown = await stage.shown("lunch")
    assert (await summary(stage), shown.pending is not None) == ("Brunch", True)


@staged()
async def test_edit_that_fails_uncovers_what_google_has(stage: Stage) -> None:
    await pending(stage)
    stage.patch("lunch", {"summary": "Supper"})
    await stage.done()
    assert await summary(stage) == "Brunch"
    assert await stage.send(60) == ["conflict"]
    assert await summary(stage) == "Supper"
    await stage.assert_equal()


@staged()
async def test_full_listing_does_not_sweep_what_is_still_to_be_made(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    stage.faults({**DOWN, "method": "events.insert"})
    assert await stage.edited("insert", None, {"id": "dinner"}) == "pending"
    await stage.done(full=True)
    assert (await stage.live(), await stage.shown("dinner") is not None) == (["lunch"], True)
    stage.faults()
    assert await stage.send(60) == ["done"]
    await stage.done(full=True)
    assert await stage.live() == ["dinner", "lunch"]


@staged()
async def test_pending_deletion_hides_an_event_that_nobody_can_read(stage: Stage) -> None:
    """What is laid over an event is made of it, but nothing of it is needed to say that it is gone."""
    await pending(stage)
    stage.faults({**DOWN, "method": "events.delete"})
    await stage.edit("delete", "lunch")
    stage.patch("lunch", {"summary": "BROKEN"})
    inner = stage.service.transport
    stage.service.transport = AlteringTransport(inner, replacing((b'"BROKEN"', b'"\\ud83d"')))  # type: ignore[assignment]
    await stage.done()
    assert "\\ud83d" in (await stage.event_rows())["lunch"].raw
    assert await stage.shown("lunch") is None


@staged()
async def test_pending_deletion_hides_the_event_and_a_refused_one_shows_it_again(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    stage.faults({**DOWN, "method": "events.delete"})
    assert await stage.edited("delete", "lunch") == "pending"
    assert (await stage.shown("lunch"), await stage.live()) == (None, ["lunch"])
    stage.faults()
    stage.faults({"method": "events.delete", "action": "return-403:forbidden", "times": 1})
    assert await stage.send(60) == ["failed"]
    assert await summary(stage) == "lunch"
