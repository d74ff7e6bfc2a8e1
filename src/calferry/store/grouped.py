"""Group commit: transactions asked for at the same time are carried out as one.

For floods of small transactions. A piece of work that fails takes nobody with it: the group is then repeated one by
one. Works must be repeatable, as everywhere.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from calferry.ports import Store
from calferry.store.tenant import for_nobody

T = TypeVar("T")

GROUP_MAX = 200

Work = Callable[[Any], Any]
Transact = Callable[[Work], Awaitable[Any]]


class GroupedStore:
    """The `Store` port over another store. Two transactions begin `gather_s` apart at least: in a flood each then carries
    more, and what comes alone waits for nothing."""

    def __init__(self, store: Store, gather_s: float = 0.0) -> None:
        self._store = store
        self._reads = Group(store.read, gather_s)
        self._writes = Group(store.write, gather_s)

    async def read(self, work: Callable[[Any], T], /) -> T:
        result: T = await self._reads.run(work)
        return result

    async def write(self, work: Callable[[Any], T], /) -> T:
        """Return when the group's transaction has committed."""
        result: T = await self._writes.run(work)
        return result

    async def close(self) -> None:
        await self._store.close()


class Group:
    """Works waiting for the next transaction; one transaction is under way at a time."""

    def __init__(self, transact: Transact, gather_s: float) -> None:
        self._transact = transact
        self._gather_s = gather_s
        self._began_at = float("-inf")
        self._waiting: list[tuple[Work, asyncio.Future[Any]]] = []
        self._carrying: asyncio.Task[None] | None = None

    async def run(self, work: Work) -> Any:
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((work, done))
        if self._carrying is None or self._carrying.done():
            self._carrying = asyncio.create_task(self._carry_out(), context=for_nobody())
        return await done

    async def _carry_out(self) -> None:
        while self._waiting:
            if self._gather_s:
                await self._gather()
            group, self._waiting = self._waiting[:GROUP_MAX], self._waiting[GROUP_MAX:]
            await self._transact_all(group)

    async def _gather(self) -> None:
        loop = asyncio.get_running_loop()
        wait_s = self._began_at + self._gather_s - loop.time()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        self._began_at = loop.time()

    async def _transact_all(self, group: list[tuple[Work, asyncio.Future[Any]]]) -> None:
        try:
            results = await self._transact(lambda conn: carried_out(conn, [work for work, _ in group]))
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            if len(group) > 1:
                for one in group:
                    await self._transact_all([one])
            elif not group[0][1].done():
                group[0][1].set_exception(error)
        else:
            for (_, done), result in zip(group, results, strict=True):
                if not done.done():
                    done.set_result(result)


def carried_out(connection: Any, works: list[Work]) -> list[Any]:
    """The answer of each. Works whose kind can do several `together` are done so, in the place of their first."""
    answers: dict[int, Any] = {}
    for at, work in enumerate(works):
        if at in answers:
            continue
        together = getattr(type(work), "together", None)
        if together is None:
            answers[at] = work(connection)
            continue
        places = [place for place in range(at, len(works)) if type(works[place]) is type(work)]
        answers |= zip(places, together(connection, [works[place] for place in places]), strict=True)
    return [answers[at] for at in range(len(works))]
