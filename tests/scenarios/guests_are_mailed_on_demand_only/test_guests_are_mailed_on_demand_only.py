"""No guest gets a mail because of us unless somebody has asked for it, and then those whom they asked for."""

import pytest

from tests.scenarios.stage import Json, Stage, staged

GUESTS = [{"email": "bob@example.com"}]


def mails(stage: Stage) -> list[Json]:
    return list(stage.google.call("GET", "/_emulator/mails")["mails"])


async def three_edits(stage: Stage, **terms: str) -> list[str]:
    """What Google was told of mails, and whether each edit was done."""
    assert await stage.edited("insert", None, {"id": "lunch", "attendees": GUESTS}, **terms) == "done"
    assert await stage.edited("patch", "lunch", {"location": "Canteen"}, **terms) == "done"
    assert await stage.edited("delete", "lunch", **terms) == "done"
    return [request["query"]["sendUpdates"] for request in stage.written()]


@staged()
async def test_nobody_is_mailed_unasked(stage: Stage) -> None:
    await stage.done()
    assert await three_edits(stage) == ["none"] * 3
    assert mails(stage) == []


@pytest.mark.parametrize("whom", ["all", "externalOnly"])
def test_google_is_told_whom_to_mail(whom: str) -> None:
    @staged()
    async def scenario(stage: Stage) -> None:
        await stage.done()
        assert await three_edits(stage, send_updates=whom) == [whom] * 3
        assert bool(mails(stage)) == (whom == "all")

    scenario()
