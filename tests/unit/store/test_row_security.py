"""PostgreSQL itself keeps one person's rows from another, and shows none to nobody in particular."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import DBAPIError

from calferry.bootstrap.postgres import guard_people
from calferry.store import row_security
from calferry.store.postgres import PostgresStore
from calferry.store.row_security import owner_column
from calferry.store.tables import accounts, metadata
from calferry.store.tenant import acting_for, for_nobody
from tests.harness import databases
from tests.unit.store.test_erasure import fill

pytestmark = [pytest.mark.anyio, databases.ON_POSTGRES]
TENANTS = [table for table in metadata.sorted_tables if owner_column(table)]


@pytest.fixture
async def store() -> AsyncIterator[PostgresStore]:
    opened = PostgresStore(databases.new_database(), connections=2)
    await guard_people(opened)
    assert opened.guards_people
    await opened.write(lambda connection: fill(connection, "alice", 1))
    await opened.write(lambda connection: fill(connection, "bob", 2))
    yield opened
    await opened.close()


def owners(connection: Connection) -> dict[str, set[int]]:
    return {
        table.name: set(connection.execute(select(table.c[owner_column(table)])).scalars())
        for table in TENANTS
    }


def test_every_table_says_whose_its_rows_are() -> None:
    counts_requests_only = "quota_spent"
    nobodys = [table.name for table in metadata.sorted_tables if owner_column(table) is None]
    assert nobodys == [counts_requests_only]


async def test_a_person_sees_own_rows_alone(store: PostgresStore) -> None:
    assert await store.read(owners) == {table.name: {1, 2} for table in TENANTS}
    token = acting_for.set(1)
    assert await store.read(owners) == {table.name: {1} for table in TENANTS}
    acting_for.reset(token)


async def test_the_role_without_a_person_sees_nothing(store: PostgresStore) -> None:
    def look(connection: Connection) -> dict[str, set[int]]:
        connection.exec_driver_sql(f"SET LOCAL ROLE {row_security.ROLE}")
        return owners(connection)

    assert await store.read(look) == {table.name: set() for table in TENANTS}


async def test_a_person_changes_and_makes_no_row_of_somebody_else(store: PostgresStore) -> None:
    token = acting_for.set(1)
    changed = await store.write(
        lambda tx: tx.execute(accounts.update().values(email="mine@example.com")).rowcount
    )
    stolen = {"id": "acc_new", "user_id": 2, "email": "x", "status": "active", "scopes": "", "created_at": 0}
    with pytest.raises(DBAPIError, match="row-level security"):
        await store.write(lambda tx: tx.execute(insert(accounts).values(stolen)))
    acting_for.reset(token)
    emails = await store.read(lambda tx: dict(tx.execute(select(accounts.c.user_id, accounts.c.email)).all()))
    assert (changed, emails[1], emails[2] != "mine@example.com") == (1, "mine@example.com", True)


async def test_the_role_is_not_the_owner_and_may_not_go_round_the_rules(store: PostgresStore) -> None:
    statement = (
        "SELECT rolsuper, rolbypassrls, rolcanlogin, (SELECT count(*) FROM pg_tables WHERE tableowner = rolname) "
        f"FROM pg_roles WHERE rolname = '{row_security.ROLE}'"
    )
    found = await store.read(lambda tx: tuple(tx.exec_driver_sql(statement).one()))
    assert found == (False, False, False, 0)


async def test_what_outlives_a_request_is_for_nobody(store: PostgresStore) -> None:
    token = acting_for.set(1)
    context = for_nobody()
    acting_for.reset(token)
    assert context.run(acting_for.get) is None


async def test_a_transaction_after_that_of_a_person_sees_everything_again(store: PostgresStore) -> None:
    token = acting_for.set(1)
    await store.read(owners)
    acting_for.reset(token)
    count = await store.read(lambda tx: tx.execute(select(func.count()).select_from(accounts)).scalar_one())
    assert count == 2
