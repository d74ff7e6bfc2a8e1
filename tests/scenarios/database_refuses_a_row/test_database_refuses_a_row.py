"""One row of a bulk write is refused by the database: it is kept aside, and the others are stored."""

from tests.harness.databases import refuse
from tests.scenarios.stage import Stage, staged


@staged()
async def test_refused_row_goes_to_quarantine(stage: Stage) -> None:
    stage.add_many(5)
    stage.add("refused")
    await stage.service.store.write(lambda tx: refuse(tx, "refused"))
    report = await stage.done()
    assert report.events == 6
    assert len(await stage.live()) == 5
    (kept,) = await stage.quarantined()
    assert (kept.event_id, "no_such_luck" in kept.reason) == ("refused", True)
    assert b'"refused"' in kept.raw
    assert (await stage.state()).sync_token is not None
