"""A page was asked for before we wrote an event and is stored after: the event does not go back in time."""

from sqlalchemy import update

from calferry.store.tables import events
from tests.scenarios.stage import AlteringTransport, Stage, staged


@staged()
async def test_answered_write_is_not_undone(stage: Stage) -> None:
    stage.add({"id": "lunch", "summary": "before"})
    await stage.done()
    stage.patch("lunch", {"summary": "stale"})
    await stage.clock.sleep(5)
    stage.faults({"method": "events.list", "action": "stall-2000"})

    def written() -> None:
        """Our write is answered while the page is on its way."""
        values = {
            "written_at": stage.clock.now_ms(),
            "updated_at": stage.clock.now_ms(),
            "raw": '{"id":"lunch"}',
        }
        with stage.service.store.writing.begin() as connection:
            connection.execute(update(events).values(values))

    inner = stage.service.transport
    stage.service.transport = AlteringTransport(inner, lambda _, response: (written(), response)[1])  # type: ignore[assignment]
    await stage.done()
    assert (await stage.event_rows())["lunch"].raw == '{"id":"lunch"}'
    stage.service.transport = inner
    stage.patch("lunch", {"summary": "newer"})
    await stage.done()
    assert "newer" in (await stage.event_rows())["lunch"].raw
