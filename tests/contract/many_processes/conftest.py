"""These tests are about several processes, which only PostgreSQL lets work on one database."""

from collections.abc import AsyncIterator

import pytest

from calferry.store.postgres import PostgresStore
from tests.harness.databases import new_database


@pytest.fixture
def address(on_postgres: str) -> str:
    return new_database()


@pytest.fixture
async def store(address: str) -> AsyncIterator[PostgresStore]:
    opened = PostgresStore(address)
    yield opened
    await opened.close()
