"""Of a calendar we may only see when it is busy: Google expands it whatever is asked, and roles change."""

from tests.scenarios.stage import Stage, staged

BUSY = "bob-family@group.calendar.google.com"
SEED = {
    "people": [
        {
            "email": "bob@example.com",
            "calendars": [{"id": "bob@example.com", "primary": True}, {"id": BUSY, "summary": "Family"}],
        },
        {
            "email": "alice@example.com",
            "calendars": [
                {"id": "alice@example.com", "primary": True},
                {"id": BUSY, "owner": "bob@example.com", "access_role": "freeBusyReader"},
            ],
        },
    ]
}


async def connected(stage: Stage) -> None:
    await stage.connect(calendar=BUSY)
    stage.add("lunch", "bob@example.com")
    stage.add({"id": "retro", "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=2"]}, "bob@example.com")
    await stage.done()


@staged(connected=False, seed=SEED)
async def test_mirror_holds_instances_without_details(stage: Stage) -> None:
    await connected(stage)
    assert await stage.live() == ["lunch", "retro_20261001T080000Z", "retro_20261008T080000Z"]
    assert "summary" not in (await stage.event_rows())["lunch"].raw
    await stage.assert_equal()


@staged(connected=False, seed=SEED)
async def test_more_rights_bring_the_series(stage: Stage) -> None:
    await connected(stage)
    stage.grant_role("reader", "alice@example.com", BUSY)
    stage.call("PATCH", f"calendars/{BUSY}/events/lunch", {"location": "canteen"}, "bob@example.com")
    await stage.done()
    await stage.scan(5)
    assert await stage.live() == ["lunch", "retro"]
    assert "canteen" in (await stage.event_rows())["lunch"].raw
    assert (await stage.calendar()).access_role == "reader"
    await stage.assert_equal()


@staged(connected=False, seed=SEED)
async def test_fewer_rights_never_mix_two_shapes(stage: Stage) -> None:
    await connected(stage)
    stage.grant_role("reader", "alice@example.com", BUSY)
    await stage.done()
    assert await stage.live() == ["lunch", "retro"]
    stage.grant_role("freeBusyReader", "alice@example.com", BUSY)
    await stage.done()
    assert await stage.live() == ["lunch", "retro_20261001T080000Z", "retro_20261008T080000Z"]
    await stage.assert_equal()


@staged(connected=False, seed=SEED)
async def test_lost_rights_are_asked_about(stage: Stage) -> None:
    await connected(stage)
    stage.grant_role("none", "alice@example.com", BUSY)
    report = await stage.run()
    assert report.outcome == "failed"
    assert await stage.live() != []
    assert (await stage.state(stage.account_id)).next_due_at <= stage.clock.now_ms()
