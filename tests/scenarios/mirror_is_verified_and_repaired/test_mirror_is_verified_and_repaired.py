"""Rows that are not what Google has are found, named and brought right; edits under way are no defects."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from calferry.core.failure import SourceFailure
from calferry.core.model import AccountId
from calferry.store.tables import calendars, events
from calferry.sync.change_mode import change_mode
from calferry.sync.pause import pause_calendar
from calferry.sync.verify import Verification
from calferry.sync.verify_settled import repair_calendar, verify_settled
from tests.harness.databases import refuse
from tests.scenarios.stage import AlteringTransport, Stage, replacing, staged

FUTURE_MS = 4_000_000_000_000
NOTHING: dict[str, list[str]] = {"missing": [], "extra": [], "different": []}
Act = Callable[[Stage], Awaitable[None]]
Damage = Callable[[Connection, Any], None]
MODES = pytest.mark.parametrize("mode", ["series", "instances"])
SERIES = {"series": "retro", "instances": "retro_20261001T080000Z"}
"""An event of the series in each mode."""


def play(mode: str, act: Act, **options: Any) -> None:
    """Act with a calendar of single events and a series with a moved, a cancelled and a deleted part."""

    async def in_mode(stage: Stage) -> None:
        for event in ("lunch", "dinner", "parted", {"id": "feast", "start": {"date": "2026-12-24"}}):
            stage.add(event if isinstance(event, str) else {**event, "end": {"date": "2026-12-26"}})
        stage.add({"id": "retro", "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=5"]})
        stage.patch("retro_20261008T080000Z", {"start": {"dateTime": "2026-10-09T12:00:00Z"}, **END})
        stage.delete("retro_20261015T080000Z")
        await change_mode(stage.engine, stage.calendar_id, mode)
        await stage.done()
        stage.delete("parted")
        await stage.done()
        await stage.logged()
        await stage.assert_equal()
        await act(stage)

    staged(**options)(in_mode)()


END = {"end": {"dateTime": "2026-10-09T13:00:00Z"}}


async def damage(stage: Stage, harm: Damage) -> None:
    """Something other than the engine writes rows of the calendar."""

    def work(tx: Connection) -> None:
        found = select(calendars.c.projection_id).where(calendars.c.id == stage.calendar_id)
        harm(tx, events.c.projection_id == tx.execute(found).scalar_one())

    await stage.service.store.write(work)


def changed(event_id: str, **values: Any) -> Damage:
    def harm(tx: Connection, here: Any) -> None:
        done = tx.execute(update(events).where(here, events.c.event_id == event_id).values(values))
        assert done.rowcount == 1

    return harm


def lost(event_id: str) -> Damage:
    return lambda tx, here: tx.execute(delete(events).where(here, events.c.event_id == event_id)) and None


def invented(event_id: str, like: str) -> Damage:
    def harm(tx: Connection, here: Any) -> None:
        row = tx.execute(select(events).where(here, events.c.event_id == like)).mappings().one()
        tx.execute(insert(events).values({**row, "event_id": event_id}))

    return harm


def back_to_life(event_id: str) -> Damage:
    return changed(event_id, status="confirmed", deleted_at=None)


DAMAGES: dict[str, tuple[Damage, dict[str, list[str]]]] = {
    "a lost row": (lost("lunch"), {"missing": ["lunch"]}),
    "another text": (changed("lunch", raw='{"id": "lunch"}'), {"different": ["lunch"]}),
    "an invented row": (invented("ghost", "lunch"), {"extra": ["ghost"]}),
    "a row called deleted": (changed("lunch", status="cancelled"), {"missing": ["lunch"]}),
    "a row called tentative": (changed("lunch", status="tentative"), {"different": ["lunch"]}),
    "a time of change ahead": (changed("lunch", updated_at=FUTURE_MS), {"different": ["lunch"]}),
    "another text from the future": (
        changed("lunch", raw='{"id": "lunch"}', updated_at=FUTURE_MS),
        {"different": ["lunch"]},
    ),
    "another time": (changed("lunch", start_at=5, end_at=6), {"different": ["lunch"]}),
    "another day": (changed("feast", start_date="2020-01-01"), {"different": ["feast"]}),
    "a deleted row alive": (back_to_life("parted"), {"extra": ["parted"]}),
    "unreadable text": (changed("dinner", raw="{"), {"different": ["dinner"]}),
}
OF_SERIES: dict[str, tuple[Damage, dict[str, list[str]]]] = {
    "a lost exception": (lost("retro_20261008T080000Z"), {"missing": ["retro_20261008T080000Z"]}),
    "a lost cancellation": (lost("retro_20261015T080000Z"), {"missing": ["retro_20261015T080000Z"]}),
    "a cancellation of no series": (
        changed("retro_20261015T080000Z", series_id=None),
        {"different": ["retro_20261015T080000Z"]},
    ),
    "an invented cancellation": (
        invented("retro_20261022T080000Z", "retro_20261015T080000Z"),
        {"extra": ["retro_20261022T080000Z"]},
    ),
    "a series no longer recurring": (changed("retro", recurring=False), {"different": ["retro"]}),
}


def of(found: Verification) -> dict[str, list[str]]:
    return {"missing": found.missing, "extra": found.extra, "different": found.different}


async def found_and_repaired(stage: Stage, harm: Damage, expected: dict[str, list[str]]) -> None:
    live = await stage.live()
    await damage(stage, harm)
    found = await verify_settled(stage.engine, stage.calendar_id)
    assert (of(found), found.unsettled, found.equal) == ({**NOTHING, **expected}, [], False)
    state = await stage.state()
    assert (state.verified_at, state.verified_differences) == (stage.clock.now_ms(), found.differences)
    await stage.clock.sleep(1)
    repaired = await repair_calendar(stage.engine, found)
    assert (repaired.equal, repaired.differences) == (True, 0)
    assert await stage.live() == live
    assert (await stage.state()).verified_differences == 0
    await stage.assert_equal()


@MODES
@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_named_and_repaired(mode: str, name: str) -> None:
    play(mode, lambda stage: found_and_repaired(stage, *DAMAGES[name]))


@pytest.mark.parametrize("name", OF_SERIES)
def test_damage_of_a_series_is_named_and_repaired(name: str) -> None:
    play("series", lambda stage: found_and_repaired(stage, *OF_SERIES[name]))


@MODES
def test_everything_lost_is_listed_again(mode: str) -> None:
    async def act(stage: Stage) -> None:
        await damage(stage, lambda tx, here: tx.execute(delete(events).where(here)) and None)
        found = await verify_settled(stage.engine, stage.calendar_id)
        assert (len(found.missing), found.differences) == (found.checked, found.checked)
        assert (await repair_calendar(stage.engine, found)).equal

    play(mode, act)


@staged()
async def test_most_of_a_calendar_may_go_when_a_person_asks_for_the_repair(stage: Stage) -> None:
    stage.add_many(20)
    await stage.done()
    for n in range(60):
        await damage(stage, invented(f"ghost{n:02d}", "event00000"))
    found = await verify_settled(stage.engine, stage.calendar_id)
    assert len(found.extra) == 60
    assert (await repair_calendar(stage.engine, found)).equal
    assert len(await stage.live()) == 20


@MODES
def test_repair_tells_readers_what_they_see_change_and_nothing_else(mode: str) -> None:
    async def act(stage: Stage) -> None:
        await damage(stage, lost("lunch"))
        await damage(stage, changed("dinner", updated_at=FUTURE_MS))
        await damage(stage, changed(SERIES[mode], raw='{"id": "other"}'))
        await repair_calendar(stage.engine, await verify_settled(stage.engine, stage.calendar_id))
        assert sorted(await stage.logged()) == ["created lunch", f"updated {SERIES[mode]}"]

    play(mode, act)


class Busy:
    """Google's side of the account while people are at work: something happens after every page."""

    def __init__(self, inner: Any, happens: Callable[[], Awaitable[None]]) -> None:
        self.inner = inner
        self.happens = happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def events_page(self, *asked: Any) -> Any:
        page = await self.inner.events_page(*asked)
        await self.happens()
        return page


