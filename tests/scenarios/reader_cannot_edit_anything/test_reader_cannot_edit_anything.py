"""Whoever may only read a calendar sends no edit to Google; one accepted before the right was taken away is refused by Google."""

import pytest

from calferry.sync.edit import EditRefused
from tests.scenarios.stage import Stage, staged

SHARED = "bob-family@group.calendar.google.com"


def seed(role: str) -> dict[str, object]:
    bobs = [{"id": "bob@example.com", "primary": True}, {"id": SHARED, "summary": "Family"}]
    shared = {"id": SHARED, "owner": "bob@example.com", "access_role": role}
    alices = [{"id": "alice@example.com", "primary": True}, shared]
    return {
        "people": [
            {"email": "bob@example.com", "calendars": bobs},
            {"email": "alice@example.com", "calendars": alices},
        ]
    }


@pytest.mark.parametrize("role", ["reader", "freeBusyReader"])
def test_nothing_is_sent_for_a_reader(role: str) -> None:
    @staged(connected=False, seed=seed(role))
    async def scenario(stage: Stage) -> None:
        await stage.connect(calendar=SHARED)
        stage.add("lunch", "bob@example.com")
        await stage.done()
        for kind, event_id in (
            ("insert", None),
            ("patch", "lunch"),
            ("update", "lunch"),
            ("delete", "lunch"),
        ):
            with pytest.raises(EditRefused) as refused:
                await stage.edit(kind, event_id, {"summary": "Brunch"})
            assert (refused.value.status, refused.value.code) == (403, "read_only_calendar")
        assert (await stage.send(60), stage.written()) == ([], [])

    scenario()


@staged(connected=False, seed=seed("writer"))
async def test_right_that_is_lost_after_acceptance_is_told(stage: Stage) -> None:
    await stage.connect(calendar=SHARED)
    stage.add("lunch", "bob@example.com")
    await stage.done()
    await stage.edit("patch", "lunch", {"summary": "Brunch"})
    stage.grant_role("reader", "alice@example.com", SHARED)
    assert await stage.send(60) == ["failed"]
    (row,) = await stage.intent_rows()
    assert (row.error_code, bool(row.error_reason), bool(row.error_message)) == ("403", True, True)
    assert '"lunch"' in (await stage.shown("lunch")).raw
    assert '"Brunch"' not in (await stage.shown("lunch")).raw


@staged(connected=False, seed=seed("writer"))
async def test_right_that_is_known_to_be_lost_is_not_tried(stage: Stage) -> None:
    await stage.connect(calendar=SHARED)
    stage.add("lunch", "bob@example.com")
    await stage.done()
    await stage.edit("patch", "lunch", {"summary": "Brunch"})
    stage.grant_role("reader", "alice@example.com", SHARED)
    await stage.refresh_list(full=True)
    stage.written()
    assert await stage.send(60) == ["failed"]
    assert stage.written() == []
    (row,) = await stage.intent_rows()
    assert (row.error_code, row.error_reason) == ("403", "read_only_calendar")
