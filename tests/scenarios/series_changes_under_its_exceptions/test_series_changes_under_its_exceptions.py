"""A delta changes a master and says nothing of its exceptions: the series is listed once and is right again."""

from calferry import google
from tests.scenarios.stage import AlteringTransport, Stage, replacing, staged
from tests.simulation.scale import scaled

WEEKLY = {"id": "retro", "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=6"]}
SECOND = "retro_20261008T080000Z"
THIRD = "retro_20261015T080000Z"
LATER = {
    "start": {"dateTime": "2026-10-02T10:00:00", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2026-10-02T11:00:00", "timeZone": "Europe/Berlin"},
}


async def series_with_exceptions(stage: Stage) -> None:
    stage.add(WEEKLY)
    stage.patch(SECOND, {"summary": "special"})
    stage.delete(THIRD)
    await stage.done()
    await stage.logged()


@staged()
async def test_cancelled_occurrence_is_an_exception_row(stage: Stage) -> None:
    await series_with_exceptions(stage)
    rows = await stage.event_rows()
    assert (rows[THIRD].status, rows[THIRD].series_id) == ("cancelled", "retro")
    assert rows[THIRD].original_start == "20261015T080000Z"
    assert rows[SECOND].status == "confirmed"
    await stage.assert_equal()


@staged()
async def test_removed_master_takes_its_exceptions(stage: Stage) -> None:
    await series_with_exceptions(stage)
    stage.delete("retro")
    await stage.done()
    assert await stage.live() == []
    assert sorted(await stage.logged()) == ["cancelled retro", f"cancelled {SECOND}"]
    await stage.assert_equal()


@staged()
async def test_revived_master_brings_its_exceptions_back(stage: Stage) -> None:
    await series_with_exceptions(stage)
    stage.delete("retro")
    await stage.done()
    stage.patch("retro", {"status": "confirmed"})
    await stage.done()
    assert await stage.live() == ["retro", SECOND]
    await stage.assert_equal()


@staged()
async def test_moved_series_drops_the_exceptions_that_google_drops(stage: Stage) -> None:
    await series_with_exceptions(stage)
    stage.patch(
        "retro",
        {
            "start": {"dateTime": "2026-10-01T14:00:00", "timeZone": "Europe/Berlin"},
            "end": {"dateTime": "2026-10-01T15:00:00", "timeZone": "Europe/Berlin"},
        },
    )
    await stage.done()
    assert await stage.live() == ["retro"]
    await stage.assert_equal()


@staged()
async def test_split_series_deletes_nothing_by_itself(stage: Stage) -> None:
    await series_with_exceptions(stage)
    stage.patch("retro", {"recurrence": ["RRULE:FREQ=WEEKLY;UNTIL=20261020T000000Z"]})
    stage.plant(
        {
            "id": "retro_R20261022T080000",
            "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3"],
            "start": {"dateTime": "2026-10-22T10:00:00", "timeZone": "Europe/Berlin"},
            "end": {"dateTime": "2026-10-22T11:00:00", "timeZone": "Europe/Berlin"},
        }
    )
    await stage.done()
    assert await stage.live() == ["retro", SECOND, "retro_R20261022T080000"]
    await stage.assert_equal()


@staged()
async def test_one_invitation_to_an_occurrence_survives_its_master(stage: Stage) -> None:
    """The master was never ours: only an occurrence of somebody else's series stands in the calendar."""
    stage.plant(
        {
            "id": "lent0_20261008T080000Z",
            "recurringEventId": "lent0",
            "originalStartTime": {"dateTime": "2026-10-08T10:00:00+02:00", "timeZone": "Europe/Berlin"},
            "iCalUID": "lent0@elsewhere",
            "day": 7,
        }
    )
    await stage.done()
    assert await stage.live() == ["lent0_20261008T080000Z"]
    stage.plant({"id": "lent0", "status": "cancelled", "iCalUID": "lent0@elsewhere"})
    await stage.done()
    await stage.assert_equal()


@staged()
async def test_unchanged_rhythm_costs_no_extra_request(stage: Stage) -> None:
    """Only the first delta after a full listing proves nothing: its pages may be of different moments."""
    await series_with_exceptions(stage)
    await stage.done()
    stage.asked()
    stage.patch("retro", {"summary": "renamed"})
    report = await stage.done()
    assert report.requests == 1
    await stage.assert_equal()


@staged()
async def test_failed_look_at_a_series_stores_nothing_of_the_page(stage: Stage) -> None:
    await series_with_exceptions(stage)
    token = (await stage.state()).sync_token
    stage.delete("retro")
    stage.faults({"method": "events.list", "action": "return-503", "skip": 1, "times": 9})
    assert (await stage.run()).outcome == "failed"
    assert (await stage.state()).sync_token == token
    assert await stage.live() == ["retro", SECOND]
    stage.control("faults", {"faults": []})
    await stage.clock.sleep(60)
    await stage.done()
    assert await stage.live() == []
    await stage.assert_equal()


