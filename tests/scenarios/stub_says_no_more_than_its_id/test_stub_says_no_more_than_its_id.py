"""Google cancels an occurrence and sends an id and a status, nothing else: the id tells which occurrence it is."""

from tests.scenarios.stage import AlteringTransport, Stage, replacing, staged

SECOND = "retro_20261008T080000Z"


@staged()
async def test_series_and_original_start_are_read_from_the_id(stage: Stage) -> None:
    stage.add({"id": "retro", "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=4"]})
    await stage.done()
    await stage.logged()
    stage.delete(SECOND)
    stage.service.transport = AlteringTransport(
        stage.service.transport,
        replacing((b'"recurringEventId":"retro",', b""), (b'"originalStartTime"', b'"unknownTime"')),
    )
    await stage.done()
    row = (await stage.event_rows())[SECOND]
    assert (row.status, row.series_id, row.original_start) == ("cancelled", "retro", "20261008T080000Z")
    assert await stage.logged() == [f"cancelled {SECOND}"]


@staged()
async def test_all_day_occurrence_is_known_by_its_date(stage: Stage) -> None:
    stage.add(
        {
            "id": "feast",
            "start": {"date": "2026-10-01"},
            "end": {"date": "2026-10-02"},
            "recurrence": ["RRULE:FREQ=DAILY;COUNT=4"],
        }
    )
    await stage.done()
    stage.delete("feast_20261003")
    await stage.done()
    row = (await stage.event_rows())["feast_20261003"]
    assert (row.status, row.series_id, row.original_start) == ("cancelled", "feast", "20261003")
    await stage.assert_equal()