def meanwhile(stage: Stage, happens: Callable[[], Awaitable[None]]) -> Any:
    """The engine of a verification during which that happens."""

    def source(account_id: AccountId) -> Any:
        return Busy(stage.service.source(account_id), happens)

    return replace(stage.engine, source=source)


@MODES
def test_edit_that_we_have_not_heard_of_is_no_difference(mode: str) -> None:
    async def act(stage: Stage) -> None:
        stage.patch("lunch", {"summary": "late lunch"})
        stage.delete("dinner")
        stage.add("supper")
        stage.patch("retro", {"summary": "renamed"})
        found = await verify_settled(stage.engine, stage.calendar_id)
        assert (found.equal, found.differences) == (True, 0)
        assert (await stage.state()).verified_differences == 0

    play(mode, act)


@MODES
def test_nothing_is_reported_while_people_keep_editing(mode: str) -> None:
    edits = iter(range(1_000))

    async def act(stage: Stage) -> None:
        async def edit() -> None:
            number = next(edits)
            stage.patch("lunch", {"summary": f"lunch {number}"})
            stage.add(f"made{number:03d}")
            if number % 3 == 2:
                stage.delete(f"made{number - 1:03d}")

        await edit()
        found = await verify_settled(meanwhile(stage, edit), stage.calendar_id)
        assert (found.differences, found.equal) == (0, False)
        assert "lunch" in found.unsettled
        calm = await verify_settled(stage.engine, stage.calendar_id)
        assert calm.equal

    play(mode, act, page_size=3)


