"""Two people see one calendar: each has rows, a token and rights of the own."""

from sqlalchemy import select

from calferry.store.tables import calendars, sync_states
from tests.scenarios.stage import Stage, staged

SHARED = "team@group.calendar.google.com"
BOTH = {
    "people": [
        {
            "email": f"{name}@example.com",
            "calendars": [
                {"id": f"{name}@example.com", "primary": True},
                {"id": SHARED, "owner": "alice@example.com", "access_role": role},
            ],
        }
        for name, role in (("alice", "owner"), ("bob", "reader"))
    ]
}


@staged(connected=False, seed=BOTH)
async def test_each_account_keeps_its_own_token(stage: Stage) -> None:
    await stage.connect(calendar=SHARED)
    alices = stage.calendar_id
    stage.add("lunch")
    await stage.done()
    await stage.connect("bob@example.com", SHARED)
    bobs = stage.calendar_id
    assert bobs != alices
    stage.add("dinner")
    await stage.done()
    assert await stage.live() == ["dinner", "lunch"]
    stage.calendar_id = alices
    assert await stage.live() == ["lunch"]
    await stage.done()
    await stage.assert_equal()
    tokens = await stage.rows(
        select(sync_states.c.sync_token)
        .join(calendars, calendars.c.id == sync_states.c.id)
        .where(calendars.c.google_id == SHARED)
    )
    assert len({row.sync_token for row in tokens}) == 2
