"""A stored page token is refused: the same pass starts again, not the calendar."""

from tests.scenarios.stage import Stage, staged


@staged(page_size=2)
async def test_incremental_pass_starts_again_from_its_sync_token(stage: Stage) -> None:
    stage.add_many(3)
    await stage.done()
    stage.add_many(5, "later")
    await stage.run(page_limit=1)
    stage.control("expire-page-tokens")
    stage.asked()
    await stage.done()
    asked = [one for one in stage.asked() if one["api_method"] == "events.list"]
    assert "pageToken" in asked[0]["query"]
    assert asked[0]["status"] == 400
    assert "syncToken" in asked[1]["query"]
    assert "pageToken" not in asked[1]["query"]
    assert (await stage.state()).generation == 1
    await stage.assert_equal()


@staged(page_size=2)
async def test_full_pass_starts_again_under_a_fresh_generation(stage: Stage) -> None:
    stage.add_many(7)
    await stage.run(page_limit=2)
    stage.control("expire-page-tokens")
    stage.delete("event00000")
    await stage.done()
    assert (await stage.state()).generation == 2
    await stage.assert_equal()


@staged(page_size=2)
async def test_pass_that_died_twice_runs_to_its_end_in_one_go(stage: Stage) -> None:
    stage.add_many(9)
    for _ in range(2):
        await stage.run(page_limit=1)
        stage.control("expire-page-tokens")
    report = await stage.run(page_limit=1)
    assert report.outcome == "incomplete"
    report = await stage.run(page_limit=1)
    assert report.outcome == "done"
    assert len(await stage.live()) == 9
    await stage.assert_equal()