@staged()
async def test_series_that_moves_there_and_back_has_all_its_occurrences_again(stage: Stage) -> None:
    await series_with_exceptions(stage)
    for hour in ("14", "10"):
        stage.patch(
            "retro",
            {
                "start": {"dateTime": f"2026-10-01T{hour}:00:00", "timeZone": "Europe/Berlin"},
                "end": {"dateTime": f"2026-10-01T{hour}:30:00", "timeZone": "Europe/Berlin"},
            },
        )
        await stage.done()
    rows = await stage.event_rows()
    assert [rows[event_id].status for event_id in (SECOND, THIRD)] == ["cancelled", "cancelled"]
    assert [rows[event_id].series_id for event_id in (SECOND, THIRD)] == [None, None]
    await stage.assert_equal()
    stage.delete(THIRD)
    await stage.done()
    assert (await stage.event_rows())[THIRD].series_id == "retro"
    await stage.assert_equal()


@staged()
async def test_series_that_moved_there_and_back_since_the_last_pull_has_lost_its_exceptions(
    stage: Stage,
) -> None:
    """It looks as before, but for the number of its changes."""
    await series_with_exceptions(stage)
    master = stage.google.emulator.world.calendars[stage.google_id].shelf.stored("retro")
    assert master is not None
    before = {name: master.resource[name] for name in ("start", "end")}
    stage.patch("retro", LATER)
    stage.patch("retro", before)
    await stage.done()
    assert await stage.live() == ["retro"]
    await stage.assert_equal()


@staged()
async def test_full_listing_forgets_exceptions_that_google_has_forgotten(stage: Stage) -> None:
    await series_with_exceptions(stage)
    shelf = stage.google.emulator.world.calendars[stage.google_id].shelf
    for event_id in (SECOND, THIRD):
        shelf.forget(event_id)
    await stage.done(full=True)
    rows = await stage.event_rows()
    assert [rows[event_id].series_id for event_id in (SECOND, THIRD)] == [None, None]
    await stage.assert_equal()


@staged()
async def test_master_that_cannot_be_read_takes_the_exceptions_that_google_drops(stage: Stage) -> None:
    await series_with_exceptions(stage)
    stage.patch("retro", {"summary": "POISON", "start": LATER["start"], "end": LATER["end"]})
    stage.service.transport = AlteringTransport(  # type: ignore[assignment]
        stage.service.transport, replacing((b'"POISON"', b'"broken \xff"'))
    )
    await stage.done()
    assert await stage.live() == ["retro"]
    assert [row.event_id for row in await stage.quarantined()] == ["retro"]


@staged()
async def test_series_revived_between_two_pages_has_the_exceptions_of_its_new_life(stage: Stage) -> None:
    """The second page shows the series as it is now; of its exceptions the delta says nothing."""
    await series_with_exceptions(stage)
    stage.delete("retro")
    stage.control("empty-pages", {"calendar_id": stage.google_id, "count": 1})

    def revive(request: google.WireRequest, response: google.WireResponse) -> google.WireResponse:
        if "/events?" in request.url and "pageToken=" not in request.url:
            transport.alter = lambda _, unaltered: unaltered
            stage.patch("retro", {"status": "confirmed"})
        return response

    stage.service.transport = transport = AlteringTransport(stage.service.transport, revive)  # type: ignore[assignment]
    report = await stage.done()
    assert report.pages == 2
    assert await stage.live() == ["retro", SECOND]
    await stage.assert_equal()


@staged()
async def test_new_exception_that_the_series_loses_before_it_is_looked_at_is_not_stored(stage: Stage) -> None:
    """The delta has it, the listing of its series a moment later has not, and no later delta says so."""
    await series_with_exceptions(stage)
    new = "retro_20261009T080000Z"
    stage.patch("retro", LATER)
    stage.patch(new, {"summary": "new"})

    def cut(request: google.WireRequest, response: google.WireResponse) -> google.WireResponse:
        if "/events?" in request.url and "iCalUID=" not in request.url:
            transport.alter = lambda _, unaltered: unaltered
            stage.patch("retro", {"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=1"]})
        return response

    stage.service.transport = transport = AlteringTransport(stage.service.transport, cut)  # type: ignore[assignment]
    await stage.done()
    await stage.done()
    assert new not in await stage.live()
    await stage.assert_equal()


@staged()
async def test_series_that_moves_between_two_pages_of_its_own_listing_is_looked_at_again(
    stage: Stage,
) -> None:
    """The first page has an exception of before, the second the master of after."""
    lent = {"id": SECOND, "recurringEventId": "retro", "iCalUID": "retro@elsewhere", "day": 7}
    first = {"dateTime": "2026-10-08T10:00:00+02:00", "timeZone": "Europe/Berlin"}
    stage.plant(lent | {"originalStartTime": first})
    await stage.done()
    stage.plant(WEEKLY | {"iCalUID": "retro@elsewhere"})

    def move(request: google.WireRequest, response: google.WireResponse) -> google.WireResponse:
        if "iCalUID=" in request.url and "pageToken=" not in request.url:
            transport.alter = lambda _, unaltered: unaltered
            stage.patch("retro", LATER)
        return response

    stage.service.transport = transport = AlteringTransport(stage.service.transport, move)  # type: ignore[assignment]
    with scaled(SERIES_PAGE_SIZE=1):
        await stage.done()
        await stage.done()
    assert await stage.live() == ["retro"]
    await stage.assert_equal()
