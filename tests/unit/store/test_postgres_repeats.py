"""What PostgreSQL ends to break a deadlock is done again, whether it reads or writes."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from calferry.store.postgres import ATTEMPTS, PostgresStore
from tests.harness import databases

pytestmark = [pytest.mark.anyio, databases.ON_POSTGRES]
DEADLOCK = "DO $$ BEGIN RAISE deadlock_detected; END $$"


class Unlucky:
    """Work that is chosen as the victim so many times."""

    def __init__(self, times: int) -> None:
        self.left = times
        self.calls = 0

    def __call__(self, connection: Connection) -> int:
        self.calls += 1
        if self.left:
            self.left -= 1
            connection.exec_driver_sql(DEADLOCK)
        return int(connection.exec_driver_sql("SELECT 7").scalar_one())


@pytest.fixture
async def store() -> AsyncIterator[PostgresStore]:
    opened = PostgresStore(databases.new_database(), connections=1)
    yield opened
    await opened.close()


@pytest.mark.parametrize("kind", ["read", "write"])
async def test_victim_of_a_deadlock_is_repeated(store: PostgresStore, kind: str) -> None:
    work = Unlucky(1)
    assert await getattr(store, kind)(work) == 7
    assert work.calls == 2


@pytest.mark.parametrize("kind", ["read", "write"])
async def test_who_is_always_the_victim_is_told_in_the_end(store: PostgresStore, kind: str) -> None:
    work = Unlucky(ATTEMPTS)
    with pytest.raises(DBAPIError, match="deadlock"):
        await getattr(store, kind)(work)
    assert work.calls == ATTEMPTS
