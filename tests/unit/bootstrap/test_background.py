"""Work that nobody waits for is finished, or cancelled, but never forgotten."""

import asyncio

import pytest

from calferry.bootstrap import background as module
from calferry.bootstrap.background import Background


async def test_work_is_waited_for_at_the_end() -> None:
    background, done = Background(), list[int]()

    async def work() -> None:
        await asyncio.sleep(0)
        done.append(1)

    background.spawn(work())
    await background.close()
    assert done == [1]


async def test_work_that_takes_long_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GRACE_S", 0.01)
    background, ended = Background(), list[str]()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    background.spawn(work())
    await background.close()
    assert ended == ["cancelled"]


async def test_failing_work_disturbs_nobody() -> None:
    background = Background()

    async def work() -> None:
        raise RuntimeError("planted")

    background.spawn(work())
    await background.close()


async def test_closing_without_work_is_immediate() -> None:
    await Background().close()
