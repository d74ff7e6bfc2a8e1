"""What is left of somebody who goes: nothing, whatever tables there will be."""

from typing import Any

import pytest
from sqlalchemy import BigInteger, Boolean, Column, Connection, Integer, LargeBinary, Table, insert, select

from calferry.ports import Store
from calferry.store import erasure
from calferry.store.tables import accounts, audit, metadata, users
from tests.harness.databases import empty_store
from tests.unit.duties.rows import NOW

OF_NOBODY = {"audit"}
"""Holds numbers and ids only, and outlives those it names."""
WHOSE = {
    "user_id": "{number}",
    "account_id": "acc_{who}",
    "calendar_id": "cal_{who}",
    "resource": "cal_{who}",
}
KEYS = {
    "users": {"id": "{number}"},
    "accounts": {"id": "acc_{who}"},
    "calendars": {"id": "cal_{who}", "projection_id": "{number}"},
    "projections": {"id": "{number}"},
    "sync_states": {"id": "cal_{who}"},
    "events": {"projection_id": "{number}"},
    "quarantine": {"projection_id": "{number}"},
    "quota_spent": {"scope": "acc_{who}"},
}


def value_of(column: Column[Any], who: str, number: int) -> Any:
    named = KEYS.get(column.table.name, {}).get(column.name) or WHOSE.get(column.name)
    if named is not None:
        text = named.format(who=who, number=number)
        return int(text) if isinstance(column.type, BigInteger) else text
    if isinstance(column.type, LargeBinary):
        return f"{who} {column.table.name}.{column.name}".encode()
    if isinstance(column.type, Boolean):
        return False
    if isinstance(column.type, BigInteger | Integer):
        return number
    return f"{who} {column.table.name}.{column.name}"


def fill(connection: Connection, who: str, number: int) -> None:
    """A row in every table, which says whose it is in every column that can."""
    for table in metadata.tables.values():
        row = {column.name: value_of(column, who, number) for column in table.columns}
        connection.execute(insert(table).values(row))


def traces(connection: Connection, table: Table, who: str, number: int) -> list[Any]:
    """Rows of somebody: by their number, or by a mark in any column."""
    rows = connection.execute(select(table)).mappings().all()
    return [
        dict(row)
        for row in rows
        if row.get("user_id") == number or any(who in str(value) for value in row.values())
    ]


@pytest.fixture
async def store() -> Store:
    store = empty_store()
    await store.write(lambda connection: fill(connection, "alice", 1))
    await store.write(lambda connection: fill(connection, "bob", 2))
    return store


def disconnect(connection: Connection) -> None:
    erasure.erase_mirror(connection, "acc_alice", NOW)
    erasure.erase_account(connection, "acc_alice", NOW)


def left(connection: Connection, who: str, number: int) -> set[str]:
    tables = [table for table in metadata.tables.values() if table.name not in OF_NOBODY]
    return {table.name for table in tables if traces(connection, table, who, number)}


async def test_an_account_leaves_nothing_but_its_person(store: Store) -> None:
    before = await store.read(lambda connection: left(connection, "bob", 2))
    assert before == set(metadata.tables) - OF_NOBODY
    await store.write(disconnect)
    of_the_person = {"api_tokens", "sessions", "subscription_secrets", "subscriptions", "sync_requests"}
    still = {"users", "changes", *of_the_person}
    assert await store.read(lambda connection: left(connection, "alice", 1)) == still
    removed = await store.read(lambda connection: traces(connection, metadata.tables["changes"], "alice", 1))
    assert [row["kind"] for row in removed] == ["calendar_removed"]
    assert await store.read(lambda connection: left(connection, "bob", 2)) == before


async def test_a_person_without_an_account_is_forgotten_with_everything(store: Store) -> None:
    before = await store.read(lambda connection: left(connection, "bob", 2))
    await store.write(disconnect)
    assert await store.read(lambda connection: erasure.people_who_left(connection, NOW)) == []
    assert await store.read(lambda connection: erasure.people_who_left(connection, NOW + 1)) == [1]
    assert await store.write(lambda connection: erasure.erase_person(connection, 1, NOW))
    assert await store.read(lambda connection: left(connection, "alice", 1)) == set()
    assert await store.read(lambda connection: left(connection, "bob", 2)) == before
    row = await store.read(lambda conn: conn.execute(select(users).where(users.c.id == 1)).one())
    assert (row.email, row.google_sub) == ("erased:1", None)


async def test_who_has_connected_an_account_again_is_not_forgotten(store: Store) -> None:
    await store.write(disconnect)
    again = {"id": "acc_new", "user_id": 1, "email": "a", "status": "active", "scopes": "", "created_at": NOW}
    await store.write(lambda connection: connection.execute(insert(accounts).values(again)))
    assert await store.read(lambda connection: erasure.people_who_left(connection, NOW + 1)) == []
    assert not await store.write(lambda connection: erasure.erase_person(connection, 1, NOW))


async def test_the_audit_keeps_numbers_and_ids_alone(store: Store) -> None:
    await store.write(lambda connection: connection.execute(audit.delete()))
    await store.write(disconnect)
    await store.write(lambda connection: erasure.erase_person(connection, 1, NOW))
    entries = await store.read(lambda connection: connection.execute(select(audit)).mappings().all())
    assert [(entry["action"], entry["subject"]) for entry in entries] == [
        ("account_erased", "acc_alice"),
        ("person_erased", None),
    ]
