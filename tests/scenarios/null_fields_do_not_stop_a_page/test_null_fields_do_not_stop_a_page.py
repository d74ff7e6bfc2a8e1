"""Google sends null where a list or a text belongs: the page is stored, the odd event as far as it goes."""

from tests.scenarios.stage import AlteringTransport, Stage, replacing, staged


@staged()
async def test_null_title_and_recurrence(stage: Stage) -> None:
    stage.add("lunch")
    stage.add({"id": "dinner", "summary": "TITLE"})
    stage.service.transport = AlteringTransport(  # type: ignore[assignment]
        stage.service.transport,
        replacing((b'"summary":"TITLE"', b'"summary":null,"recurrence":null,"colorId":null')),
    )
    report = await stage.done()
    assert report.events == 2
    rows = await stage.event_rows()
    assert sorted(rows) == ["dinner", "lunch"]
    assert '"summary":null' in rows["dinner"].raw
    assert not rows["dinner"].recurring


@staged()
async def test_null_items_is_an_empty_page(stage: Stage) -> None:
    stage.service.transport = AlteringTransport(  # type: ignore[assignment]
        stage.service.transport, replacing((b'"items":[]', b'"items":null'))
    )
    report = await stage.done()
    assert report.events == 0
    assert (await stage.state()).sync_token is not None
