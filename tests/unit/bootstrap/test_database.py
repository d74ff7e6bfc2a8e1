"""Opening the database: migrated, private, and free of leases of the dead."""

import socket
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from calferry.bootstrap.database import DatabaseUnusable, connect, open_store
from calferry.bootstrap.owner import own_name
from calferry.store import migrate
from calferry.store.tables import sync_states
from tests.harness.databases import ON_BOTH, is_postgres, server
from tests.harness.postgres import free_port
from tests.unit.duties.rows import add_account, add_calendar


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'new' / 'calferry.sqlite3'}"


async def test_an_absent_database_is_made_complete(address: str) -> None:
    store = await open_store(address, auto_migrate=True)
    assert await store.read(migrate.pending) == 0
    await store.close()


async def test_a_database_behind_is_refused_where_migrating_is_off(address: str) -> None:
    with pytest.raises(DatabaseUnusable, match="calferry db upgrade"):
        await open_store(address, auto_migrate=False)
    await (await open_store(address, auto_migrate=True)).close()
    await (await open_store(address, auto_migrate=False)).close()


async def test_leases_of_killed_processes_of_this_machine_are_over(address: str) -> None:
    store = await open_store(address, auto_migrate=True)
    owners = {"dead": f"{socket.gethostname()}/{2**22 + 1}/5", "alive": own_name(), "elsewhere": "other/7/5"}

    def fill(connection: Connection) -> None:
        add_account(connection)
        for calendar_id, owner in owners.items():
            add_calendar(
                connection, calendar_id, lease_owner=owner, lease_until=10**15, lease_boot="b", fence=3
            )

    await store.write(fill)
    await store.close()
    store = await open_store(address, auto_migrate=True)
    statement = select(sync_states.c.id, sync_states.c.fence).where(sync_states.c.lease_until < 10**15)
    rows = await store.read(lambda connection: connection.execute(statement).all())
    assert [tuple(row) for row in rows] == [("dead", 3)]
    await store.close()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseUnusable, match="cannot be opened"):
        connect(f"sqlite:///{tmp_path}/file/calferry.sqlite3")


async def test_a_postgresql_that_does_not_answer_is_told_without_its_password() -> None:
    port = free_port()
    with pytest.raises(DatabaseUnusable, match=rf"me@127.0.0.1:{port}/calferry does not answer") as told:
        await open_store(f"postgresql://me:secret@127.0.0.1:{port}/calferry", auto_migrate=True)
    assert "secret" not in str(told.value)


@ON_BOTH
async def test_a_postgresql_without_that_database_is_told() -> None:
    if is_postgres():
        with pytest.raises(DatabaseUnusable, match="absent does not exist: make it with `createdb`"):
            await open_store(f"{server()}/absent", auto_migrate=True)
