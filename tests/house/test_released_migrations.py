"""Databases out there have run them: released migrations stay as they are, and each leaves what the code before it reads."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from calferry.store import migrate
from calferry.store.sqlite import open_engine
from scripts.released_migrations import NOTED, fingerprints

REVISIONS = [
    script.revision
    for script in reversed(list(ScriptDirectory.from_config(migrate.alembic_config()).walk_revisions()))
]


NOBODY_HAD_RUN_THE_ONE_BEFORE = {"0004": ["events.written_at is gone or has another type"]}


def test_no_released_migration_was_edited() -> None:
    noted = json.loads(NOTED.read_text(encoding="utf-8"))
    now = fingerprints()
    assert {name: now.get(name) for name in noted} == noted
    assert list(noted) == sorted(noted) == list(now)[: len(noted)]


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = open_engine(None, begin="BEGIN IMMEDIATE")
    with engine.begin() as opened:
        yield opened
    engine.dispose()


def columns(connection: Connection) -> dict[tuple[str, str], tuple[str, bool]]:
    """Kind of every column, and whether whoever does not know it can still insert rows."""
    looked = inspect(connection)
    return {
        (table, column["name"]): (
            str(column["type"]),
            bool(column["nullable"] or column["default"] is not None),
        )
        for table in looked.get_table_names()
        for column in looked.get_columns(table)
    }


def trouble(before: Any, after: Any) -> list[str]:
    """What the code from before a migration would stumble over after it."""
    gone = [
        f"{table}.{name} is gone or has another type"
        for (table, name), (kind, _) in before.items()
        if after.get((table, name), ("",))[0] != kind
    ]
    known = {table for table, _ in before}
    needed = [
        f"{table}.{name} has to be given, and was not known"
        for (table, name), (_, optional) in after.items()
        if table in known and (table, name) not in before and not optional
    ]
    return gone + needed


@pytest.mark.parametrize("number", range(1, len(REVISIONS)))
def test_the_code_from_before_a_migration_works_on_the_schema_after_it(
    connection: Connection, number: int
) -> None:
    config = migrate.alembic_config(connection)
    command.upgrade(config, REVISIONS[number - 1])
    before = columns(connection)
    command.upgrade(config, REVISIONS[number])
    allowed = NOBODY_HAD_RUN_THE_ONE_BEFORE.get(REVISIONS[number], [])
    assert trouble(before, columns(connection)) == allowed


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("ALTER TABLE users DROP COLUMN created_at", "users.created_at is gone or has another type"),
        ("ALTER TABLE users RENAME COLUMN email TO address", "users.email is gone or has another type"),
        ("ALTER TABLE users ADD COLUMN shoe TEXT NOT NULL DEFAULT ''", None),
        ("ALTER TABLE users ADD COLUMN shoe TEXT", None),
        ("CREATE TABLE shoes (size TEXT NOT NULL)", None),
    ],
)
def test_what_a_migration_may_not_do_is_noticed(
    connection: Connection, statement: str, said: str | None
) -> None:
    migrate.upgrade(connection)
    before = columns(connection)
    connection.exec_driver_sql("DROP INDEX IF EXISTS ix_users_email")
    connection.exec_driver_sql(statement)
    found = trouble(before, columns(connection))
    assert (said in found) if said else found == []


def test_a_new_column_that_has_to_be_given_is_noticed() -> None:
    before = {("users", "id"): ("BIGINT", True)}
    after = before | {("users", "shoe"): ("TEXT", False), ("shoes", "size"): ("TEXT", False)}
    assert trouble(before, after) == ["users.shoe has to be given, and was not known"]
