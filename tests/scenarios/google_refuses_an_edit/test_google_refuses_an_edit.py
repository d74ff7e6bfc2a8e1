"""Google refuses an edit for good: that is told with Google's reason, and readers see what Google has."""

import json

import pytest

from calferry.sync.edit import EditRefused
from tests.scenarios.stage import Stage, staged

REASONS = [
    ("return-403:forbiddenForNonOrganizer", "403", "forbiddenForNonOrganizer"),
    ("return-403:requiredAccessLevel", "403", "requiredAccessLevel"),
    ("return-403:forbidden", "403", "forbidden"),
    ("return-403:insufficientPermissions", "403", "insufficientPermissions"),
    ("return-400:invalid", "400", "invalid"),
    ("return-400:eventTypeRestriction", "400", "eventTypeRestriction"),
]


@pytest.mark.parametrize("case", REASONS, ids=[one[2] for one in REASONS])
def test_refusal_is_kept_with_its_reason_and_nothing_else_is_left(case: tuple[str, str, str]) -> None:
    action, code, reason = case

    @staged()
    async def scenario(stage: Stage) -> None:
        stage.add("lunch")
        await stage.done()
        stage.faults({"method": "events.patch", "action": action, "times": 1})
        assert await stage.edited("patch", "lunch", {"summary": "Brunch"}) == "failed"
        (row,) = await stage.intent_rows()
        assert (row.error_code, row.error_reason, bool(row.error_message)) == (code, reason, True)
        assert json.loads((await stage.shown("lunch")).raw)["summary"] == "lunch"
        assert await stage.send(3600) == ["failed"]
        assert len(stage.written()) == 1
        await stage.assert_equal()

    scenario()


@staged()
async def test_guest_learns_it_before_google_is_asked(stage: Stage) -> None:
    organizer = {"email": "bob@example.com"}
    guests = [{"email": "alice@example.com", "responseStatus": "needsAction", "self": True}]
    stage.plant({"id": "lunch", "organizer": organizer, "attendees": guests})
    await stage.done()
    with pytest.raises(EditRefused) as refused:
        await stage.edit("patch", "lunch", {"summary": "Brunch"})
    assert (refused.value.status, refused.value.code) == (403, "not_organizer")
    answer = [{"email": "alice@example.com", "responseStatus": "accepted"}]
    assert await stage.edited("patch", "lunch", {"attendees": answer}) == "done"
    assert stage.at_google("lunch")["attendees"][0]["responseStatus"] == "accepted"


@staged()
async def test_insert_that_is_refused_leaves_no_event(stage: Stage) -> None:
    await stage.done()
    stage.faults({"method": "events.insert", "action": "return-403:requiredAccessLevel", "times": 1})
    assert await stage.edited("insert", None, {"id": "lunch"}) == "failed"
    assert (await stage.shown("lunch"), await stage.live(), stage.names_at_google()) == (None, [], [])


@staged()
async def test_edit_behind_a_refused_insert_fails_with_it(stage: Stage) -> None:
    await stage.done()
    stage.faults({"method": "events.insert", "action": "return-400:invalid", "times": 1})
    await stage.edit("insert", None, {"id": "lunch"})
    await stage.edit("patch", "lunch", {"summary": "Brunch"})
    assert await stage.send(60) == ["failed", "conflict"]
    assert await stage.shown("lunch") is None


@staged()
async def test_calendar_that_google_does_not_know_any_more_refuses(stage: Stage) -> None:
    await stage.done()
    stage.faults({"method": "events.insert", "action": "return-404:notFound", "times": 1})
    assert await stage.edited("insert", None, {"id": "lunch"}) == "failed"
    assert await stage.live() == []


@staged()
async def test_events_of_a_special_type_are_refused_before_google_is_asked(stage: Stage) -> None:
    stage.plant({"id": "flight", "eventType": "fromGmail"})
    await stage.done()
    for kind, event_id, body in (
        ("patch", "flight", {"summary": "Our flight"}),
        ("insert", None, {"id": "train", "eventType": "fromGmail"}),
        ("patch", "flight", {"eventType": "default"}),
    ):
        with pytest.raises(EditRefused) as refused:
            await stage.edit(kind, event_id, body)
        assert (refused.value.status, refused.value.code) == (403, "event_type_restricted")
    assert await stage.edited("patch", "flight", {"colorId": "5"}) == "done"
    assert len(stage.written()) == 1


@pytest.mark.parametrize("lost", ["commit-then-reset", "commit-then-return-503"])
@pytest.mark.parametrize("kind", ["insert", "patch", "delete"])
def test_refusal_of_what_was_done_before_is_no_failure(kind: str, lost: str) -> None:
    @staged()
    async def scenario(stage: Stage) -> None:
        stage.add("lunch")
        await stage.done()
        method, event_id = f"events.{kind}", None if kind == "insert" else "lunch"
        stage.faults(
            {"method": method, "action": lost, "times": 1},
            {"method": method, "action": "return-403:forbidden", "times": 1},
        )
        await stage.edit(kind, event_id, None if kind == "delete" else {"summary": "Tea"})
        assert await stage.send(60) == ["done"]
        assert stage.names_at_google() == {"insert": ["Tea", "lunch"], "patch": ["Tea"], "delete": []}[kind]
        await stage.done()
        await stage.assert_equal()

    scenario()


@pytest.mark.parametrize("kind", ["insert", "patch", "delete"])
def test_refusal_of_what_was_not_done_before_is_told(kind: str) -> None:
    @staged()
    async def scenario(stage: Stage) -> None:
        stage.add("lunch")
        await stage.done()
        method, event_id = f"events.{kind}", None if kind == "insert" else "lunch"
        stage.faults(
            {"method": method, "action": "return-503", "times": 1},
            {"method": method, "action": "return-403:forbidden", "times": 1},
        )
        await stage.edit(kind, event_id, None if kind == "delete" else {"summary": "Tea"})
        assert await stage.send(60) == ["failed"]
        (row,) = await stage.intent_rows()
        assert (row.error_code, row.error_reason) == ("403", "forbidden")
        assert (stage.names_at_google(), await stage.conflict_rows()) == (["lunch"], [])

    scenario()


@staged()
async def test_edit_behind_one_that_was_done_and_then_refused_meets_nobody(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    stage.faults(
        {"method": "events.patch", "action": "commit-then-reset", "times": 1},
        {"method": "events.patch", "action": "return-403:forbidden", "times": 1},
    )
    await stage.edit("patch", "lunch", {"summary": "Brunch"})
    await stage.edit("delete", "lunch")
    assert await stage.send(60) == ["done", "done"]
    assert (stage.names_at_google(), await stage.conflict_rows()) == ([], [])