@MODES
def test_damage_is_found_among_edits(mode: str) -> None:
    edits = iter(range(1_000))

    async def act(stage: Stage) -> None:
        async def edit() -> None:
            stage.patch("lunch", {"summary": f"lunch {next(edits)}"})

        await damage(stage, changed("dinner", raw='{"id": "dinner"}'))
        found = await verify_settled(meanwhile(stage, edit), stage.calendar_id)
        assert (of(found), found.unsettled) == ({**NOTHING, "different": ["dinner"]}, ["lunch"])

    play(mode, act)


@MODES
def test_runs_of_others_between_two_pages_make_no_difference(mode: str) -> None:
    edits = iter(range(3))

    async def act(stage: Stage) -> None:
        async def edit_and_run() -> None:
            number = next(edits, None)
            if number is not None:
                stage.patch(("dinner", "feast", "lunch")[number], {"summary": "moved"})
                await stage.done()

        found = await verify_settled(meanwhile(stage, edit_and_run), stage.calendar_id)
        assert (found.equal, found.differences) == (True, 0)

    play(mode, act, page_size=3)


@staged()
async def test_change_of_mode_between_two_looks_is_no_difference(stage: Stage) -> None:
    stage.add({"id": "retro", "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=5"]})
    await stage.done()
    stage.add("lunch")

    async def change() -> None:
        await change_mode(stage.engine, stage.calendar_id, "instances")

    found = await verify_settled(meanwhile(stage, change), stage.calendar_id)
    assert (found.equal, found.differences, found.checked) == (True, 0, 6)


@staged()
async def test_equal_calendar_costs_one_listing_and_no_run(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    stage.asked()
    before = await stage.state()
    assert (await verify_settled(stage.engine, stage.calendar_id)).equal
    after = await stage.state()
    assert stage.asked_methods() == {"events.list": 1}
    assert (after.fence, after.dirty_seq, after.verified_differences) == (before.fence, before.dirty_seq, 0)


@staged()
async def test_paused_calendar_is_judged_only_as_far_as_that_goes(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    await pause_calendar(stage.engine, stage.calendar_id)
    stage.add("dinner")
    found = await verify_settled(stage.engine, stage.calendar_id)
    assert (found.equal, found.differences, found.unsettled) == (False, 0, ["dinner"])
    assert found.failure is not None
    assert (await stage.state()).verified_at is None


def spoil(stage: Stage, old: bytes, new: bytes) -> None:
    stage.service.transport = AlteringTransport(stage.service.transport, replacing((old, new)))  # type: ignore[assignment]


@staged()
async def test_event_that_cannot_be_read_is_set_aside(stage: Stage) -> None:
    stage.add("lunch")
    stage.add({"id": "dinner", "summary": "old"})
    await stage.done()
    stage.patch("dinner", {"summary": "POISON"})
    spoil(stage, b'"POISON"', b'"broken \xff"')
    await stage.done()
    found = await verify_settled(stage.engine, stage.calendar_id)
    assert (found.equal, found.checked, found.set_aside) == (True, 1, ["dinner"])


@staged()
async def test_item_without_a_readable_id_may_be_any_row(stage: Stage) -> None:
    stage.add("lunch")
    stage.add("dinner")
    await stage.done()
    spoil(stage, b'"id":"dinner"', b'"id":42')
    found = await verify_settled(stage.engine, stage.calendar_id)
    assert (found.equal, found.checked, found.set_aside) == (True, 1, ["dinner"])


@staged()
async def test_event_that_the_database_refuses_is_set_aside(stage: Stage) -> None:
    stage.add("lunch")
    stage.add("refused")
    await stage.service.store.write(lambda tx: refuse(tx, "refused"))
    await stage.done()
    found = await verify_settled(stage.engine, stage.calendar_id)
    assert (found.equal, found.checked, found.set_aside) == (True, 2, ["refused"])


@staged()
async def test_listing_that_breaks_off_proves_nothing(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    spoil(stage, b'"nextSyncToken"', b'"otherToken"')
    with pytest.raises(SourceFailure, match="broke off"):
        await verify_settled(stage.engine, stage.calendar_id)
    assert (await stage.state()).verified_at is None
