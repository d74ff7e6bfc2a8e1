"""The store moves states only where the core's tables lead; SQLite is made to refuse the rest in every scenario."""

from itertools import product
from typing import get_args

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from calferry.core import channel_state, sync_state
from calferry.store import channels as channel_rows
from calferry.store.tables import channels, sync_states
from tests.harness.databases import guarded_store
from tests.harness.transitions import IllegalMove, check_transition

KINDS = {
    "sync_state": (sync_states, "status", get_args(sync_state.Status)),
    "channel": (channels, "state", get_args(channel_state.State)),
}
MOVES = [(kind, *pair) for kind, (_, _, states) in KINDS.items() for pair in product(states, repeat=2)]
ROWS = {
    "sync_state": {"id": "one", "user_id": 1, "account_id": "acc", "kind": "events"},
    "channel": {
        "id": "one",
        "user_id": 1,
        "account_id": "acc",
        "resource": "cal",
        "token_hash": b"",
        "created_at": 0,
    },
}


def is_allowed(kind: str, before: str | None, after: str | None) -> bool:
    try:
        check_transition(kind, before, after)
    except IllegalMove:
        return False
    return True


@pytest.mark.parametrize(("kind", "before", "after"), MOVES)
async def test_sqlite_refuses_what_the_table_does_not_have(kind: str, before: str, after: str) -> None:
    table, column, _ = KINDS[kind]
    store = guarded_store()
    await store.write(lambda tx: tx.exec_driver_sql(f"DROP TRIGGER {table.name}_begin"))
    await store.write(lambda tx: tx.execute(table.insert().values({**ROWS[kind], column: before})))
    moving = update(table).where(table.c.id == "one").values({column: after})
    if is_allowed(kind, before, after):
        await store.write(lambda tx: tx.execute(moving))
    else:
        with pytest.raises(IntegrityError, match="may not move so"):
            await store.write(lambda tx: tx.execute(moving))


@pytest.mark.parametrize("kind", KINDS)
async def test_every_row_begins_in_the_first_state(kind: str) -> None:
    table, column, states = KINDS[kind]
    store = guarded_store()
    assert [state for state in states if is_allowed(kind, None, state)] == [states[0]]
    with pytest.raises(IntegrityError, match="may not begin so"):
        await store.write(lambda tx: tx.execute(table.insert().values({**ROWS[kind], column: states[1]})))


@pytest.mark.parametrize("kind", KINDS)
def test_rows_may_be_deleted_in_any_state_and_stay_as_they_are(kind: str) -> None:
    for state in KINDS[kind][2]:
        check_transition(kind, state, None)
        check_transition(kind, state, state)


@pytest.mark.parametrize(("before", "after"), list(product(get_args(channel_state.State), repeat=2)))
async def test_settling_a_channel_moves_it_only_where_its_state_leads(before: str, after: str) -> None:
    store = guarded_store()
    await store.write(lambda tx: tx.exec_driver_sql("DROP TRIGGER channels_begin"))
    await store.write(lambda tx: tx.execute(channels.insert().values({**ROWS["channel"], "state": before})))
    await store.write(lambda tx: channel_rows.settle(tx, "one", after))
    (state,) = await store.read(lambda tx: tx.execute(select(channels.c.state)).scalars().all())
    assert state == (after if is_allowed("channel", before, after) else before)
