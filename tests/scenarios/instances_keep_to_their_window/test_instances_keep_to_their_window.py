"""Google expands the series: deltas flood beyond the window, and some instances leave it or enter it."""

from itertools import pairwise

from calferry.core.limits import WEEK_MS
from calferry.sync.change_mode import change_mode
from tests.scenarios.stage import Stage, staged

LATE_MS = 12 * 3_600_000


async def in_instances(stage: Stage) -> None:
    await change_mode(stage.engine, stage.calendar_id, "instances")
    await stage.done()
    await stage.logged()


def at(day: str) -> dict[str, dict[str, str]]:
    return {"start": {"dateTime": f"{day}T10:00:00Z"}, "end": {"dateTime": f"{day}T11:00:00Z"}}


@staged()
async def test_touched_series_stays_inside_the_window(stage: Stage) -> None:
    stage.add({"id": "retro", "recurrence": ["RRULE:FREQ=DAILY"]})
    await in_instances(stage)
    before = await stage.live()
    assert 350 < len(before) < 430
    stage.patch("retro", {"summary": "renamed"})
    report = await stage.done()
    assert report.events > len(before)
    assert await stage.live() == before
    await stage.assert_equal()


@staged()
async def test_deleted_series_leaves_nothing_behind(stage: Stage) -> None:
    stage.add({"id": "retro", "recurrence": ["RRULE:FREQ=DAILY"]})
    stage.add("lunch")
    await in_instances(stage)
    stage.delete("retro")
    await stage.done()
    assert await stage.live() == ["lunch"]
    await stage.assert_equal()


@staged()
async def test_shortened_series_loses_its_later_instances(stage: Stage) -> None:
    stage.add({"id": "retro", "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=6"]})
    await in_instances(stage)
    stage.patch("retro", {"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=2"]})
    await stage.done()
    assert await stage.live() == ["retro_20261001T080000Z", "retro_20261008T080000Z"]
    await stage.assert_equal()


@staged()
async def test_series_loses_what_lies_too_far_ahead_to_be_mentioned(stage: Stage) -> None:
    times = {name: {**one, "timeZone": "UTC"} for name, one in at("2027-05-03").items()}
    stage.add({"id": "retro", **times, "recurrence": ["RRULE:FREQ=MONTHLY;COUNT=4"]})
    await in_instances(stage)
    stage.patch("retro", {"recurrence": ["RRULE:FREQ=MONTHLY;COUNT=2"]})
    report = await stage.done()
    assert report.requests == 2
    assert await stage.live() == ["retro_20270503T100000Z", "retro_20270603T100000Z"]
    await stage.assert_equal()


@staged()
async def test_exception_that_was_moved_near_leaves_with_its_far_occurrence(stage: Stage) -> None:
    times = {name: {**one, "timeZone": "UTC"} for name, one in at("2027-05-03").items()}
    stage.add({"id": "retro", **times, "recurrence": ["RRULE:FREQ=MONTHLY;COUNT=2"]})
    stage.patch("retro_20270603T100000Z", at("2026-10-05"))
    await in_instances(stage)
    assert await stage.live() == ["retro_20270503T100000Z", "retro_20270603T100000Z"]
    stage.patch("retro", {"recurrence": ["RRULE:FREQ=MONTHLY;COUNT=1"]})
    await stage.done()
    assert await stage.live() == ["retro_20270503T100000Z"]
    await stage.assert_equal()


@staged()
async def test_calendar_lost_while_a_series_is_looked_at_keeps_the_instances(stage: Stage) -> None:
    stage.add({"id": "retro", "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3"]})
    await in_instances(stage)
    before = await stage.live()
    stage.delete(before[0])
    stage.faults(
        {"method": "events.instances", "action": "return-404", "times": 9},
        {"method": "events.list", "action": "return-404", "skip": 1, "times": 9},
    )
    assert (await stage.run()).outcome == "failed"
    assert await stage.live() == before
    stage.control("faults", {"faults": []})
    await stage.clock.sleep(3600)
    await stage.done()
    assert await stage.live() == before[1:]
    await stage.assert_equal()


