"""Group commit."""

import asyncio

import pytest

from calferry.store.grouped import GROUP_MAX, GroupedStore

pytestmark = pytest.mark.anyio


class CountingStore:
    """Runs works at the next turn of the loop and counts transactions."""

    def __init__(self) -> None:
        self.transactions = 0
        self.committed: list[int] = []

    async def write(self, work):
        self.transactions += 1
        await asyncio.sleep(0)
        written: list[int] = []
        result = work(written)
        self.committed += written
        return result

    read = write

    async def close(self) -> None:
        pass


def writing(number: int):
    def work(written: list[int]) -> int:
        written.append(number)
        return number * 10

    return work


def failing(written: list[int]) -> None:
    written.append(-1)
    raise ValueError("no")


async def test_works_that_come_together_share_a_transaction_and_keep_their_answers() -> None:
    store = CountingStore()
    grouped = GroupedStore(store)
    assert await asyncio.gather(*(grouped.write(writing(n)) for n in range(50))) == [
        n * 10 for n in range(50)
    ]
    assert store.committed == list(range(50))
    assert store.transactions == 1


async def test_a_group_is_bounded() -> None:
    store = CountingStore()
    grouped = GroupedStore(store)
    await asyncio.gather(*(grouped.write(writing(n)) for n in range(GROUP_MAX + 1)))
    assert store.transactions == 2


async def test_a_failing_work_takes_nobody_with_it() -> None:
    store = CountingStore()
    grouped = GroupedStore(store)
    works = [writing(1), failing, writing(2)]
    answers = await asyncio.gather(*map(grouped.write, works), return_exceptions=True)
    assert (answers[0], answers[2]) == (10, 20)
    assert isinstance(answers[1], ValueError)
    assert store.committed == [1, 2]


async def test_a_caller_who_leaves_keeps_nobody_waiting() -> None:
    grouped = GroupedStore(CountingStore())
    leaving = asyncio.ensure_future(grouped.read(writing(1)))
    staying = asyncio.ensure_future(grouped.read(writing(2)))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == 20


class Doubling:
    """Several are carried out with one statement."""

    statements = 0

    def __init__(self, number: int) -> None:
        self.number = number

    def __call__(self, written: list[int]) -> int:
        return self.together(written, [self])[0]

    @staticmethod
    def together(written: list[int], works: "list[Doubling]") -> list[int]:
        Doubling.statements += 1
        written += [work.number for work in works]
        return [work.number * 2 for work in works]


async def test_works_of_a_kind_that_can_be_done_together_are_and_each_gets_its_own_answer() -> None:
    store, before = CountingStore(), Doubling.statements
    grouped = GroupedStore(store)
    works = [Doubling(1), writing(7), Doubling(2), Doubling(3)]
    assert await asyncio.gather(*(grouped.write(work) for work in works)) == [2, 70, 4, 6]
    assert sorted(store.committed) == [1, 2, 3, 7]
    assert (store.transactions, Doubling.statements - before) == (1, 1)
