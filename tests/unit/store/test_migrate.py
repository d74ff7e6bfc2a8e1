"""Migrations: they lead to the schema in store/tables.py, all of it or nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from calferry.store import migrate
from calferry.store.sqlite import open_engine
from calferry.store.tables import metadata


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Any]:
    engine = open_engine(tmp_path / "calferry.db", begin="BEGIN IMMEDIATE")
    yield engine
    engine.dispose()


def shape(connection: Connection) -> dict[str, Any]:
    """Columns and indexes of every table, as SQLite reports them."""
    tables = [name for name in inspect(connection).get_table_names() if name != "alembic_version"]
    return {
        name: (
            connection.exec_driver_sql(f"PRAGMA table_xinfo({name})").fetchall(),
            sorted(
                connection.exec_driver_sql(
                    "SELECT name, sql FROM sqlite_master WHERE type='index' AND tbl_name=? AND sql NOT NULL",
                    (name,),
                ).fetchall()
            ),
        )
        for name in tables
    }


def test_migrated_schema_is_the_declared_one(database: Any, tmp_path: Path) -> None:
    declared = open_engine(tmp_path / "declared.db", begin="BEGIN IMMEDIATE")
    with database.begin() as connection, declared.begin() as other:
        migrate.upgrade(connection)
        metadata.create_all(other)
        assert shape(connection) == shape(other)
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []
    declared.dispose()


def test_upgrade_counts_what_it_ran_and_then_has_nothing_to_do(database: Any) -> None:
    with database.begin() as connection:
        waiting = migrate.pending(connection)
        assert waiting >= 1
        assert migrate.upgrade(connection) == waiting
    with database.begin() as connection:
        assert migrate.pending(connection) == 0
        assert migrate.upgrade(connection) == 0
        assert migrate.revision_of(connection) == migrate.newest_revision()


def test_the_names_of_the_scripts_tell_their_revisions_in_order() -> None:
    scripts = ScriptDirectory.from_config(migrate.alembic_config()).walk_revisions()
    assert migrate.known_revisions() == tuple(script.revision for script in scripts)


def test_interrupted_upgrade_leaves_the_database_as_it_was(database: Any) -> None:
    def upgrade_and_crash() -> None:
        with database.begin() as connection:
            migrate.upgrade(connection)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upgrade_and_crash()
    with database.begin() as connection:
        assert inspect(connection).get_table_names() == []
        assert migrate.upgrade(connection) >= 1


def test_database_of_a_newer_version_is_refused_in_words(database: Any) -> None:
    with database.begin() as connection:
        migrate.upgrade(connection)
        connection.execute(text("UPDATE alembic_version SET version_num='9999'"))
    with database.begin() as connection, pytest.raises(migrate.DatabaseTooNew, match="revision 9999"):
        migrate.pending(connection)
