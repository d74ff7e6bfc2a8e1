"""Somebody grants only a part of what was asked: that part works, the rest is not asked for over and over."""

from calferry.core.scopes import ASKED, CALENDAR_LIST, EVENTS
from calferry.store.tables import calendars
from calferry.sync.accounts import connect
from tests.scenarios.stage import ALICE, Stage, staged


def without(stage: Stage, scope: str):  # type: ignore[no-untyped-def]
    grant = stage.google.grant(ALICE)
    kept = [one for one in ASKED if one != scope]
    answer = stage.control("tokens", {"email": ALICE, "scopes": kept})
    return type(grant)(grant.identity, grant.email, frozenset(kept), answer["refresh_token"])


@staged(connected=False)
async def test_missing_events_scope_makes_no_loop(stage: Stage) -> None:
    connected = await connect(stage.engine, without(stage, EVENTS))
    stage.account_id = connected.account_id
    assert (await stage.account()).status == "partial"
    await stage.scan(2)
    await stage.look_at(ALICE)
    await stage.change(calendars, stage.calendar_id, selected=True)
    report = await stage.run()
    assert (report.outcome, report.error and report.error.code) == ("failed", "403")
    stage.asked()
    await stage.scan(3600)
    assert "events.list" not in stage.asked_methods()
    assert (await stage.account()).status == "partial"
    await connect(stage.engine, stage.google.grant(ALICE))
    assert (await stage.account()).status == "active"
    await stage.done()


@staged()
async def test_missing_list_scope_leaves_the_calendars_alone(stage: Stage) -> None:
    await stage.done()
    await connect(stage.engine, without(stage, CALENDAR_LIST))
    assert (await stage.account()).status == "partial"
    report = await stage.refresh_list()
    assert report.error is not None
    stage.add("lunch")
    await stage.done()
    assert await stage.live() == ["lunch"]
    stage.asked()
    await stage.scan(3600)
    assert stage.asked_methods().get("calendarList.list", 0) <= 1
