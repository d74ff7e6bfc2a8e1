"""Five calendars of one person are synced at once: the change log has no gap, and commits are in its order."""

from sqlalchemy import select, update

from calferry.store.tables import calendars, changes
from calferry.sync.run_many import run_many
from tests.scenarios.stage import Stage, staged


@staged(page_size=3)
async def test_numbers_are_given_out_in_the_order_of_commits(stage: Stage) -> None:
    for number in range(4):
        made = stage.call("POST", "calendars", {"summary": f"calendar {number}"})
        stage.google_id = made["id"]
        stage.add_many(7)
    stage.google_id = "alice@example.com"
    stage.add_many(7)
    await stage.refresh_list()
    await stage.service.store.write(lambda tx: tx.execute(update(calendars).values(selected=True)))
    ids = [row.id for row in await stage.rows(select(calendars.c.id))]
    stage.service.transport.latency_s = 0.3
    reports = await run_many(stage.engine, ids)
    assert {report.outcome for report in reports.values()} == {"done"}
    entries = await stage.rows(select(changes).order_by(changes.c.id))
    numbers = [entry.id for entry in entries]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    assert sum(entry.kind == "created" for entry in entries) == 35
