"""A listing starts again, and in between an event has gone: a fresh generation tells the two starts apart."""

from tests.scenarios.stage import Stage, staged


@staged(page_size=2)
async def test_event_met_by_the_first_start_only_is_swept(stage: Stage) -> None:
    stage.add_many(6)
    await stage.done()
    generation = (await stage.state()).generation
    stage.control("expire-sync-tokens")
    await stage.run(page_limit=1)
    shelf = stage.google.emulator.world.calendars[stage.google_id].shelf
    shelf.forget("event00000")
    stage.control("expire-page-tokens")
    await stage.done()
    assert (await stage.state()).generation == generation + 2
    assert "event00000" not in await stage.live()
    await stage.assert_equal()
