"""A listing is cut into short runs: every page is asked for with the very question of the first."""

from tests.scenarios.stage import Json, Stage, staged


def question(request: Json) -> Json:
    return {name: value for name, value in request["query"].items() if name != "pageToken"}


@staged(page_size=2)
async def test_full_listing_repeats_its_question(stage: Stage) -> None:
    stage.add_many(7)
    while (await stage.run(page_limit=1)).outcome == "incomplete":
        pass
    asked = [one for one in stage.asked() if one["api_method"] == "events.list"]
    assert len(asked) == 4
    assert all(question(one) == question(asked[0]) for one in asked)
    await stage.assert_equal()


@staged(page_size=2)
async def test_incremental_listing_repeats_its_sync_token(stage: Stage) -> None:
    await stage.done()
    stage.asked()
    stage.add_many(5)
    await stage.run(page_limit=1)
    stage.add("later")
    while (await stage.run(page_limit=1)).outcome == "incomplete":
        pass
    await stage.scan(3)
    asked = [one for one in stage.asked() if one["api_method"] == "events.list"]
    assert len({one["query"]["syncToken"] for one in asked[:3]}) == 1
    assert "pageToken" in asked[1]["query"]
    await stage.assert_equal()


@staged(page_size=2)
async def test_first_question_narrows_nothing(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    asked = [one for one in stage.asked() if one["api_method"] == "events.list"]
    assert set(asked[0]["query"]) <= {"maxResults", "showDeleted", "singleEvents", "prettyPrint"}
    assert asked[0]["query"]["showDeleted"] == "true"


@staged(page_size=2)
async def test_resumed_changes_are_compared_with_what_is_stored(stage: Stage) -> None:
    names = stage.add_many(5)
    await stage.done()
    await stage.logged()
    for name in names:
        stage.patch(name, {"summary": "changed"})
    while (await stage.run(page_limit=1)).outcome == "incomplete":
        pass
    assert sorted(await stage.logged()) == [f"updated {name}" for name in names]
