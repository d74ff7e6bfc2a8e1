"""Rows in bulk: whatever is NULL, shared or given as bytes, each value arrives where it belongs."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine

from calferry.store.bulk_insert import ROWS_PER_STATEMENT, BulkInsert, in_steps

COLUMNS = ("owner", "name", "begins", "ends", "is_open", "json")
INSERT = BulkInsert(
    "things", COLUMNS, shared=("owner",), shape=lambda row: (row[2] is None, row[3] is None), utf8=("json",)
)
Thing = tuple[Any, ...]


@contextmanager
def table(constraint: str = "") -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE TABLE things ({', '.join(COLUMNS)} {constraint})")
        yield connection
    engine.dispose()


def stored(connection: Connection) -> list[Thing]:
    return [tuple(row) for row in connection.exec_driver_sql("SELECT * FROM things ORDER BY name")]


def thing(number: int, **values: Any) -> Thing:
    usual = {"owner": 7, "name": f"n{number:05}", "begins": None, "ends": None, "is_open": False}
    return tuple((usual | {"json": b'{"\xc3\xa4": 1}'} | values).values())


def as_read(row: Thing) -> Thing:
    return (*row[:4], int(row[4]), row[5].decode())


@pytest.mark.parametrize("count", [0, 1, 2, 3, 17, ROWS_PER_STATEMENT - 1, ROWS_PER_STATEMENT, 1300])
def test_rows_with_different_nulls_arrive_as_given(count) -> None:
    rows = [
        thing(
            number,
            begins=number if number % 2 else None,
            ends=f"e{number}" if number % 3 else None,
            is_open=number % 5 == 0,
            json=f'{{"é": {number}}}'.encode(),
        )
        for number in range(count)
    ]
    with table() as connection:
        INSERT.run(connection, rows)
        assert stored(connection) == [as_read(row) for row in rows]


def test_a_column_that_is_not_shared_after_all_keeps_its_values() -> None:
    rows = [thing(1, owner=1), thing(2, owner=2), thing(3, owner=None)]
    with table() as connection:
        INSERT.run(connection, rows)
        assert stored(connection) == [as_read(row) for row in rows]


def test_a_column_that_is_null_now_and_then_keeps_its_values() -> None:
    rows = [thing(1, name="a", is_open=True), thing(2, name="b", is_open=None), thing(3, name=None)]
    with table() as connection:
        INSERT.run(connection, rows)
        assert {row[1]: row[4] for row in stored(connection)} == {"a": 1, "b": None, None: 0}


def test_bytes_of_a_text_are_stored_as_text() -> None:
    with table() as connection:
        INSERT.run(connection, [thing(1), thing(2)])
        found = connection.exec_driver_sql("SELECT typeof(json), json ->> '$.ä' FROM things").all()
        assert [tuple(row) for row in found] == [("text", 1), ("text", 1)]


def test_one_refused_row_is_told_by_the_driver() -> None:
    with table(", CHECK (name <> 'bad')") as connection, pytest.raises(sqlite3.IntegrityError):
        INSERT.run(connection, [thing(1), thing(2, name="bad")])


def test_steps_are_of_few_sizes_and_leave_nothing_out() -> None:
    for count in (1, 2, 100, ROWS_PER_STATEMENT, 2500):
        steps = [*in_steps([(number,) for number in range(count)])]
        assert [row[0] for step in steps for row in step] == [*range(count)]
        assert all(len(step) & (len(step) - 1) == 0 for step in steps)
