"""The process dies while a page is being stored: rows, cursor and log are all there or all not."""

from collections.abc import Callable
from typing import Any

from tests.scenarios.stage import Stage, staged


class Crash(BaseException):
    """The process is gone."""


async def crash_in_write(stage: Stage, number: int) -> None:
    """Run, and die at the end of the n-th transaction, just before it commits."""
    write, count = stage.service.store.write, 0

    async def dying(work: Callable[[Any], Any], /) -> Any:
        nonlocal count
        count += 1
        at_end = count == number

        def last(connection: Any) -> Any:
            result = work(connection)
            if at_end:
                raise Crash
            return result

        return await write(last)

    stage.service.store.write = dying  # type: ignore[method-assign]
    try:
        await stage.run()
    except Crash:
        pass
    finally:
        stage.service.store.write = write  # type: ignore[method-assign]
    await stage.clock.sleep(60)


@staged(page_size=2)
async def test_every_transaction_of_a_first_sync_may_be_the_last(stage: Stage) -> None:
    stage.add_many(7)
    for number in range(1, 7):
        await crash_in_write(stage, number)
        entries = await stage.logged()
        assert len(entries) == len(set(entries))
    await stage.scan(120)
    await stage.assert_equal()


@staged(page_size=2)
async def test_every_transaction_of_a_later_sync_may_be_the_last(stage: Stage) -> None:
    stage.add_many(5)
    await stage.done()
    await stage.logged()
    for number in (1, 2, 3, 4):
        before = sorted(await stage.live())
        gone = f"event{number:05d}"
        stage.delete(gone)
        stage.add({"id": f"fresh{number}"})
        await crash_in_write(stage, number)
        assert set(await stage.live()) >= {one for one in before if one > gone}
    await stage.scan(120)
    await stage.assert_equal()