@staged()
async def test_one_invitation_to_an_occurrence_can_be_taken_back(stage: Stage) -> None:
    """The series is not in the calendar, so Google does not find it."""
    lent = {
        "id": "lent0_20261008T080000Z",
        "recurringEventId": "lent0",
        "originalStartTime": {"dateTime": "2026-10-08T10:00:00+02:00", "timeZone": "Europe/Berlin"},
        "day": 7,
    }
    stage.plant(lent)
    await in_instances(stage)
    assert await stage.live() == [lent["id"]]
    stage.plant({**lent, "status": "cancelled"})
    await stage.done()
    assert await stage.live() == []
    await stage.assert_equal()


@staged()
async def test_event_moves_out_of_the_window_and_back(stage: Stage) -> None:
    stage.add("lunch")
    await in_instances(stage)
    stage.patch("lunch", at("2029-05-01"))
    await stage.done()
    assert await stage.live() == []
    assert await stage.logged() == ["cancelled lunch"]
    await stage.assert_equal()
    stage.patch("lunch", at("2026-11-01"))
    await stage.done()
    assert await stage.live() == ["lunch"]
    assert await stage.logged() == ["created lunch"]
    await stage.assert_equal()


@staged()
async def test_event_enters_the_window(stage: Stage) -> None:
    stage.add({"id": "distant", **at("2031-01-01")})
    await in_instances(stage)
    assert await stage.live() == []
    stage.patch("distant", at("2026-12-01"))
    await stage.done()
    assert await stage.logged() == ["created distant"]
    await stage.assert_equal()


@staged()
async def test_days_outside_the_window_are_left_out_like_hours(stage: Stage) -> None:
    await in_instances(stage)
    stage.add({"id": "carnival", "start": {"date": "2026-03-28"}, "end": {"date": "2026-03-31"}})
    stage.add({"id": "christmas", "start": {"date": "2026-12-24"}, "end": {"date": "2026-12-27"}})
    await stage.done()
    assert await stage.live() == ["christmas"]
    stage.patch("christmas", {"start": {"date": "2028-03-28"}, "end": {"date": "2028-03-31"}})
    await stage.done()
    assert await stage.live() == []
    await stage.assert_equal()


@staged()
async def test_window_rolls_forward_once_a_week(stage: Stage) -> None:
    stage.add({"id": "retro", "recurrence": ["RRULE:FREQ=WEEKLY"]})
    stage.add("lunch")
    await in_instances(stage)
    seen = {(await stage.calendar()).projection_id: stage.clock.now_ms()}
    told = []
    for _ in range(3 * 7 * 4):
        await stage.clock.sleep(6 * 3_600)
        await stage.scan()
        seen.setdefault((await stage.calendar()).projection_id, stage.clock.now_ms())
        told += await stage.logged()
    began, *rolled = seen.values()
    assert len(rolled) == 3
    assert rolled[0] - began <= WEEK_MS + LATE_MS
    assert all(WEEK_MS - LATE_MS <= two - one <= WEEK_MS + LATE_MS for one, two in pairwise(rolled))
    created = [entry for entry in told if entry.startswith("created retro_20271")]
    assert 2 <= len(created) <= 4
    assert not any(entry.startswith("updated") for entry in told)
    await stage.assert_equal()


@staged()
async def test_single_event_becomes_a_series_and_single_again(stage: Stage) -> None:
    stage.add("lunch")
    await in_instances(stage)
    stage.patch("lunch", {"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=2"]})
    await stage.done()
    assert await stage.live() == ["lunch_20261001T080000Z", "lunch_20261008T080000Z"]
    await stage.assert_equal()
    stage.patch("lunch", {"recurrence": None})
    await stage.done()
    assert await stage.live() == ["lunch"]
    await stage.assert_equal()
