"""The grant dies while edits wait: they wait for the next one, and nothing is sent or lost meanwhile."""

import pytest

from calferry.store.tables import accounts
from calferry.sync.accounts import connect, disconnect
from calferry.sync.edit import EditRefused
from tests.scenarios.stage import ALICE, Stage, staged


async def revoked(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    await stage.edit("patch", "lunch", {"summary": "Brunch"})
    stage.control("revoke", {"email": ALICE})


@staged()
async def test_they_are_sent_after_the_account_is_connected_again(stage: Stage) -> None:
    await revoked(stage)
    assert await stage.send(60) == ["pending"]
    assert (await stage.account()).status == "needs_reauth"
    requests = len(stage.google.requests())
    assert await stage.send(3600) == ["pending"]
    assert len(stage.google.requests()) == requests
    with pytest.raises(EditRefused) as refused:
        await stage.edit("patch", "lunch", {"location": "Canteen"})
    assert refused.value.code == "needs_reauth"
    await connect(stage.engine, stage.google.grant(ALICE))
    assert await stage.send(1000) == ["done"]
    assert stage.at_google("lunch")["summary"] == "Brunch"


@staged()
async def test_edit_that_was_perhaps_done_before_the_grant_died_cannot_be_taken_back(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    (intent_id,) = await stage.edit("delete", "lunch")
    stage.faults(
        {"method": "events.delete", "action": "commit-then-return-503", "times": 1},
        {"method": "events.delete", "action": "return-401", "times": 1},
        {"method": "token", "action": "return-400:invalid_grant", "times": 2},
    )
    assert await stage.send() == ["pending"]
    assert (await stage.account()).status == "needs_reauth"
    (row,) = await stage.intent_rows()
    assert (row.id, row.uncertain) == (intent_id, True)
    await connect(stage.engine, stage.google.grant(ALICE))
    assert await stage.send(1000) == ["done"]


@staged()
async def test_disconnecting_erases_them(stage: Stage) -> None:
    await revoked(stage)
    await stage.send()
    await disconnect(stage.engine, stage.account_id)
    assert (await stage.intent_rows(), await stage.conflict_rows()) == ([], [])
    assert await stage.send(60) == []
    assert stage.names_at_google() == ["lunch"]


@staged()
async def test_disconnecting_erases_conflicts(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    stage.patch("lunch", {"summary": "Supper"})
    assert await stage.edited("patch", "lunch", {"summary": "Brunch"}) == "conflict"
    assert len(await stage.conflict_rows()) == 1
    await disconnect(stage.engine, stage.account_id)
    assert (await stage.intent_rows(), await stage.conflict_rows()) == ([], [])


@staged()
async def test_consent_to_read_alone_takes_no_edit(stage: Stage) -> None:
    stage.add("lunch")
    await stage.done()
    scopes = (await stage.account()).scopes.split()
    less = " ".join(scope for scope in scopes if not scope.endswith("calendar.events"))
    await stage.change(accounts, stage.account_id, scopes=less, status="partial")
    with pytest.raises(EditRefused) as refused:
        await stage.edit("patch", "lunch", {"summary": "Brunch"})
    assert (refused.value.status, refused.value.code) == (403, "scope_missing")
