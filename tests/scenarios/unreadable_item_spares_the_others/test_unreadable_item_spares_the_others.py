"""One item of a page cannot be read or stored: it is kept aside as bytes, and everything else is mirrored."""

import json

from tests.scenarios.stage import AlteringTransport, Stage, replacing, staged


def spoil(stage: Stage, *pairs: tuple[bytes, bytes]) -> AlteringTransport:
    stage.service.transport = AlteringTransport(stage.service.transport, replacing(*pairs))  # type: ignore[assignment]
    return stage.service.transport  # type: ignore[return-value]


@staged()
async def test_poison_with_an_id_is_not_swept_by_a_full_listing(stage: Stage) -> None:
    stage.add("lunch")
    stage.add({"id": "dinner", "summary": "old"})
    await stage.done()
    stage.patch("dinner", {"summary": "POISON"})
    spoil(stage, (b'"POISON"', b'"broken \xff\xfe"'))
    report = await stage.done(full=True)
    assert report.changes == 0
    assert await stage.live() == ["dinner", "lunch"]
    kept = await stage.quarantined()
    assert [(row.event_id, b"\xff\xfe" in row.raw) for row in kept] == [("dinner", True)]


@staged()
async def test_poison_without_an_id_forbids_the_sweep(stage: Stage) -> None:
    stage.add("lunch")
    stage.add("retro")
    stage.add({"id": "dinner", "summary": "old"})
    await stage.done()
    stage.delete("retro")
    stage.control("seed", {"events": {stage.google_id: [{"id": "dinner", "status": "cancelled"}]}})
    spoil(stage, (b'"id":"dinner"', b'"id":42'), (b'"id":"retro"', b'"id":null'))
    await stage.done(full=True)
    assert await stage.live() == ["dinner", "lunch", "retro"]
    assert len(await stage.quarantined()) == 2


async def full_listings(stage: Stage, hours: float) -> int:
    """How many the scheduler makes in that time, each of one page."""
    stage.asked()
    await stage.scan(hours * 3600)
    listings = [one["query"] for one in stage.asked() if one["api_method"] == "events.list"]
    return sum("syncToken" not in query for query in listings)


@staged()
async def test_what_vanished_goes_with_the_first_listing_that_can_be_read(stage: Stage) -> None:
    for name in ("lunch", "retro", "dinner"):
        stage.add({"id": name, "summary": name})
    await stage.done()
    stage.google.emulator.world.calendars[stage.google_id].shelf.forget("retro")
    transport = spoil(stage, (b'"id":"dinner"', b'"id":42'))
    for _ in range(3):
        await stage.done(full=True)
    assert await full_listings(stage, 1) == 4
    transport.alter = lambda _, response: response
    assert await full_listings(stage, 1) == 1
    assert await stage.live() == ["dinner", "lunch"]
    await stage.assert_equal()


@staged()
async def test_what_nobody_can_read_is_not_listed_again_and_again(stage: Stage) -> None:
    stage.add("lunch")
    stage.add({"id": "dinner", "summary": "old"})
    spoil(stage, (b'"id":"dinner"', b'"id":42'))
    await stage.done()
    assert await full_listings(stage, 5) == 1
    assert await stage.live() == ["lunch"]


@staged()
async def test_item_that_can_be_read_again_leaves_quarantine(stage: Stage) -> None:
    stage.add({"id": "dinner", "summary": "POISON"})
    transport = spoil(stage, (b'"POISON"', b'"broken \xff"'))
    await stage.done()
    assert (await stage.live(), len(await stage.quarantined())) == ([], 1)
    transport.alter = lambda _, response: response
    stage.patch("dinner", {"summary": "mended"})
    await stage.done()
    assert (await stage.live(), len(await stage.quarantined())) == (["dinner"], 0)


@staged()
async def test_item_that_a_full_listing_no_longer_holds_leaves_quarantine(stage: Stage) -> None:
    stage.add({"id": "dinner", "summary": "POISON"})
    spoil(stage, (b'"POISON"', b'"broken \xff"'))
    await stage.done()
    await stage.done(full=True)
    assert len(await stage.quarantined()) == 1
    stage.control("seed", {"events": {stage.google_id: [{"id": "dinner", "status": "cancelled"}]}})
    await stage.done(full=True)
    assert len(await stage.quarantined()) == 0


@staged()
async def test_odd_values_are_stored_as_sent(stage: Stage) -> None:
    odd = {
        "nulle": (b'"NULLE"', b'"a\\u0000b"'),
        "surro": (b'"SURRO"', b'"\\ud800 alone"'),
        "big00": (b'"BIG00"', b'"' + b"x" * 65_536 + b'"'),
        "bidi0": (b'"BIDI0"', '"\u202eright to left"'.encode()),
    }
    for event_id in odd:
        stage.add({"id": event_id, "summary": event_id.upper()})
    stage.add({"id": "lunch"})
    spoil(stage, *odd.values())
    report = await stage.done()
    assert report.events == 5
    rows = await stage.event_rows()
    assert "lunch" in rows
    assert rows["big00"].raw.count("x") >= 65_536
    assert set(rows) | {row.event_id for row in await stage.quarantined()} == {*odd, "lunch"}
    assert json.loads(rows["nulle"].raw)["summary"] == "a\x00b"


@staged()
async def test_impossible_times_leave_the_columns_empty(stage: Stage) -> None:
    times = {
        "aero0": (b"2026-10-02T", b"0000-10-02T"),
        "far99": (b"2026-10-03T", b"9999-12-31T"),
        "hour2": (b"2026-10-04T1", b"2026-10-04T2400:1"),
        "leap6": (b"2026-10-05T10:00:00", b"2026-10-05T23:59:60"),
    }
    for day, event_id in enumerate(times, 1):
        stage.add({"id": event_id, "day": day})
    stage.add({"id": "inver", "day": 9})
    spoil(stage, *times.values(), (b"2026-10-10T11", b"2026-10-10T09"))
    report = await stage.done()
    assert report.events == 5
    rows = await stage.event_rows()
    assert sorted(rows) == sorted([*times, "inver"])
    assert (rows["inver"].start_at, rows["inver"].end_at) == (None, None)
    assert rows["hour2"].start_at is None
